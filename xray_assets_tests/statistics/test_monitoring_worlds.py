"""The simulated worlds of `benchmarks/monitoring` say what they mean, and the monitor runs on them.

The pool is made of numbers here: each kind of film moves every feature a little further.
"""

import copy
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from benchmarks.monitoring.measures import first_alarm, never_alarms
from benchmarks.monitoring.running import Judging
from benchmarks.monitoring.scenarios import NULLS, ORDINARY, SMALL
from benchmarks.monitoring.simulated.films import KINDS
from benchmarks.monitoring.simulated.plans import Change, Plan
from benchmarks.monitoring.simulated.pool import Pool
from benchmarks.monitoring.simulated.world import World
from benchmarks.monitoring.usual_rules import RULES, UsualRules
from xray_assets.catalog import EMBEDDING_SIZE, FEATURES

N = 600


@pytest.fixture(scope="module")
def pool() -> Pool:
    rng = np.random.default_rng(0)
    positive = np.arange(N) // 2 % 2
    moved = np.arange(len(KINDS))[:, None, None] * 0.5
    scores = 1 / (1 + np.exp(-(rng.normal(4 * positive - 2, 1.2, (2, 1, N)))))
    return Pool(
        source="numbers",
        patient=np.arange(N) // 2,
        positive=positive,
        family=np.arange(N) // 4 % 2,
        features=rng.normal(size=(1, N, len(FEATURES))) + moved,
        embedding=rng.normal(size=(1, N, EMBEDDING_SIZE)) + moved,
        champion=np.repeat(scores[0], len(KINDS), axis=0),
        challenger=np.repeat(scores[1], len(KINDS), axis=0),
        thresholds=np.array([0.5, 0.5]),
    )


def changed(base: Plan = ORDINARY, **change) -> Plan:
    return replace(base, changes=(Change(start=0, **change),))


def test_rows_and_reads_have_the_columns_and_types_of_a_monitor(pool):
    rows, reads = World(pool, ORDINARY, 1).baseline()
    assert dict(rows.schema) == {
        **{"day": pl.Int32, "weekday": pl.Int32, "request_id": pl.String, "case_key": pl.String},
        **{"site": pl.String, "served_arm": pl.String, "status_code": pl.Int32},
        **{"score_champion": pl.Float64, "score_challenger": pl.Float64},
        "label_champion": pl.Int32,
        **dict.fromkeys(FEATURES, pl.Float64),
        "embedding": pl.Array(pl.Float32, EMBEDDING_SIZE),
    }
    assert dict(reads.schema) == {
        **{"request_id": pl.String, "day": pl.Int32, "site": pl.String, "truth": pl.Int32},
        **{"review_probability": pl.Float64, "score_champion": pl.Float64},
        "label_champion": pl.Int32,
    }
    assert rows["day"].unique().sort().to_list() == list(range(-28, 0))
    assert rows["request_id"].is_unique().all()
    assert (rows["day"] % 7 == rows["weekday"]).all()
    weekend = rows.filter(pl.col("weekday") >= 5).height / rows.height
    assert weekend == pytest.approx(400 / 2900, abs=0.02)


def test_a_seed_gives_one_world_and_another_seed_another(pool):
    def first(seed):
        return World(pool, ORDINARY, seed).day(-28)[0].hash_rows().sum()

    assert first(3) == first(3)
    assert first(3) != first(4)


def test_films_are_drawn_for_review_at_the_logged_chance_and_answers_come_later(pool):
    world = World(pool, replace(ORDINARY, review="targeted"), 1)
    world.baseline()
    films, came = [], []
    for day in range(40):
        rows, reads = world.day(day, {"A": 0.02, "B": 0.5})
        films.append(rows)
        came.append(reads.filter(pl.col("day") >= 0).with_columns(delay=day - pl.col("day")))
    drawn, rows = pl.concat(came), pl.concat(films)
    assert drawn["delay"].min() == 1
    assert drawn["delay"].mean() == pytest.approx(3, abs=0.4)
    chances = dict(drawn.select("site", "review_probability").unique().iter_rows())
    assert chances == {"A": 0.1, "B": 0.5}
    for site, chance in chances.items():
        here = (pl.col("site") == site) & (pl.col("day") < 25)
        share = drawn.filter(here).height / rows.filter(here).height
        assert share == pytest.approx(chance, rel=0.15)


def test_a_ward_films_its_patients_once_a_day_for_a_week(pool):
    rows, _ = World(pool, NULLS["ward, one film a day, stay 7"], 1).baseline()
    stays = rows.group_by("case_key").agg(pl.len(), span=pl.max("day") - pl.min("day") + 1)
    full = stays.filter(pl.col("len") == 7)
    assert full.height > 0.5 * stays.height
    assert (stays["len"] == stays["span"]).all()
    assert stays["len"].max() == 7


def test_a_change_is_where_and_when_it_is_said_to_be(pool):
    plan = replace(ORDINARY, changes=(Change(start=2, until=4, sites=("B",), kinds=("border",)),))
    world = World(pool, plan, 1)
    world.baseline()
    border = KINDS.index("border") * 0.5
    for day in range(5):  # weekdays: no portable films
        means = dict(world.day(day)[0].group_by("site").agg(pl.mean("mean")).iter_rows())
        assert means["A"] == pytest.approx(0, abs=0.5)
        assert means["B"] == pytest.approx(border if 2 <= day < 4 else 0, abs=0.5)


def test_what_is_missing_is_null_and_a_day_without_rows_is_empty(pool):
    world = World(pool, changed(null_columns=("embedding", "mean")), 1)
    world.baseline()
    rows, _ = world.day(0)
    assert rows["embedding"].null_count() == rows["mean"].null_count() == rows.height
    empty = World(pool, changed(no_rows=True), 1)
    empty.baseline()
    assert empty.day(0)[0].schema == rows.schema
    assert empty.day(0)[0].is_empty()


def test_the_monitor_is_quiet_on_a_small_world_and_finds_a_change_of_its_films(pool):
    before = Judging(pool, SMALL, seed=1)
    before.until(30)
    after = before.turned(replace(SMALL, changes=(Change(kinds=("gain",)),)))
    found = first_alarm(after.until(38))
    assert found is not None and found <= 7
    assert never_alarms(before.until(34)) == 0


def test_a_copy_that_is_not_changed_goes_on_as_its_original(pool):
    world = World(pool, SMALL, 1)
    world.day(-28)
    again = copy.deepcopy(world)
    assert world.day(-27)[0].equals(again.day(-27)[0])


def test_the_usual_rules_see_a_change_of_every_column_and_most_see_a_weekend(pool):
    world = World(pool, replace(SMALL, day_deviation=0.0), 1)
    rules = UsualRules(world.baseline()[0])
    monday, moved = world.day(0)[0], world.day(1)[0].with_columns(pl.col(FEATURES) + 3)
    assert set(rules.alarms(monday)) == set(RULES)
    assert not rules.alarms(monday)["mean + 3 s.d. any"]
    assert rules.alarms(moved) == dict.fromkeys(RULES, True)
    assert rules.alarms(monday.clear()) == dict.fromkeys(RULES, False)
