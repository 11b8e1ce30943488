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
from xray_assets.reasons import Reason
from xray_assets.rollout.reconcile import RampPolicy, next_step
from xray_assets_tests.rollout.examples import an_experiment, seen

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
    assert contradictions(rows, witnesses) == []
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
    assert "rewritten" in contradictions(rows[:kept] + tail, [witness])[0]
    with pytest.raises(BrokenRecord, match="rewritten"):
        end_of(rows[:kept] + tail, [witness])


@given(st.integers(1, 12), st.data())
def test_a_tail_cut_off_shows_at_its_witness(length: int, data: st.DataObject) -> None:
    rows = chain(length)
    kept = data.draw(st.integers(0, length - 1))
    witness = Witness("MLflow", Head.of(rows[-1]))
    assert "gone" in contradictions(rows[:kept], [witness])[0]
    with pytest.raises(BrokenRecord, match="gone"):
        end_of(rows[:kept], [witness])


def test_rows_beyond_the_last_witness_are_named_but_can_be_continued() -> None:
    rows = chain(4)
    witness = Witness("Dagster", Head.of(rows[1]))
    assert "rows 3 to 4" in contradictions(rows, [witness])[0]
    assert end_of(rows, [witness]) == Head.of(rows[-1])
    assert "rows 1 to 4" in contradictions(rows, [])[0]


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


def test_a_config_served_on_a_decision_that_was_never_made_shows() -> None:
    decisions = [
        {"decision_id": "e-1", "verdict": "PROMOTE"},
        {"decision_id": "e-2", "verdict": "KEEP_TESTING"},
    ]

    def acts(cause: str) -> list[str]:
        return unfounded_acts([{"config_version": 7, "cause": cause}], decisions)

    assert acts("PROMOTE by decision e-1: 50 -> 70") == []
    assert acts("inconclusive by decision e-2: inconclusive: 5000 reads") == []
    assert acts("red guard: errors: 5 % failed") == []
    assert "not in the record" in acts("PROMOTE by decision e-9: 50 -> 70")[0]
    assert "says KEEP_TESTING" in acts("ROLLBACK by decision e-2: worse")[0]


@pytest.mark.parametrize("verdict", ["PROMOTE", "ROLLBACK", "KEEP_TESTING"])
def test_the_causes_that_the_reconciler_writes_are_understood(verdict: str) -> None:
    """Else a change of their wording would let every act pass unseen."""
    code = "inconclusive" if verdict == "KEEP_TESTING" else "why"
    observation = seen(
        an_experiment(), verdict=verdict, reasons=(Reason(code, "so"),), decision_id="e-9"
    )
    step = next_step(observation, RampPolicy())
    assert step.kind in ("advance", "roll_back", "give_up")
    config = {"config_version": 2, "cause": step.cause}
    assert unfounded_acts([config], [{"decision_id": "e-9", "verdict": verdict}]) == []
    assert "e-9" in unfounded_acts([config], [])[0]
