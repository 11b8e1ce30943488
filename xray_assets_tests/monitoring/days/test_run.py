"""Days are judged in order and once, and each on what belonged to it."""

from datetime import UTC, date, datetime, time, timedelta

import polars as pl
import pytest

from xray_assets.catalog import MONITORING_BASELINES, MONITORING_DAYS, MONITORING_EVIDENCE
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.monitoring.baselines.frozen import BaselineEdited
from xray_assets_tests.monitoring.days.made_days import FIRST, Remembers, World

ONE_DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    return World()


def codes(days: pl.DataFrame) -> list[str]:
    return days["reason_codes"].to_list()


def test_days_wait_for_a_baseline_and_are_then_compared_with_it(world: World) -> None:
    days = world.judge_all(world.traffic.days(FIRST, 10))
    assert days["date"].to_list() == [FIRST + timedelta(days=number) for number in range(10)]
    assert days["level"].to_list() == ["UNKNOWN"] * 7 + ["NONE"] * 3
    assert codes(days) == ["baseline_incomplete"] * 7 + [""] * 3
    assert days["day"].to_list() == [None] * 7 + [0, 1, 2]
    assert days["n_requests"].to_list() == [30] * 10
    assert days["n_reads"].to_list() == [15] * 10
    (baseline,) = world.tables.read(MONITORING_BASELINES).collect().to_dicts()
    assert (baseline["from_date"], baseline["to_date"]) == (FIRST, FIRST + timedelta(days=6))
    assert (baseline["n_films"], baseline["n_positive_reads"]) == (210, 49)
    assert world.evidence()["date"].to_list() == days["date"].to_list()[7:]


def test_a_run_judges_at_most_seven_days_the_oldest_first_and_a_repeat_changes_nothing(
    world: World,
) -> None:
    today = world.traffic.days(FIRST, 10)
    first = world.judge(today)
    assert first == [FIRST + timedelta(days=number) for number in range(7)]
    assert len(world.judge(today)) == 3
    before = (world.days(), world.evidence())
    assert world.judge(today) == world.judge(FIRST) == []
    assert (world.days().equals(before[0]), world.evidence().equals(before[1])) == (True, True)


def test_a_day_judged_late_or_in_another_order_of_runs_is_the_same(world: World) -> None:
    at_once = World()
    for number in range(10):
        day = FIRST + timedelta(days=number)
        world.traffic.days(day, 1)
        at_once.traffic.days(day, 1)
        world.judge(day + ONE_DAY)
    days = at_once.judge_all(FIRST + timedelta(days=10))
    its_time = ("judged_at", "log_position")
    assert days.drop(its_time).equals(world.days().drop(its_time))


def test_a_day_that_is_not_over_or_not_moved_waits_and_after_36_hours_is_unknown(
    world: World,
) -> None:
    today = world.traffic.days(FIRST, 8)
    world.judge_all(today)
    world.traffic.day(today)
    assert world.judge(today) == []
    assert world.judge(today + ONE_DAY, taken=False) == []
    late = datetime.combine(today + 2 * ONE_DAY, time(12), UTC)
    assert world.judge(late, taken=False) == [today]
    last = world.days().row(-1, named=True)
    assert (last["level"], last["reason_codes"]) == ("UNKNOWN", "not_closed")
    assert last["state"] is not None


def test_a_later_request_shows_that_a_day_was_moved_whole(world: World) -> None:
    world.traffic.day(FIRST)
    world.traffic.day(FIRST + ONE_DAY)
    assert world.judge(FIRST + 2 * ONE_DAY, taken=False) == [FIRST]


def test_requests_that_come_late_are_counted_once_and_in_no_judgement(world: World) -> None:
    today = world.traffic.days(FIRST, 8)
    before = world.judge_all(today)
    world.traffic.day(FIRST, count=2)
    world.traffic.day(today - ONE_DAY, count=3)
    world.judge_all(world.traffic.days(today, 2))
    assert world.days().head(8).equals(before)
    assert world.days()["n_late"].to_list() == [0] * 8 + [5, 0]


def test_a_day_without_requests_is_unknown_where_its_weekday_has_some(world: World) -> None:
    today = world.traffic.days(FIRST, 8)
    days = world.judge_all(today + ONE_DAY)
    last = days.row(-1, named=True)
    assert (last["date"], last["level"], last["reason_codes"]) == (today, "UNKNOWN", "no_rows")
    assert last["n_expected"] == 30


def test_a_day_without_features_is_unknown_and_does_not_become_one_of_a_baseline(
    world: World,
) -> None:
    world.traffic.days(FIRST, 1, measured=0.5)
    today = world.traffic.days(FIRST + ONE_DAY, 7)
    world.traffic.days(today, 1, measured=0.85)
    days = world.judge_all(today + ONE_DAY)
    assert days["baseline_id"].is_null().to_list() == [True] * 8 + [False]
    assert codes(days)[-1] == "features_missing"
    assert days["level"].to_list()[-1] == "UNKNOWN"
    (baseline,) = world.tables.read(MONITORING_BASELINES).collect().to_dicts()
    assert baseline["from_date"] == FIRST + ONE_DAY


def test_without_reads_for_two_weeks_only_the_harm_is_unknown(world: World) -> None:
    today = world.traffic.days(FIRST, 7)
    for number in range(15):
        world.traffic.day(today + timedelta(days=number))
    days = world.judge_all(today + timedelta(days=15))
    assert codes(days)[7:] == [""] * 13 + ["no_reads"] * 2
    assert days["level"].to_list()[7:] == ["NONE"] * 15


def test_days_are_those_of_the_time_zone(world: World) -> None:
    world.traffic.day(FIRST, at=time(23, 30))  # half past midnight in Berlin
    world.plan = world.plan.model_copy(update={"timezone": "Europe/Berlin"})
    assert world.judge(FIRST + 2 * ONE_DAY) == [FIRST + ONE_DAY]
    (row,) = world.days().to_dicts()
    assert row["n_requests"] == 30
    assert row["closed_at"] == datetime(2026, 3, 3, 23, tzinfo=UTC)


def test_requests_of_other_purposes_are_no_traffic(world: World) -> None:
    world.traffic.day(FIRST, purpose="trial")
    assert world.judge(FIRST + ONE_DAY) == []
    world.traffic.day(FIRST, count=4)
    world.judge(FIRST + ONE_DAY)
    assert world.days()["n_requests"].to_list() == [4]


def test_an_error_leaves_no_row_and_the_next_run_judges_the_day(world: World) -> None:
    today = world.traffic.days(FIRST, 9)
    world.judge(today)

    class Fails(Remembers):
        def observe_day(self, *_: object) -> None:  # type: ignore[override]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        world.judge(today, monitor=Fails)
    assert (world.days().height, world.evidence().height) == (7, 0)
    assert len(world.judge(today)) == 2


def test_a_baseline_that_was_edited_judges_nothing(world: World) -> None:
    today = world.traffic.days(FIRST, 9)
    world.judge_all(today)
    world.traffic.days(today, 1)
    stored = world.tables.read(MONITORING_BASELINES).collect()
    world.tables.overwrite(
        MONITORING_BASELINES, stored.with_columns(reads=pl.lit(b"others", pl.Binary))
    )
    with pytest.raises(BaselineEdited, match="were edited"):
        world.judge(today + ONE_DAY)
    assert world.days().height == 9


def test_evidence_that_a_run_left_out_is_written_by_the_next_one_as_it_was(world: World) -> None:
    today = world.traffic.days(FIRST, 9)
    world.judge_all(today)
    whole = world.evidence()
    kept = world.days().height
    world.tables.overwrite(MONITORING_EVIDENCE, whole.head(1))
    world.tables.positions[MONITORING_EVIDENCE, "judged_days"] -= 1
    world.traffic.day(today - ONE_DAY, count=3)  # which came after the day was judged
    world.judge(today)
    assert world.evidence().equals(whole)
    assert world.days().height == kept


def test_states_are_kept_for_a_week(world: World) -> None:
    days = world.judge_all(world.traffic.days(FIRST, 20))
    assert days["state"].is_not_null().to_list() == [False] * 12 + [True] * 8


def test_what_a_day_keeps_its_contract(world: World) -> None:
    world.judge_all(world.traffic.days(FIRST, 9, gain=0.0))
    for key in (MONITORING_DAYS, MONITORING_EVIDENCE, MONITORING_BASELINES):
        assert CONTRACTS[key].problems(world.tables.read(key).collect()) == []


def test_a_change_of_the_films_is_a_level_with_sites_and_review_shares(world: World) -> None:
    today = world.traffic.days(FIRST, 7)
    world.traffic.days(today, 1, gain=0.5)
    last = world.judge_all(today + ONE_DAY).row(-1, named=True)
    assert (last["level"], last["kind"], last["families"]) == ("MODERATE", "covariate", ["film"])
    assert (last["sites"], last["review_sites"], last["review_shares"]) == ([""], ["other"], [0.5])
    assert last["shift"] == 0.3
    assert isinstance(last["date"], date)
