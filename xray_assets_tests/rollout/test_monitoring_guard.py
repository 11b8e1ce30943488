"""The guard `monitoring`: what holds a ramp, and that it never sends traffic back."""

from datetime import timedelta
from typing import Any

import pytest

from xray_assets.contracts.tables.days import CONCEPT, MAJOR, MINOR, MODERATE, NONE, UNKNOWN
from xray_assets.reasons import MONITORING, Reason, codes_of
from xray_assets.rollout.monitoring_guard import Monitored, held_by_monitoring
from xray_assets.rollout.reconcile import RampPolicy, next_step
from xray_assets_tests.rollout.examples import OPENED, an_experiment, seen

NOW = OPENED + timedelta(days=9)


def held(level: str = NONE, known: str = NONE, **more: Any) -> bool:
    row = Monitored(level, known, **{"closed_at": NOW - timedelta(hours=1), **more})
    return codes_of(held_by_monitoring(row, OPENED, NOW)) == (MONITORING,)


def test_major_concept_and_a_day_that_cannot_be_judged_hold_and_less_does_not() -> None:
    assert [level for level in (NONE, MINOR, MODERATE, MAJOR, CONCEPT) if held(level, level)] == [
        MAJOR,
        CONCEPT,
    ]
    assert held(UNKNOWN, NONE, reason_codes=("not_judged", "no_rows"))
    assert held(UNKNOWN, MAJOR, reason_codes=("not_judged", "baseline_incomplete"))
    assert not held(UNKNOWN, NONE, reason_codes=("not_judged", "baseline_incomplete"))


def test_the_cure_is_not_held_by_the_illness_but_by_not_knowing() -> None:
    assert not held(MAJOR, MAJOR, is_the_cure=True)
    assert held(UNKNOWN, MAJOR, is_the_cure=True, reason_codes=("error",))


def test_the_records_own_age_holds_where_nothing_runs_any_more() -> None:
    late = timedelta(days=1, hours=36)
    assert not held(closed_at=NOW - late)
    assert held(closed_at=NOW - late - timedelta(seconds=1))
    assert held(edits=("row 9 does not fit its own hash",))


def test_where_no_day_was_ever_judged_an_experiment_is_held_after_two_and_a_half_days() -> None:
    late = OPENED + timedelta(days=1, hours=36)
    for row in (None, Monitored(NONE, NONE)):
        assert held_by_monitoring(row, OPENED, late) == ()
        assert codes_of(held_by_monitoring(row, OPENED, late + timedelta(hours=1))) == (MONITORING,)


@pytest.mark.parametrize("share", [0, 50, 90])
def test_a_held_ramp_stays_where_it_is_and_never_goes_back(share: int) -> None:
    holds = (Reason(MONITORING, "MAJOR"),)
    now = seen(an_experiment(share), verdict="PROMOTE", decision_id="e-1", holds=holds)
    step = next_step(now, RampPolicy())
    assert (step.kind, step.stage) == ("hold", share) and "MAJOR" in step.cause
    assert (
        next_step(seen(an_experiment(share), verdict="ROLLBACK", holds=holds), RampPolicy()).kind
        == "roll_back"
    )
