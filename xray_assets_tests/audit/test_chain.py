"""The hash chain as laws: whatever is changed in it, shows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.audit.acts import unfounded_acts
from xray_assets.audit.chain import (
    BrokenRecord,
    Head,
    Witness,
    broken_links,
    contradictions,
    end_of,
    sealed,
)
from xray_assets.catalog import PROMOTION_DECISION
from xray_assets.reasons import Reason
from xray_assets.rollout.reconcile import RampPolicy, apply_step, next_step
from xray_assets.rollout.served import Wanted
from xray_assets_tests.rollout.examples import OPENED, an_experiment, seen

EDITABLE = ("decision_id", "verdict", "e_better", "n_reviewed", "decided_at", "previous_hash")


def chain(length: int, *, verdict: str = "KEEP_TESTING") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    head = Head.START
    for number in range(length):
        row = {
            "decision_id": f"d{number}",
            "verdict": verdict,
            "e_better": number / 3,
            "n_reviewed": number,
            "decided_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number),
        }
        rows.append(sealed(row, head))
        head = Head.of(rows[-1])
    return rows


def changed(value: Any) -> Any:
    if isinstance(value, str):
        return value[:-1] + ("x" if value[-1] != "x" else "y")
    return value + (timedelta(microseconds=1) if isinstance(value, datetime) else 1)


@given(st.integers(0, 12))
def test_an_untouched_chain_has_nothing_to_show(length: int) -> None:
    rows = chain(length)
    witnesses = [Witness("w", Head.of(row)) for row in rows]
    assert broken_links(rows) == []
    assert contradictions(rows, witnesses, PROMOTION_DECISION) == []
    assert end_of(rows, witnesses) == (Head.of(rows[-1]) if rows else Head.START)


@given(st.integers(1, 12), st.data())
def test_any_edited_value_of_any_row_shows(length: int, data: st.DataObject) -> None:
    rows = chain(length)
    row = rows[data.draw(st.integers(0, length - 1))]
    column = data.draw(st.sampled_from(EDITABLE))
    row[column] = changed(row[column])
    assert broken_links(rows)


@given(st.integers(2, 12), st.data())
def test_a_removed_repeated_or_swapped_row_shows(length: int, data: st.DataObject) -> None:
    rows = chain(length)
    at = data.draw(st.integers(0, length - 2))
    swapped = [*rows[:at], rows[at + 1], rows[at], *rows[at + 2 :]]
    assert broken_links(rows[:at] + rows[at + 1 :])
    assert broken_links([*rows[: at + 1], *rows[at:]])
    assert broken_links(swapped)


@given(st.integers(1, 12), st.data())
def test_a_tail_written_anew_fits_itself_but_not_its_witness(
    length: int, data: st.DataObject
) -> None:
    rows, forged = chain(length), chain(length, verdict="PROMOTE")
    kept = data.draw(st.integers(0, length - 1))
    head, tail = Head.of(rows[kept - 1]) if kept else Head.START, []
    for row in forged[kept:]:
        tail.append(sealed(row, head))
        head = Head.of(tail[-1])
    witness = Witness("Dagster", Head.of(rows[data.draw(st.integers(kept, length - 1))]))
    assert broken_links(rows[:kept] + tail) == []
    assert "rewritten" in contradictions(rows[:kept] + tail, [witness], PROMOTION_DECISION)[0]
    with pytest.raises(BrokenRecord, match="rewritten"):
        end_of(rows[:kept] + tail, [witness])


@given(st.integers(1, 12), st.data())
def test_a_tail_cut_off_shows_at_its_witness(length: int, data: st.DataObject) -> None:
    rows = chain(length)
    kept = data.draw(st.integers(0, length - 1))
    witness = Witness("MLflow", Head.of(rows[-1]))
    assert "gone" in contradictions(rows[:kept], [witness], PROMOTION_DECISION)[0]
    with pytest.raises(BrokenRecord, match="gone"):
        end_of(rows[:kept], [witness])


def test_rows_beyond_the_last_witness_are_named_but_can_be_continued() -> None:
    rows = chain(4)
    witness = Witness("Dagster", Head.of(rows[1]))
    assert "rows 3 to 4" in contradictions(rows, [witness], PROMOTION_DECISION)[0]
    assert end_of(rows, [witness]) == Head.of(rows[-1])
    assert "rows 1 to 4" in contradictions(rows, [], PROMOTION_DECISION)[0]


def test_a_chain_with_an_edited_last_row_is_not_continued() -> None:
    rows = chain(3)
    rows[-1]["verdict"] = "PROMOTE"
    with pytest.raises(BrokenRecord, match="xray audit verify"):
        end_of(rows, [])


@given(st.integers(0, 10**9))
def test_a_head_is_read_back_as_it_was_written(position: int) -> None:
    head = Head(position, "ab" * 32)
    assert Head.parse(str(head)) == head


@pytest.mark.parametrize("text", ["", "12", "x:" + "a" * 64, "12:short", "-1:" + "a" * 64])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no head of a chain"):
        Head.parse(text)


DECISIONS = [
    {"decision_id": "e-1", "verdict": "PROMOTE", "reason_codes": "better\nnot_missing_more"},
    {"decision_id": "e-2", "verdict": "KEEP_TESTING", "reason_codes": "not_proven_better"},
    {"decision_id": "e-3", "verdict": "KEEP_TESTING", "reason_codes": "inconclusive"},
    {"decision_id": "e-4", "verdict": "ROLLBACK", "reason_codes": "worse"},
]


def test_a_config_is_served_on_a_decision_that_allows_it() -> None:
    def acts(decision: str | None, experiment: str | None = None) -> list[str]:
        config = {"config_version": 7, "experiment_id": experiment, "decision_id": decision}
        return unfounded_acts([config], DECISIONS)

    assert acts(None) == acts("e-1", "e") == acts("e-1") == acts("e-3") == acts("e-4") == []
    assert "is not in the record" in acts("e-9")[0]
    assert "says KEEP_TESTING" in acts("e-2", "e")[0]
    assert "says ROLLBACK" in acts("e-4", "e")[0]
    assert "says KEEP_TESTING" in acts("e-3", "e")[0]


@pytest.mark.parametrize("verdict", ["PROMOTE", "ROLLBACK", "KEEP_TESTING"])
def test_a_step_on_a_decision_names_it(verdict: str) -> None:
    """Else an act on a decision that nobody made would pass unseen."""
    why = (Reason("inconclusive" if verdict == "KEEP_TESTING" else "why", "so"),)
    observation = seen(an_experiment(), verdict=verdict, reasons=why, decision_id="e-9")
    step = next_step(observation, RampPolicy())
    assert (step.kind in ("advance", "roll_back", "give_up"), step.decision_id) == (True, "e-9")
    after = apply_step(an_experiment(), step, now=OPENED, by="x")
    assert Wanted.by(after, generation=1).decision_id == "e-9"
