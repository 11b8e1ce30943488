"""A file is replaced whole, and is on the disk when the call returns."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from xray_assets.storage.atomic import ORDINARY, make_file, replace_file, replacing

_WRITER = """
import sys
from pathlib import Path
from xray_assets.storage.atomic import replace_file
number = 0
while True:
    number += 1
    replace_file(Path(sys.argv[1]), str(number % 10) * 200_000)
    if number == 20:
        print("going", flush=True)
"""


def test_content_is_on_the_disk_before_its_name_and_the_name_before_the_call_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    done: list[str] = []
    sync, rename = os.fsync, Path.replace

    def recorded_sync(descriptor: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file"
        size = os.fstat(descriptor).st_size
        done.append(f"sync {kind}" + (f" of {size}" if kind == "file" else ""))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", recorded_sync)
    monkeypatch.setattr(
        Path, "replace", lambda self, to: (done.append("rename"), rename(self, to))[1]
    )
    replace_file(tmp_path / "a", b"12345")
    assert done == ["sync file of 5", "rename", "sync folder"]
    done.clear()
    assert make_file(tmp_path / "b", b"123")
    assert done == ["sync file of 3", "sync folder"]


def test_a_kill_at_any_moment_leaves_a_whole_file(tmp_path: Path):
    target = tmp_path / "numbers"
    for _ in range(3):
        command = [sys.executable, "-c", _WRITER, str(target)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None and writer.stdout.readline() == b"going\n"
            writer.send_signal(signal.SIGKILL)
        text = target.read_text()
        assert len(text) == 200_000 and len(set(text)) == 1


def test_a_block_that_fails_leaves_the_old_file_and_no_draft(tmp_path: Path):
    target = tmp_path / "a"
    replace_file(target, "old")
    with pytest.raises(RuntimeError), replacing(target) as file:
        file.write(b"new")
        raise RuntimeError
    assert target.read_text() == "old" and [*tmp_path.iterdir()] == [tmp_path / "a"]


def test_who_comes_second_leaves_the_file_of_the_first(tmp_path: Path):
    assert make_file(tmp_path / "a", "first") and not make_file(tmp_path / "a", "second")
    assert (tmp_path / "a").read_text() == "first" and [*tmp_path.iterdir()] == [tmp_path / "a"]


def test_files_are_private_unless_they_are_meant_for_others(tmp_path: Path):
    replace_file(tmp_path / "a", "")
    replace_file(tmp_path / "b", "", mode=ORDINARY)
    private, ordinary = (stat.S_IMODE((tmp_path / name).stat().st_mode) for name in "ab")
    assert private == 0o600 and ordinary & 0o444
