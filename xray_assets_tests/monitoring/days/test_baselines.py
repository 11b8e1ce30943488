"""Of which days a baseline is made, and from which one a day is judged."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.catalog import FEATURES, MONITORING_BASELINES
from xray_assets.monitoring.baselines.frozen import BaselineEdited, freeze, thaw
from xray_assets.monitoring.baselines.renewal import BaselineRefused, renew
from xray_assets.monitoring.baselines.window import Need, first_window, newest_window
from xray_assets_tests.monitoring.days.made_days import (
    CHALLENGER,
    CHAMPION,
    FIRST,
    World,
    after,
    midnight,
    serve,
)


def baselines(world: World) -> pl.DataFrame:
    return world.tables.read(MONITORING_BASELINES).sort("made_at").collect()


def promoted(*, days: int, shadow: int, gain: float = 0.0) -> World:
    """So many days, on the last of which a challenger was in shadow and (with `gain`) films have
    changed; then it is promoted. All of them are judged.
    """
    world = World()
    today = world.traffic.days(FIRST, days - shadow)
    serve(world.tables, today, challenger=CHALLENGER)
    today = world.traffic.days(today, shadow, pairs=True, gain=gain)
    world.judge_all(today)
    serve(world.tables, today, CHALLENGER)
    return world


def test_a_new_champion_is_compared_from_its_first_day_with_its_own_scores_of_its_shadow() -> None:
    world = promoted(days=15, shadow=8)
    day = FIRST + timedelta(days=15)
    last = world.judge_all(world.traffic.days(day, 1, champion=CHALLENGER)).row(-1, named=True)
    old, new = baselines(world).to_dicts()
    assert (last["baseline_id"], last["level"]) == (new["baseline_id"], "NONE")
    assert (old["cause"], new["cause"], new["replaces"]) == (
        "first",
        "promoted",
        old["baseline_id"],
    )
    assert (new["from_date"], new["to_date"]) == (day - timedelta(days=7), day - timedelta(days=1))
    assert (new["served_model_name"], new["effective_from"]) == (CHALLENGER, day)
    films, reads = thaw(new)
    assert films["score_champion"].min() > 0.1  # type: ignore[operator]
    assert reads["score_champion"].is_not_null().all()
    assert (films["day"].min(), films["day"].max()) == (-7, -1)


def test_the_same_days_serve_where_the_new_champion_was_scored_on_them() -> None:
    world = World()
    serve(world.tables, FIRST, challenger=CHALLENGER)
    today = world.traffic.days(FIRST, 8, pairs=True)
    world.judge_all(today)
    serve(world.tables, today, CHALLENGER)
    world.judge_all(world.traffic.days(today, 1, champion=CHALLENGER))
    old, new = baselines(world).to_dicts()
    assert (new["from_date"], new["to_date"]) == (old["from_date"], old["to_date"])
    assert old["challenger_model_name"] == CHALLENGER


def test_after_a_drift_that_was_answered_only_days_since_the_change_are_ordinary() -> None:
    world = promoted(days=12, shadow=2, gain=0.5)
    change = FIRST + timedelta(days=10)
    assert world.days()["level"].to_list()[-2:] == ["MODERATE"] * 2
    day = change + timedelta(days=2)
    days = world.judge_all(world.traffic.days(day, 2, champion=CHALLENGER, gain=0.5))
    assert days["reason_codes"].to_list()[-2:] == ["baseline_incomplete", ""]
    assert days["level"].to_list()[-2:] == ["UNKNOWN", "NONE"]
    new = baselines(world).row(-1, named=True)
    assert (new["cause"], new["from_date"], new["n_days"]) == ("answered_drift", change, 3)
    assert new["level_given_up"] == "UNKNOWN"


def test_a_rollback_goes_back_to_the_baseline_of_that_champion_and_begins_anew() -> None:
    world = promoted(days=15, shadow=8)
    today = world.traffic.days(FIRST + timedelta(days=15), 1, champion=CHALLENGER)
    world.judge_all(today)
    serve(world.tables, today, CHAMPION)
    days = world.judge_all(world.traffic.days(today, 1))
    assert days["baseline_id"].to_list()[-1] == days["baseline_id"].to_list()[-3]
    assert baselines(world).height == 2


def test_a_person_renews_the_baseline_of_the_days_since_one() -> None:
    world, change = after(8)
    today = world.traffic.days(change, 5, gain=0.5)
    assert world.judge_all(today)["level"].to_list()[-5:] == ["MODERATE"] * 5
    now = midnight(today)
    row = renew(world.tables, world.plan, by="Ada", reason="new films", since=change, now=now)
    assert (row["cause"], row["made_by"], row["reason"]) == ("renewed", "Ada", "new films")
    assert (row["from_date"], row["level_given_up"]) == (change, "MODERATE")
    last = world.judge_all(world.traffic.days(today, 1, gain=0.5)).row(-1, named=True)
    assert (last["baseline_id"], last["level"], last["day"]) == (row["baseline_id"], "NONE", 0)


def test_a_renewal_is_refused_with_what_is_missing() -> None:
    world = World()
    ask = {"by": "Ada", "reason": "why", "since": None, "now": midnight(FIRST)}
    with pytest.raises(BaselineRefused, match="no day was judged"):
        renew(world.tables, world.plan, **ask)  # type: ignore[arg-type]
    world, today = after(8)
    with pytest.raises(BaselineRefused, match="needs a reason"):
        renew(world.tables, world.plan, **ask | {"reason": " "})  # type: ignore[arg-type]
    late = ask | {"since": today - timedelta(days=1)}
    with pytest.raises(BaselineRefused, match=r"there are 1 days .* takes 3 days"):
        renew(world.tables, world.plan, **late)  # type: ignore[arg-type]
    renew(world.tables, world.plan, **ask)  # type: ignore[arg-type]
    with pytest.raises(BaselineRefused, match="already"):
        renew(world.tables, world.plan, **ask)  # type: ignore[arg-type]


def test_what_is_frozen_names_no_request_and_no_patient_and_is_refused_when_edited() -> None:
    films = pl.DataFrame(
        {"request_id": ["r1", "r2"], "case_key": ["ada", None], "mean": [0.1, 0.2]}
    )
    reads = pl.DataFrame({"request_id": ["r2"], "truth": [1]})
    frozen = freeze(films, reads)
    row = {"baseline_id": "b", **vars(frozen)}
    thawed, thawed_reads = thaw(row)
    assert thawed["mean"].to_list() == [0.1, 0.2]
    assert thawed_reads["request_id"][0] == thawed["request_id"][1] != "r2"
    assert b"ada" not in frozen.films
    assert thawed["case_key"].is_null().to_list() == [False, True]
    assert freeze(films, reads) == frozen
    with pytest.raises(BaselineEdited, match="rebaseline"):
        thaw(row | {"films": frozen.films[:-1] + b"x"})
    assert replace(frozen, sha256="").films == frozen.films


DAY_FLAGS = st.lists(st.booleans(), max_size=12)


def made(good: list[bool], patients: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A day a flag, usable or not, each with so many new patients and 20 reads of each truth."""
    films = [
        {"local": FIRST + timedelta(days=day), "case_key": f"{day} {number}", "status_code": 200,
         "measured": usable, "score_champion": 0.5, **dict.fromkeys(FEATURES, 0.0)}
        for day, usable in enumerate(good) for number in range(patients)
    ]  # fmt: skip
    reads = [
        {"local": FIRST + timedelta(days=day), "truth": truth}
        for day in range(len(good)) for truth in (0, 1) for _ in range(20)
    ]  # fmt: skip
    schema = {"local": pl.Date, "case_key": pl.String, "status_code": pl.Int32,
              "measured": pl.Boolean, "score_champion": pl.Float64}  # fmt: skip
    frame = pl.DataFrame(films, schema=schema | dict.fromkeys(FEATURES, pl.Float64))
    return frame, pl.DataFrame(reads, schema={"local": pl.Date, "truth": pl.Int32})


@given(DAY_FLAGS, st.integers(1, 3), st.integers(1, 12))
def test_a_window_begins_and_ends_on_usable_days_and_is_the_shortest_that_suffices(
    good: list[bool], a_day: int, wanted: int
) -> None:
    films, reads = made(good, a_day)
    need = Need(days=4, patients=wanted)
    usable: list[date] = [FIRST + timedelta(days=day) for day, one in enumerate(good) if one]
    first, newest = (choose(films, reads, need) for choose in (first_window, newest_window))
    for window, fewest in ((first, 4), (newest, 2)):
        everything = (
            films.height
            and films.filter(
                pl.col("local").is_between(*(usable[0], usable[-1]) if usable else (FIRST, FIRST))
            )["case_key"].n_unique()
        )
        assert (window is not None) == (len(usable) >= fewest and everything >= wanted)
        if window:
            assert set(window) <= {*usable}
            inside = films.filter(pl.col("local").is_between(*window))
            assert inside["case_key"].n_unique() >= wanted
    if first and newest:
        assert first[0] == usable[0]
        assert newest[1] == usable[-1]
        assert len([day for day in usable if first[0] <= day <= first[1]]) >= 4
