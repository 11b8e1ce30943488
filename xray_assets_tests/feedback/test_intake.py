"""Intake as laws: nothing counted twice or dropped, whatever is late, repeated or cut off."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from xray_assets.catalog import FEEDBACK_PENDING, FEEDBACK_REJECTS, PREDICTION_FEEDBACK, PREDICTIONS
from xray_assets.feedback.intake import run as intake_run
from xray_assets.feedback.intake.run import take_in
from xray_assets.feedback.intake.sent import SENT, parse
from xray_assets.lake.cursor import Cursor
from xray_assets.lake.tables import Tables
from xray_assets_tests.crashing_tables import Crash, CrashingTables
from xray_assets_tests.feedback.memory_tables import MemoryTables
from xray_assets_tests.feedback.scenery import NOON, entry, prediction_rows, request_id

WAIT = 3600.0
REQUESTS = [request_id(NOON + timedelta(hours=6 * number)) for number in range(4)]
"""The last is never logged; the third was answered with an error."""


class ListedInbox:
    """An inbox over a list, filled as far as `length`."""

    pending_seconds = WAIT

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows
        self.length = len(rows)

    def resume(self, tables: Tables) -> Cursor:
        return Cursor.at("feedback_inbox", tables.position(FEEDBACK_PENDING, "feedback_inbox"))

    def batches(self, cursor: Cursor, limit: int) -> Iterator[tuple[pl.DataFrame, Cursor]]:
        for start in range(cursor.position, self.length, limit):
            rows = self._rows[: self.length][start : start + limit]
            yield pl.DataFrame(rows, schema=SENT), Cursor.at(cursor.source, start + len(rows))

    def acknowledge(self, consumer: str, position: int) -> None:
        pass


def sent(number: int, request: str, received: datetime = NOON, **fields: Any) -> dict[str, Any]:
    one = entry(f"f{number}", request, **fields)
    return {
        "feedback_id": one.feedback_id,
        "feedback": one.content,
        "received_at": received,
        "inbox_position": number,
    }


@st.composite
def some_feedbacks(draw: st.DrawFn) -> list[dict[str, Any]]:
    return [
        sent(
            number,
            draw(st.sampled_from(REQUESTS)),
            received=NOON + timedelta(seconds=number),
            radiologist_id=draw(st.sampled_from(["a", "b"])),
            read=draw(st.sampled_from(["pneumonia", "normal", "uncertain"])),
            blinded=draw(st.booleans()),
            timestamp=draw(st.sampled_from([None, NOON, NOON + timedelta(seconds=2)])),
        )
        for number in range(1, draw(st.integers(1, 7)) + 1)
    ]


def logged(tables: Tables, upto: int) -> None:
    """The first `upto` requests are in the log."""
    rows = [(REQUESTS[n], (1, 0, None)[n], NOON + timedelta(hours=6 * n)) for n in range(upto)]
    tables.overwrite(PREDICTIONS, prediction_rows(rows))


def run(tables: Any, inbox: Any, now: datetime = NOON + timedelta(minutes=1)) -> None:
    list(take_in(tables, inbox, now))


def everything(tables: Tables) -> list[pl.DataFrame]:
    keys = (PREDICTION_FEEDBACK, FEEDBACK_REJECTS, FEEDBACK_PENDING)
    skip = ("rejected_at", "acceptance_rank", "reason")  # say when and in which run, which differs
    return [tables.read(key).collect().drop(skip, strict=False).sort("feedback_id") for key in keys]


def ids(tables: Tables) -> list[str]:
    return sorted(name for frame in everything(tables) for name in frame["feedback_id"])


@settings(deadline=None, max_examples=25)
@given(some_feedbacks(), st.data())
def test_every_feedback_ends_in_exactly_one_table_however_runs_are_cut(
    rows: list[dict[str, Any]], data: st.DataObject
):
    calm, stormy = MemoryTables(), MemoryTables()
    logged(calm, 3)
    run(calm, ListedInbox(rows))
    inbox = ListedInbox(rows)
    intake_run.BATCH = data.draw(st.integers(2, 4))
    try:
        inbox.length = 0
        for _ in range(data.draw(st.integers(1, 4))):
            inbox.length = data.draw(st.integers(inbox.length, len(rows)))
            logged(stormy, data.draw(st.integers(0, 3)))
            with suppress(Crash):
                run(CrashingTables(stormy, data.draw(st.integers(0, 6))), inbox)
        inbox.length = len(rows)
        logged(stormy, 3)
        run(stormy, inbox)
    finally:
        intake_run.BATCH = 100_000
    assert ids(stormy) == ids(calm) == sorted(row["feedback_id"] for row in rows)
    for found, wanted in zip(everything(stormy), everything(calm), strict=True):
        assert_frame_equal(found, wanted)


@settings(deadline=None, max_examples=15)
@given(some_feedbacks())
def test_a_rerun_and_an_overlap_change_nothing(rows: list[dict[str, Any]]):
    tables = MemoryTables()
    logged(tables, 3)
    run(tables, ListedInbox(rows))
    before = everything(tables)
    run(tables, ListedInbox(rows))
    again = [row | {"inbox_position": row["inbox_position"] + len(rows)} for row in rows]
    run(tables, ListedInbox(rows + again))
    for found, wanted in zip(everything(tables), before, strict=True):
        assert_frame_equal(found, wanted)


@settings(deadline=None, max_examples=20)
@given(some_feedbacks())
def test_exactly_the_last_answer_of_each_reader_is_not_superseded(rows: list[dict[str, Any]]):
    tables = MemoryTables()
    logged(tables, 3)
    run(tables, ListedInbox(rows))
    stored = tables.read(PREDICTION_FEEDBACK).collect()
    for _, answers in stored.group_by("prediction_id", "radiologist_id", "blinded"):
        chain = answers.sort("timestamp", "inbox_position")
        assert chain["superseded_by"].to_list() == [*chain["feedback_id"][1:], None]


def outcome(
    row: dict[str, Any], now: datetime = NOON + timedelta(minutes=1), upto: int = 3
) -> tuple[str, str | None]:
    """(table, reason or type) that one feedback ends in."""
    tables = MemoryTables()
    logged(tables, upto)
    run(tables, ListedInbox([row]), now)
    accepted, rejects, pending = (
        tables.read(key).collect()
        for key in (PREDICTION_FEEDBACK, FEEDBACK_REJECTS, FEEDBACK_PENDING)
    )
    assert accepted.height + rejects.height + pending.height == 1
    if accepted.height:
        return "accepted", accepted["feedback_type"].item()
    return (
        ("rejected", rejects["reason"].item())
        if rejects.height
        else ("pending", pending["reason"].item())
    )


def test_the_type_is_derived_from_logged_label_and_truth():
    assert outcome(sent(1, REQUESTS[0], read="pneumonia")) == ("accepted", "true-positive")
    assert outcome(sent(1, REQUESTS[0], read="normal")) == ("accepted", "false-positive")
    assert outcome(sent(1, REQUESTS[1], read="normal")) == ("accepted", "true-negative")
    assert outcome(sent(1, REQUESTS[1], read="pneumonia")) == ("accepted", "false-negative")
    assert outcome(sent(1, REQUESTS[1], read="uncertain")) == ("accepted", None)


def test_a_type_that_contradicts_the_log_is_rejected_with_the_reason():
    table, reason = outcome(sent(1, REQUESTS[1], read=None, feedback_type="true-positive"))
    assert table == "rejected" and reason == "true-positive contradicts the logged label 0"


def test_a_request_that_failed_has_nothing_to_review():
    table, reason = outcome(sent(1, REQUESTS[2]))
    assert table == "rejected" and "status 500" in (reason or "")


def test_an_unknown_request_waits_and_is_then_rejected():
    row = sent(1, REQUESTS[3])
    assert outcome(row, NOON + timedelta(seconds=WAIT - 1))[0] == "pending"
    assert outcome(row, NOON + timedelta(seconds=WAIT))[0] == "rejected"


def test_a_pending_feedback_is_accepted_when_its_prediction_arrives_and_keeps_its_place():
    rows = [
        sent(1, REQUESTS[0], read="normal"),
        sent(2, REQUESTS[0], received=NOON + timedelta(seconds=1)),
    ]
    tables, inbox = MemoryTables(), ListedInbox(rows)
    inbox.length = 1
    run(tables, inbox)
    assert tables.read(FEEDBACK_PENDING).collect()["feedback_id"].to_list() == ["f1"]
    logged(tables, 3)
    inbox.length = 2
    run(tables, inbox)
    stored = tables.read(PREDICTION_FEEDBACK).collect().sort("feedback_id")
    assert stored["superseded_by"].to_list() == ["f2", None]
    assert tables.read(FEEDBACK_PENDING).collect().is_empty()


def test_a_pending_feedback_that_waited_its_time_is_rejected_though_nothing_new_is_sent():
    tables, inbox = MemoryTables(), ListedInbox([sent(1, REQUESTS[3])])
    run(tables, inbox)
    late = NOON + timedelta(seconds=WAIT)
    assert not intake_run.pending_is_due(
        tables, timedelta(seconds=WAIT), late - timedelta(seconds=1)
    )
    assert intake_run.pending_is_due(tables, timedelta(seconds=WAIT), late)
    run(tables, inbox, late)
    assert tables.read(FEEDBACK_PENDING).collect().is_empty()
    assert tables.read(FEEDBACK_REJECTS).collect()["feedback_id"].to_list() == ["f1"]


def test_an_id_that_tells_no_day_is_found_all_the_same():
    tables = MemoryTables()
    tables.overwrite(PREDICTIONS, prediction_rows([("odd", 1, NOON)]))
    run(tables, ListedInbox([sent(1, "odd")]))
    assert tables.read(PREDICTION_FEEDBACK).collect()["prediction_id"].to_list() == ["odd"]


def test_an_inbox_row_that_is_no_feedback_is_rejected_and_stops_nothing():
    good = sent(6, REQUESTS[0])
    bad = [
        {**good, "feedback_id": f"bad{n}", "feedback": text, "inbox_position": n}
        for n, text in enumerate(
            ["nope", "[1]", "{}", good["feedback"].replace('"reader"', '"boss"'), "null"], 1
        )
    ]
    tables = MemoryTables()
    logged(tables, 3)
    run(tables, ListedInbox([*bad, good]))
    rejects = tables.read(FEEDBACK_REJECTS).collect().sort("inbox_position")
    assert tables.read(PREDICTION_FEEDBACK).collect()["feedback_id"].to_list() == ["f6"]
    assert rejects["feedback"].to_list() == [row["feedback"] for row in bad]
    assert "cannot be read" in rejects["reason"][0] and "reader_role" in rejects["reason"][3]


def test_a_time_given_by_the_sender_is_kept():
    moment = NOON + timedelta(microseconds=12)
    parsed = parse(pl.DataFrame([sent(1, REQUESTS[0], timestamp=moment)], schema=SENT))
    assert parsed["timestamp"].item() == moment


def test_an_id_of_a_far_future_is_unknown_and_not_an_error():
    assert outcome(sent(1, "ffffffff-ffff-7000-8000-000000000000"))[0] == "pending"
