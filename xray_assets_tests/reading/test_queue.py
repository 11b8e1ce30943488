"""One case after another: who is asked about what, by lease, and what becomes of a read."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from xray_assets.catalog import PREDICTION_FEEDBACK
from xray_assets.feedback import submit_feedback
from xray_assets.feedback.fields import FeedbackIdTaken, FeedbackRefused
from xray_assets.feedback.inbox_rows import InboxRows
from xray_assets.feedback.intake.run import take_in
from xray_assets.feedback.second_looks import second_looks
from xray_assets.feedback.truth.consensus import consensus
from xray_assets.lake.delta import DeltaTables
from xray_assets.lake.local import local_tables
from xray_assets.reading.forms import (
    AlreadyCommitted,
    AnswersLater,
    AnswersSeen,
    FilmMissing,
    LeaseEnded,
    LeaseTaken,
    LeaseUnknown,
    NotCommitted,
    Read,
)
from xray_assets.reading.queue import ReadingQueue
from xray_assets.resources.local.feedback import LocalInbox
from xray_assets.serving.log.retention import purge
from xray_assets.settings import Settings
from xray_assets.web.refusals import PermissionDenied
from xray_assets.web.roles import Account, Role
from xray_assets_tests.reading.made_room import (
    ANNA,
    BEN,
    CARL,
    NOW,
    RULER,
    assignment,
    draw,
    made_room,
    pair_up,
    png,
)

HOUR = 3600.0


class Clock:
    """A clock that a test sets; it starts three days ago, so that it stays behind the real one."""

    def __init__(self) -> None:
        self.now = NOW.timestamp() - 72 * HOUR

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def room(tmp_path: Path) -> tuple[Settings, list[str]]:
    return made_room(tmp_path)


@pytest.fixture
def queue(room: tuple[Settings, list[str]], clock: Clock) -> Iterator[ReadingQueue]:
    with closing(ReadingQueue(room[0], clock=clock)) as opened:
        yield opened


def new_id() -> str:
    return str(uuid4())


def inbox(where: Settings) -> list[dict]:
    rows = InboxRows(where.feedback_inbox).read_after(0, 1000)
    return [json.loads(content) for _, _, content, _ in rows]


def taken_in(where: Settings) -> DeltaTables:
    """The tables with everything that the inbox holds."""
    tables = local_tables(where, "a test")
    source = LocalInbox(path=str(where.feedback_inbox))
    list(take_in(tables, source, NOW))
    return tables


def read_next(queue: ReadingQueue, reader: Account, read: Read) -> str:
    lease = queue.next(reader)
    assert lease is not None
    queue.film(lease.lease, reader)
    queue.commit(lease.lease, reader, read, new_id())
    return lease.lease


def test_a_reader_is_led_from_case_to_case_and_asked_about_none_twice(
    queue: ReadingQueue, room: tuple[Settings, list[str]]
) -> None:
    where, requests = room
    assert queue.progress(ANNA).waiting == 6
    for _ in requests:
        read_next(queue, ANNA, Read("normal", certainty=4))
    assert queue.next(ANNA) is None and queue.next(BEN) is None
    progress = queue.progress(ANNA)
    assert (progress.waiting, progress.read_today) == (0, 6)
    sent = inbox(where)
    assert sorted(one["prediction_id"] for one in sent) == sorted(requests)
    assert {one["radiologist_id"] for one in sent} == {"anna"} and all(
        one["blinded"] for one in sent
    )


def test_what_is_not_drawn_or_settled_is_not_read(tmp_path: Path) -> None:
    for state in ("settled", "uninterpretable", "not_drawn"):
        where, _ = made_room(tmp_path / state, 1, state=state, drawn=state != "not_drawn")
        with closing(ReadingQueue(where)) as queue:
            assert queue.next(ANNA) is None
    where, _ = made_room(tmp_path / "overdue", 1, state="overdue")
    with closing(ReadingQueue(where)) as queue:
        assert queue.next(ANNA) is not None


def test_the_order_is_another_one_for_each_reader_and_by_due_day(tmp_path: Path) -> None:
    where, requests = made_room(tmp_path, 12)
    early = [assignment(requests[number], number, due_at=NOW) for number in (3, 7)]
    draw(where, early)
    with closing(ReadingQueue(where)) as queue:
        orders = {
            reader.name: [one.request_id for one in queue._offered(reader, set())]
            for reader in (ANNA, BEN)
        }
    for order in orders.values():
        assert set(order) == set(requests)
        assert set(order[:2]) == {requests[3], requests[7]}
    assert orders["anna"] != orders["ben"]


def test_one_case_is_held_once_and_a_reader_gets_the_same_film_after_a_reload(
    queue: ReadingQueue, room: tuple[Settings, list[str]], clock: Clock
) -> None:
    held = queue.next(ANNA)
    assert held is not None and queue.next(ANNA) == held
    ahead = queue.next(ANNA, beside=held.lease)
    assert ahead is not None and ahead.lease != held.lease
    assert queue.next(ANNA, beside=held.lease) == ahead
    with closing(ReadingQueue(room[0], clock=clock)) as another_process:
        others = {another_process.next(one) for one in (BEN, CARL)}
    assert not {one.case for one in others if one} & {held.case, ahead.case}
    with pytest.raises(LeaseUnknown):
        queue.film(held.lease, BEN)


def test_a_lease_ends_and_a_late_read_is_kept_unless_another_has_the_film(
    tmp_path: Path, clock: Clock
) -> None:
    where, _ = made_room(tmp_path, 1)
    with closing(ReadingQueue(where, clock=clock)) as queue:
        held = queue.next(ANNA)
        assert held is not None
        clock.now += HOUR
        with pytest.raises(LeaseEnded):
            queue.film(held.lease, ANNA)
        taken = queue.next(BEN)
        assert taken is not None
        with pytest.raises(LeaseTaken, match="take the next one"):
            queue.commit(held.lease, ANNA, Read("normal"), new_id())
        with pytest.raises(LeaseTaken):
            queue.renew(held.lease, ANNA)
        assert not inbox(where)
        clock.now += HOUR
        queue.commit(held.lease, ANNA, Read("normal"), new_id())
        assert [one["radiologist_id"] for one in inbox(where)] == ["anna"]


def test_a_renewed_lease_goes_on(queue: ReadingQueue, clock: Clock) -> None:
    held = queue.next(ANNA)
    assert held is not None
    clock.now += 0.4 * HOUR
    renewed = queue.renew(held.lease, ANNA)
    assert renewed.expires_at > held.expires_at
    clock.now += 0.4 * HOUR
    assert queue.lease(held.lease, ANNA).state == "held"


def test_a_film_that_is_given_back_passes_to_another_reader_and_stays_due(
    tmp_path: Path, clock: Clock
) -> None:
    where, _ = made_room(tmp_path, 1)
    with closing(ReadingQueue(where, clock=clock)) as queue:
        held = queue.next(ANNA)
        assert held is not None
        queue.release(held.lease, ANNA)
        assert queue.next(ANNA) is None and queue.progress(ANNA).waiting == 0
        passed = queue.next(BEN)
        assert passed is not None and passed.case == held.case
        queue.release(passed.lease, BEN)
        with pytest.raises(LeaseEnded, match="given back"):
            queue.renew(held.lease, ANNA)
        clock.now += 25 * HOUR
        assert queue.next(ANNA) is not None


def test_a_commit_is_one_row_however_often_it_is_sent(
    queue: ReadingQueue, room: tuple[Settings, list[str]], clock: Clock
) -> None:
    held = queue.next(ANNA)
    assert held is not None
    read, commit_id = Read("pneumonia", certainty=5, notes="left lower"), new_id()
    first = queue.commit(held.lease, ANNA, read, commit_id)
    clock.now += 7
    assert queue.commit(held.lease, ANNA, read, commit_id) == first
    assert queue.commit(held.lease, ANNA, read, commit_id.upper()) == first
    assert len(inbox(room[0])) == 1
    with pytest.raises(AlreadyCommitted, match="undo"):
        queue.commit(held.lease, ANNA, read, new_id())
    with pytest.raises(FeedbackIdTaken):
        queue.commit(held.lease, ANNA, Read("normal"), commit_id)
    following = queue.next(ANNA)
    assert following is not None and following.case != held.case
    with pytest.raises(AlreadyCommitted, match="another film"):
        queue.commit(following.lease, ANNA, read, commit_id)


def test_a_commit_that_the_inbox_did_not_get_is_finished_by_its_repeat(
    queue: ReadingQueue, room: tuple[Settings, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    held, commit_id = queue.next(ANNA), new_id()
    assert held is not None

    def gone(_: object) -> None:
        raise OSError("the process died")

    with monkeypatch.context() as broken, pytest.raises(OSError, match="died"):
        broken.setattr(queue._receiver, "submit", gone)
        queue.commit(held.lease, ANNA, Read("normal"), commit_id)
    assert not inbox(room[0])
    with monkeypatch.context() as broken, pytest.raises(OSError, match="died"):
        broken.setattr(queue._leases, "finish", gone)
        queue.commit(held.lease, ANNA, Read("normal"), commit_id)
    queue.commit(held.lease, ANNA, Read("normal"), commit_id)
    assert len(inbox(room[0])) == 1 and queue.lease(held.lease, ANNA).state == "committed"


def test_a_bad_read_is_refused_and_the_film_stays_held(
    queue: ReadingQueue, room: tuple[Settings, list[str]]
) -> None:
    held = queue.next(ANNA)
    assert held is not None
    for fields in (
        {"read": "maybe"},
        {"certainty": 6},
        {"quality": "ugly"},
        {"notes": "\x00"},
        {"seconds_to_action": 2.0, "seconds_to_commit": 1.0},
        {"seconds_to_commit": -1.0},
    ):
        with pytest.raises(FeedbackRefused):
            read = Read(**{"read": "normal"} | fields)
            queue.commit(held.lease, ANNA, read, new_id())
    with pytest.raises(FeedbackRefused, match="UUID"):
        queue.commit(held.lease, ANNA, Read("normal"), "1")
    assert queue.lease(held.lease, ANNA).state == "held" and not inbox(room[0])


def test_a_read_carries_when_it_was_shown_touched_and_committed(
    queue: ReadingQueue, room: tuple[Settings, list[str]], clock: Clock
) -> None:
    lease = queue.next(ANNA)
    assert lease is not None
    read = Read("normal", 2, "rotated", None, seconds_to_action=1.5, seconds_to_commit=4.0)
    queue.commit(lease.lease, ANNA, read, new_id())
    read_next(queue, ANNA, Read("normal"))
    tables = taken_in(room[0])
    rows = tables.read(PREDICTION_FEEDBACK).sort("inbox_position").collect().to_dicts()
    first, second = rows
    assert (first["committed_at"] - first["shown_at"]).total_seconds() == 4
    assert (first["first_action_at"] - first["shown_at"]).total_seconds() == 1.5
    assert (first["certainty"], first["confidence"], first["quality"]) == (
        2,
        "uncertain",
        "rotated",
    )
    assert first["lease"] == lease.lease and first["committed_at"].timestamp() == clock.now
    assert second["shown_at"] == second["committed_at"] and second["first_action_at"] is None


def test_two_readers_are_wanted_and_what_they_disagree_on_goes_to_a_third_and_then_to_a_ruling(
    tmp_path: Path,
) -> None:
    where, _ = made_room(tmp_path, 1, reads_wanted=2)
    with closing(ReadingQueue(where)) as queue:
        first = read_next(queue, ANNA, Read("normal"))
        with pytest.raises(AnswersLater):
            queue.answers(first, ANNA)
        read_next(queue, BEN, Read("pneumonia"))
        assert queue.next(ANNA) is None and queue.next(BEN) is None
        third = read_next(queue, CARL, Read("uncertain"))
        assert queue.next(Account("dora", Role.READER)) is None
        with pytest.raises(AnswersLater):
            queue.answers(third, CARL)
        read_next(queue, RULER, Read("normal"))
        assert queue.next(Account("other", Role.ADJUDICATOR)) is None
        assert queue.answers(first, ANNA).read == "normal"


def test_a_read_that_settles_nothing_asks_for_a_second_reader(
    queue: ReadingQueue, room: tuple[Settings, list[str]]
) -> None:
    reads = [
        Read("normal", certainty=3),
        Read("normal", certainty=2),
        Read("uncertain"),
        Read("uninterpretable"),
        Read("pneumonia"),
        Read("pneumonia", certainty=1),
    ]
    for read in reads:
        read_next(queue, ANNA, read)
    assert queue.progress(BEN).waiting == 4


def test_what_two_find_uninterpretable_nobody_is_asked_about(tmp_path: Path) -> None:
    where, _ = made_room(tmp_path, 1)
    with closing(ReadingQueue(where)) as queue:
        for reader in (ANNA, BEN):
            read_next(queue, reader, Read("uninterpretable"))
        assert queue.next(CARL) is None and queue.next(RULER) is None


def test_reads_that_came_another_way_count_as_soon_as_they_are_in_the_inbox(
    queue: ReadingQueue, room: tuple[Settings, list[str]]
) -> None:
    where, requests = room
    for request in requests:
        for name in ("dr1", "dr2"):
            submit_feedback(
                request, radiologist_id=name, read="normal", blinded=True, settings=where
            )
    assert queue.next(ANNA) is None
    taken_in(where)
    with closing(ReadingQueue(where)) as another:
        assert another.next(ANNA) is None


def test_an_unblinded_read_is_no_second_opinion_and_its_reader_is_not_asked(
    tmp_path: Path,
) -> None:
    where, requests = made_room(tmp_path, 1)
    submit_feedback(requests[0], radiologist_id="anna", read="normal", settings=where)
    with closing(ReadingQueue(where)) as queue:
        assert queue.next(ANNA) is None and queue.next(BEN) is not None


def test_undo_gives_another_row_and_the_earlier_one_stays(
    queue: ReadingQueue, room: tuple[Settings, list[str]], clock: Clock
) -> None:
    lease = read_next(queue, ANNA, Read("normal"))
    assert queue.undo(lease, ANNA).reopened
    with pytest.raises(NotCommitted):
        queue.answers(lease, ANNA)
    queue.commit(lease, ANNA, Read("pneumonia"), new_id())
    assert [one["read"] for one in inbox(room[0])] == ["normal", "pneumonia"]
    assert queue.answers(lease, ANNA).read == "pneumonia"
    with pytest.raises(AnswersSeen):
        queue.undo(lease, ANNA)
    later = read_next(queue, ANNA, Read("normal"))
    clock.now += HOUR
    with pytest.raises(LeaseEnded, match="half an hour"):
        queue.undo(later, ANNA)


def test_the_answers_come_after_the_read_and_a_change_of_mind_is_a_row_beside_it(
    tmp_path: Path,
) -> None:
    where, _ = made_room(tmp_path, 1, labels=(1,))
    with closing(ReadingQueue(where)) as queue:
        held = queue.next(ANNA)
        assert held is not None
        with pytest.raises(NotCommitted):
            queue.answers(held.lease, ANNA)
        done = queue.commit(held.lease, ANNA, Read("normal"), new_id())
        assert done.answers
        (model,) = queue.answers(held.lease, ANNA).models
        assert (model.label, model.served, model.score, model.threshold) == (1, True, 0.8, 0.5)
        commit_id = new_id()
        for _ in range(2):
            queue.opine(held.lease, ANNA, "change", commit_id, read="pneumonia")
        with pytest.raises(FeedbackRefused):
            queue.opine(held.lease, ANNA, "keep", new_id(), read="pneumonia")
        assert queue.answers(held.lease, ANNA).opinion == "change"
        first, second = inbox(where)
        assert second["second_to"] == done.feedback_id and not second["blinded"]
        assert (first["read"], second["read"]) == ("normal", "pneumonia")
    reads = taken_in(where).read(PREDICTION_FEEDBACK).collect()
    assert consensus(reads)["ground_truth"].to_list() == ["NORMAL"]
    assert second_looks(reads).rows(named=True) == [
        {"agree": 0, "keep": 0, "change": 1, "looks": 1, "change_rate": 1.0}
    ]


def test_both_models_answer_and_say_what_their_scores_depend_on(tmp_path: Path) -> None:
    where, (request,) = made_room(tmp_path, 1)
    pair_up(where, request)
    with closing(ReadingQueue(where)) as queue:
        lease = read_next(queue, ANNA, Read("normal"))
        champion, challenger = queue.answers(lease, ANNA).models
        assert (champion.role, champion.served, challenger.served) == ("champion", False, True)
        assert (champion.score, challenger.score, challenger.label) == (0.4, 0.6, 1)
        maps = queue.heat(lease, ANNA)
        assert [one.version for one in maps] == [1, 1]
        assert all(len(row) == 13 for one in maps for row in one.grid) and maps[0] != maps[1]
        with pytest.raises(LeaseUnknown):
            queue.heat(lease, BEN)


def test_the_film_outlives_its_row_in_the_log(tmp_path: Path) -> None:
    where, _ = made_room(tmp_path, 2, films=[png(1), png(2)])
    with closing(ReadingQueue(where)) as queue:
        held = queue.next(ANNA)
        assert held is not None
        with closing(sqlite3.connect(where.inference_log)) as log:
            log.execute("UPDATE predictions SET timestamp_us = 1")
            log.execute("UPDATE consumers SET position = 100")
            log.commit()
        purged = purge(where.inference_log, days=1)
        assert purged.rows and not purged.images
        assert queue.film(held.lease, ANNA).content in (png(1), png(2))
        queue.commit(held.lease, ANNA, Read("normal"), new_id())
        with closing(sqlite3.connect(where.inference_log)) as log:
            log.execute("DELETE FROM images")
            log.commit()
        following = queue.next(ANNA)
        assert following is not None
        with pytest.raises(FilmMissing, match="give it back"):
            queue.film(following.lease, ANNA)


def test_only_readers_read(queue: ReadingQueue) -> None:
    for role in (Role.APPROVER, Role.ENGINEER, Role.CLIENT, Role.OPERATOR, Role.VIEWER):
        with pytest.raises(PermissionDenied):
            queue.next(Account("x", role))


def test_the_store_is_for_nobody_else(
    queue: ReadingQueue, room: tuple[Settings, list[str]]
) -> None:
    for name in ("reading.sqlite", "key"):
        assert (room[0].reading_folder / name).stat().st_mode & 0o077 == 0


def test_a_case_that_is_drawn_later_is_offered_and_one_that_is_settled_is_not(
    tmp_path: Path,
) -> None:
    where, requests = made_room(tmp_path, 2, state="settled")
    with closing(ReadingQueue(where)) as queue:
        assert queue.next(ANNA) is None
        draw(where, [assignment(requests[1], 1)])
        assert queue.next(ANNA) is not None
