"""Days are judged in order and once, and each on what belonged to it."""

from datetime import UTC, date, datetime, time, timedelta

import polars as pl
import pytest

from xray_assets.catalog import MONITORING_BASELINES, MONITORING_DAYS, MONITORING_EVIDENCE
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.monitoring.baselines.frozen import BaselineEdited
from xray_assets.monitoring.days import unjudged
from xray_assets_tests.monitoring.days.made_days import FIRST, Remembers, World, after

ONE_DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    return World()


def codes(days: pl.DataFrame) -> list[str]:
    return days["reason_codes"].to_list()


def test_days_wait_for_a_baseline_and_are_then_compared_with_it() -> None:
    world, _ = after(10)
    days = world.days()
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
    for number in range(10):
        day = FIRST + timedelta(days=number)
        world.traffic.days(day, 1)
        world.judge(day + ONE_DAY)
    days = after(10)[0].days()
    its_time = ("judged_at", "log_position")
    assert days.drop(its_time).equals(world.days().drop(its_time))


def test_a_day_that_is_not_over_or_not_moved_waits_and_after_36_hours_is_unknown() -> None:
    world, today = after(8)
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


def test_requests_that_come_late_are_counted_once_and_in_no_judgement() -> None:
    world, today = after(8)
    before = world.days()
    world.traffic.day(FIRST, count=2)
    world.traffic.day(today - ONE_DAY, count=3)
    world.judge_all(world.traffic.days(today, 2))
    assert world.days().head(8).equals(before)
    assert world.days()["n_late"].to_list() == [0] * 8 + [5, 0]


def test_a_day_without_requests_is_unknown_where_its_weekday_has_some() -> None:
    world, today = after(8)
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


def test_features_of_another_version_are_none_until_there_is_a_new_baseline() -> None:
    world, today = after(8)
    world.traffic.days(today, 1, version="0")
    assert codes(world.judge_all(today + ONE_DAY))[-1] == "features_missing"


def test_without_reads_for_long_only_the_harm_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unjudged, "LONGEST_WITHOUT_READS", timedelta(days=3))
    world, today = after(8)
    for number in range(4):
        world.traffic.day(today + timedelta(days=number))
    days = world.judge_all(today + timedelta(days=4))
    assert codes(days)[8:] == ["", "", "no_reads", "no_reads"]
    assert days["level"].to_list()[8:] == ["NONE"] * 4


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


def test_an_error_leaves_no_row_and_the_next_run_judges_the_day() -> None:
    world, today = after(8)
    world.traffic.days(today, 1)
    today += ONE_DAY

    class Fails(Remembers):
        def observe_day(self, *_: object) -> None:  # type: ignore[override]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        world.judge(today, monitor=Fails)
    assert (world.days().height, world.evidence().height) == (8, 1)
    assert len(world.judge(today)) == 1


def test_a_baseline_that_was_edited_judges_nothing() -> None:
    world, today = after(8)
    world.traffic.days(today, 1)
    stored = world.tables.read(MONITORING_BASELINES).collect()
    world.tables.overwrite(
        MONITORING_BASELINES, stored.with_columns(reads=pl.lit(b"others", pl.Binary))
    )
    with pytest.raises(BaselineEdited, match="were edited"):
        world.judge(today + ONE_DAY)
    assert world.days().height == 8


def test_evidence_that_a_run_left_out_is_written_by_the_next_one_as_it_was() -> None:
    world, today = after(10)
    whole = world.evidence()
    kept = world.days().height
    world.tables.overwrite(MONITORING_EVIDENCE, whole.head(-1))
    world.tables.positions[MONITORING_EVIDENCE, "judged_days"] -= 1
    world.traffic.day(today - ONE_DAY, count=3)  # which came after the day was judged
    world.judge(today)
    assert world.evidence().equals(whole)
    assert world.days().height == kept


def test_the_monitor_goes_on_from_the_state_of_the_day_before() -> None:
    world, today = after(8)
    given: list[bytes | None] = []

    class Told(Remembers):
        def __init__(self, films: pl.DataFrame, reads: pl.DataFrame, state: bytes | None) -> None:
            given.append(state)
            super().__init__(films, reads, state)

    for number in range(2):
        world.traffic.days(today + timedelta(days=number), 1)
        world.judge(today + timedelta(days=number + 1), monitor=Told)
    assert given == world.days()["state"].to_list()[-3:-1]
    assert None not in given


def test_states_are_kept_for_a_week() -> None:
    world, today = after(10)
    days = world.judge_all(world.traffic.days(today, 6))
    assert days["state"].is_not_null().to_list() == [False] * 8 + [True] * 8


def test_what_a_day_keeps_its_contract() -> None:
    world, _ = after(8)
    for key in (MONITORING_DAYS, MONITORING_EVIDENCE, MONITORING_BASELINES):
        assert CONTRACTS[key].problems(world.tables.read(key).collect()) == []


def test_a_change_of_the_films_is_a_level_with_sites_and_review_shares() -> None:
    world, today = after(7)
    world.traffic.days(today, 1, gain=0.5)
    last = world.judge_all(today + ONE_DAY).row(-1, named=True)
    assert (last["level"], last["kind"], last["families"]) == ("MODERATE", "covariate", ["film"])
    assert (last["sites"], last["review_sites"], last["review_shares"]) == ([""], ["other"], [0.5])
    assert last["shift"] == 0.3
    assert isinstance(last["date"], date)
