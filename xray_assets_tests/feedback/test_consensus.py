from datetime import timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from xray_assets.feedback.truth.consensus import consensus, countable_reads, latest_reads
from xray_assets_tests.feedback.scenery import NOON, read_row, reads

READS = ("pneumonia", "normal", "uncertain", "uninterpretable")


def settled(*rows: dict[str, Any]) -> dict[str, Any]:
    return consensus(reads(*rows)).row(0, named=True)


def by(reader: str, number: int, read: str = "pneumonia", **more: Any) -> dict[str, Any]:
    return read_row(number, radiologist_id=reader, read=read, **more)


def test_one_confirmed_read_is_the_truth():
    row = settled(by("a", 1, "normal"))
    assert (row["ground_truth"], row["n_readers"], row["feedback_id"]) == ("NORMAL", 1, "f1")
    assert (row["outcome"], row["radiologist_id"]) == ("majority", "a")


@pytest.mark.parametrize(
    ("rows", "truth"),
    [
        ((by("a", 1), by("b", 2), by("c", 3, "normal")), "PNEUMONIA"),
        ((by("a", 1), by("b", 2, "normal")), None),
        ((by("a", 1), by("b", 2, "uncertain")), None),
        ((by("a", 1), by("b", 2), by("c", 3, "uninterpretable")), "PNEUMONIA"),
        ((by("a", 1), by("b", 2, "uncertain"), by("c", 3, "uncertain")), None),
        ((by("a", 1, confidence="needs_review"),), None),
        ((by("a", 1, confidence="uncertain"),), None),
        ((by("a", 1), by("b", 2), by("c", 3, "normal"), by("d", 4, "normal")), None),
    ],
)
def test_the_truth_needs_more_than_half_of_the_readers(rows: tuple, truth: str | None):
    row = settled(*rows)
    assert row["ground_truth"] == truth
    assert row["n_readers"] == len(rows)
    if truth is None:
        assert row["feedback_id"] is None and row["outcome"] == "open"


def test_only_the_latest_answer_of_a_reader_counts():
    assert settled(by("a", 1), by("a", 2, "normal"))["ground_truth"] == "NORMAL"
    assert settled(by("a", 1), by("a", 2, "normal"))["n_readers"] == 1


def test_equal_times_are_decided_by_the_inbox_position():
    rows = [
        by("a", number, read, timestamp=NOON) for number, read in ((1, "normal"), (2, "pneumonia"))
    ]
    assert settled(*rows)["ground_truth"] == "PNEUMONIA"
    assert settled(*rows[::-1])["ground_truth"] == "PNEUMONIA"


def test_the_latest_adjudicator_overrules_every_reader():
    readers = [by("a", 1), by("b", 2), by("c", 9)]
    row = settled(*readers, by("judge", 3, "normal", reader_role="adjudicator"))
    assert (row["ground_truth"], row["outcome"], row["radiologist_id"]) == (
        "NORMAL",
        "adjudicated",
        "judge",
    )
    row = settled(
        *readers,
        by("judge", 3, "normal", reader_role="adjudicator"),
        by("judge2", 4, "pneumonia", reader_role="adjudicator"),
    )
    assert (row["ground_truth"], row["feedback_id"]) == ("PNEUMONIA", "f4")


def test_an_unsure_adjudicator_leaves_the_case_open():
    row = settled(by("a", 1), by("b", 2), by("judge", 3, "uncertain", reader_role="adjudicator"))
    assert row["ground_truth"] is None


def test_a_correction_removes_evidence():
    before = [by("a", 1), by("b", 2), by("c", 3, "normal")]
    assert settled(*before)["ground_truth"] == "PNEUMONIA"
    assert settled(*before, by("b", 4, "uncertain"))["ground_truth"] is None


def test_an_unblinded_change_of_mind_does_not_replace_the_blinded_answer():
    row = settled(by("a", 1, "normal"), by("a", 2, "pneumonia", blinded=False))
    assert (row["ground_truth"], row["feedback_id"]) == ("NORMAL", "f1")


def test_unblinded_reads_count_only_where_traffic_was_split_evenly():
    rows = reads(by("a", 1, blinded=False), by("b", 2, blinded=False), by("c", 3))
    rows = rows.with_columns(is_even_split=pl.Series([True, False, None]))
    assert countable_reads(rows)["feedback_id"].to_list() == ["f1", "f3"]


def test_no_reads_give_no_rows():
    assert consensus(reads()).height == 0
    assert consensus(reads()).schema["ground_truth"] == pl.String


@st.composite
def some_reads(draw: st.DrawFn) -> list[dict[str, Any]]:
    count = draw(st.integers(1, 12))
    return [
        read_row(
            number,
            prediction_id=draw(st.sampled_from(["p", "q"])),
            radiologist_id=draw(st.sampled_from(["a", "A", "b", "c"])),
            read=draw(st.sampled_from(READS)),
            blinded=draw(st.booleans()),
            reader_role=draw(st.sampled_from(["reader", "reader", "adjudicator"])),
            confidence=draw(st.sampled_from(["confirmed", "confirmed", "needs_review"])),
            timestamp=NOON + timedelta(seconds=draw(st.integers(0, 3))),
        )
        for number in range(count)
    ]


def by_hand(rows: list[dict[str, Any]]) -> dict[str, tuple[str | None, int]]:
    """The same rule, written plainly: {prediction: (truth, readers)}."""
    result = {}
    for prediction in {row["prediction_id"] for row in rows}:
        standing: dict[str, dict[str, Any]] = {}
        mine = [row for row in rows if row["prediction_id"] == prediction]
        for row in sorted(mine, key=_standing):
            standing[row["radiologist_id"].casefold()] = row
        votes = {
            r: row["ground_truth"] if row["confidence"] == "confirmed" else None
            for r, row in standing.items()
        }
        judges = [row for row in standing.values() if row["reader_role"] == "adjudicator"]
        if judges:
            last = max(judges, key=lambda r: (r["timestamp"], r["inbox_position"]))
            truth = votes[last["radiologist_id"].casefold()]
        else:
            options = ("PNEUMONIA", "NORMAL")
            truth = next(
                (t for t in options if 2 * sum(v == t for v in votes.values()) > len(votes)), None
            )
        result[prediction] = (truth, len(standing))
    return result


def _standing(row: dict[str, Any]) -> tuple[Any, ...]:
    ruling = row["reader_role"] == "adjudicator"
    return ruling, row["blinded"], row["timestamp"], row["inbox_position"]


@settings(deadline=None, max_examples=150)
@given(some_reads())
def test_the_consensus_is_the_plainly_written_rule(rows: list[dict[str, Any]]):
    found = consensus(reads(*rows))
    assert {
        r["prediction_id"]: (r["ground_truth"], r["n_readers"]) for r in found.iter_rows(named=True)
    } == by_hand(rows)


@settings(deadline=None, max_examples=100)
@given(some_reads(), st.sampled_from(["a", "A", " a", "judge"]))
def test_no_read_of_a_reader_undoes_a_ruling(rows: list[dict[str, Any]], judge: str):
    ruling = by(judge, -1, "normal", reader_role="adjudicator", blinded=False)
    told = [row | {"reader_role": "reader", "prediction_id": "p"} for row in rows]
    assert settled(*told, ruling)["ground_truth"] == "NORMAL"


@settings(deadline=None, max_examples=100)
@given(some_reads(), st.randoms(use_true_random=False))
def test_the_consensus_depends_on_the_set_of_reads_alone(rows: list[dict[str, Any]], random: Any):
    shuffled = rows + random.sample(rows, len(rows) // 2)
    random.shuffle(shuffled)
    assert_frame_equal(consensus(reads(*shuffled)), consensus(reads(*rows)))


@settings(deadline=None, max_examples=100)
@given(some_reads())
def test_leaving_out_superseded_reads_changes_nothing(rows: list[dict[str, Any]]):
    frame = reads(*rows)
    assert_frame_equal(consensus(latest_reads(frame)), consensus(frame))


@settings(deadline=None, max_examples=100)
@given(some_reads())
def test_the_settling_read_says_the_truth_it_settled(rows: list[dict[str, Any]]):
    truths = {row["feedback_id"]: row["ground_truth"] for row in rows}
    for row in consensus(reads(*rows)).iter_rows(named=True):
        assert (row["feedback_id"] is None) == (row["ground_truth"] is None)
        assert row["feedback_id"] is None or truths[row["feedback_id"]] == row["ground_truth"]
