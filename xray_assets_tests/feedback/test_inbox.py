import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from xray_assets.feedback.fields import FeedbackIdTaken
from xray_assets.feedback.inbox import Entry, Inbox, InboxUnavailable
from xray_assets.feedback.inbox_rows import InboxRows


def one(number: int, content: str = "{}") -> Entry:
    return Entry(f"f{number}", content, "answer")


def test_a_missing_inbox_is_empty_and_stays_missing(tmp_path: Path):
    reader = InboxRows(tmp_path / "inbox.sqlite")
    assert reader.position() == 0 and reader.read_after(0, 10) == []
    assert not (tmp_path / "inbox.sqlite").exists()


def test_a_file_without_its_table_yet_is_empty(tmp_path: Path):
    (tmp_path / "inbox.sqlite").touch()
    assert InboxRows(tmp_path / "inbox.sqlite").position() == 0
    assert InboxRows(tmp_path / "inbox.sqlite").read_after(0, 10) == []


def test_rows_are_read_in_the_order_they_were_acknowledged(tmp_path: Path):
    path = tmp_path / "deep" / "inbox.sqlite"
    with Inbox(path) as inbox:
        stored = inbox.add([one(1), one(2)]) + inbox.add([one(3)])
        reader = InboxRows(path)
        assert [row.position for row in stored] == [
            1,
            2,
            3,
        ] and reader.position() == inbox.position() == 3
        assert [row[:3] for row in reader.read_after(1, 10)] == [(2, "f2", "{}"), (3, "f3", "{}")]
        assert len(reader.read_after(0, 2)) == 2


def test_the_inbox_can_be_read_by_its_owner_only(tmp_path: Path):
    with Inbox(tmp_path / "inbox.sqlite") as inbox:
        inbox.add([one(1)])
        assert {file.stat().st_mode & 0o077 for file in tmp_path.iterdir()} == {0}


def test_the_same_feedback_again_gives_the_same_answer_and_no_second_row(tmp_path: Path):
    with Inbox(tmp_path / "inbox.sqlite") as inbox:
        first = inbox.add([one(1)])
        assert inbox.add([Entry("f1", "{}", "another answer")]) == first
        assert inbox.add([one(2), one(2)])[0].position == 2
        assert inbox.position() == 2


def test_an_id_with_another_content_is_refused_and_nothing_of_the_batch_is_stored(tmp_path: Path):
    with Inbox(tmp_path / "inbox.sqlite") as inbox:
        inbox.add([one(1)])
        with pytest.raises(FeedbackIdTaken, match="new feedback_id"):
            inbox.add([one(2), one(1, '{"other": 1}')])
        assert inbox.position() == 1 and inbox.find("f2") is None
        assert inbox.add([one(3)])[0].position == 2


def test_a_clock_set_back_does_not_make_a_later_row_older(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with Inbox(tmp_path / "inbox.sqlite") as inbox:
        monkeypatch.setattr("time.time_ns", lambda: 2_000_000)
        first = inbox.add([one(1)])[0]
        monkeypatch.setattr("time.time_ns", lambda: 1_000_000)
        assert inbox.add([one(2)])[0].received_at == first.received_at == 2_000


def test_threads_and_processes_lose_and_double_nothing(tmp_path: Path):
    path = tmp_path / "inbox.sqlite"
    program = (
        "import sys; from pathlib import Path\n"
        "from xray_assets.feedback.inbox import Entry, Inbox\n"
        "with Inbox(Path(sys.argv[1])) as inbox:\n"
        "    for n in range(40): inbox.add([Entry(f'{sys.argv[2]}-{n}', '{}', '')])\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", program, str(path), name]) for name in "ab"]
    with Inbox(path) as inbox, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: inbox.add([one(n)]), range(40)))
    assert [writer.wait() for writer in writers] == [0, 0]
    rows = InboxRows(path).read_after(0, 1000)
    assert [row[0] for row in rows] == list(range(1, 121))
    assert len({row[1] for row in rows}) == 120
    assert [row[3] for row in rows] == sorted(row[3] for row in rows)


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path):
    path = tmp_path / "inbox.sqlite"
    program = (
        "import sys; from pathlib import Path\n"
        "from xray_assets.feedback.inbox import Entry, Inbox\n"
        "inbox = Inbox(Path(sys.argv[1]))\n"
        "for n in range(10**9):\n"
        "    stored = inbox.add([Entry(f'{sys.argv[2]}-{n}', '{}', '')])\n"
        "    print(stored[0].position, flush=True)\n"
    )
    acknowledged: list[int] = []
    for attempt in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", program, str(path), str(attempt)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        acknowledged += [int(writer.stdout.readline()) for _ in range(20)]
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout if line.endswith(b"\n")]
        writer.stdout.close()
        writer.wait()
        stored = [row[0] for row in InboxRows(path).read_after(0, 10**6)]
        assert set(acknowledged) <= set(stored) and len(acknowledged) == len(set(acknowledged))
    with Inbox(path) as inbox:
        assert inbox.add([one(1)])[0].position > max(acknowledged)


def test_a_reader_sees_rows_while_a_writer_holds_the_file(tmp_path: Path):
    path = tmp_path / "inbox.sqlite"
    with Inbox(path) as inbox:
        inbox.add([one(1)])
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert InboxRows(path).position() == 1
        other.execute("ROLLBACK")
        other.close()


def test_an_inbox_that_cannot_be_opened_says_so(tmp_path: Path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(InboxUnavailable, match="cannot be opened"):
        Inbox(tmp_path / "file" / "inbox.sqlite")
    (tmp_path / "garbage.sqlite").write_bytes(b"garbage" * 1000)
    with pytest.raises(InboxUnavailable, match="cannot be opened"):
        Inbox(tmp_path / "garbage.sqlite")
