"""Every case is drawn once, at the chance that was in force when it was scored."""

from contextlib import suppress
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_assets.cases.assignments import bring_up_to_date
from xray_assets.catalog import CHANCES, REVIEW_ASSIGNMENTS, REVIEW_POLICY
from xray_assets.contracts.tables import REVIEW_ASSIGNMENTS as CONTRACT
from xray_assets.review.draws import DRAW, DRAW_COLUMNS, ENTRY, NoOrder, draw, uniform
from xray_assets.review.ordering import raise_share
from xray_assets.review.policy import ReviewPolicy
from xray_assets_tests.crashing_tables import Crash, CrashingTables
from xray_assets_tests.feedback.memory_tables import MemoryTables
from xray_assets_tests.review.scenery import (
    EXPERIMENT,
    SECRET,
    START,
    arrive,
    assignments,
    open_experiment,
)

LABELS = [(0, 0), (0, 1), (1, 0), (1, 1)]
SITES = ["other", "b"]
cases = st.tuples(
    st.sampled_from("ABCDEFGH"), st.sampled_from([None, *LABELS]), st.sampled_from(SITES)
)
steps = st.lists(
    st.one_of(
        st.lists(cases, min_size=1, max_size=6),
        st.tuples(st.sampled_from([*SITES, "*"]), st.sampled_from(CHANCES), st.integers(0, 2)),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=8,
)
"""Cases that arrive; an order of a site, a chance, days; a run that dies after so many writes."""


def run(tables: MemoryTables, now: datetime, *, budget: int = 100) -> None:
    bring_up_to_date(tables, SECRET, budget=budget, now=now)


@settings(max_examples=20, deadline=None)
@given(steps)
def test_the_logged_chance_is_the_one_that_drew_whatever_is_ordered_and_wherever_a_run_dies(
    taken: list,
) -> None:
    tables, now, patients = MemoryTables(), START, 0
    open_experiment(tables)
    labels, seen = {}, CONTRACT.empty().select(DRAW_COLUMNS)
    for step in [*taken, 99]:
        now += timedelta(hours=5)
        if isinstance(step, list):
            fresh = [
                (f"{patient} {patients + n}" if pair else patient, pair, site)
                for n, (patient, pair, site) in enumerate(step)
            ]
            patients += len(fresh)
            requests = arrive(tables, fresh, now)
            labels |= {r: pair for r, (_, pair, _) in zip(requests, fresh, strict=True)}
        elif isinstance(step, tuple):
            site, chance, days = step
            order = {"site": site, "chance": chance, "until": (now + timedelta(days=days)).date()}
            raise_share(tables, **order, reason="r", by="a", now=now - timedelta(hours=2))
        else:
            with suppress(Crash):
                run(CrashingTables(tables, step), now)  # type: ignore[arg-type]
        drawn = assignments(tables).select(DRAW_COLUMNS)
        assert drawn.head(seen.height).equals(seen), "a draw has changed"
        seen = drawn
    policy = tables.read(REVIEW_POLICY).collect().to_dicts()
    stored = assignments(tables).to_dicts()
    inside = [r for r, pair in labels.items() if pair is not None]
    assert [row["request_id"] for row in stored if row["experiment_id"]] == inside
    outside = [row for row in stored if row["experiment_id"] is None]
    assert len({(row["case_key"], row["prediction_date"]) for row in outside}) == len(outside)
    for row in stored:
        chance = chance_in_force(row, labels[row["request_id"]], policy)
        assert row["chance"] == chance
        assert row["u"] == uniform(SECRET, DRAW, row["case_key"])
        assert row["drawn"] == (row["u"] < chance)
        assert row["policy_hash"] in {one["policy_hash"] for one in policy}


def chance_in_force(row: dict, labels: tuple[int, int] | None, policy: list[dict]) -> float:
    """The largest chance of all orders in force, in the plainest way."""
    champion, challenger = labels or (None, None)
    return max(
        one["chance"]
        for one in policy
        if one["effective_from"] <= row["scored_at"]
        and (one["effective_until"] is None or row["scored_at"] < one["effective_until"])
        and one["site"] in ("*", row["site"])
        and one["experiment_id"] in (None, row["experiment_id"])
        and one["champion_label"] in (None, champion)
        and one["challenger_label"] in (None, challenger)
    )


def many(tables: MemoryTables, count: int, labels: tuple[int, int] | None = (0, 0)) -> None:
    arrive(tables, [(f"patient {n}", labels, "other") for n in range(count)])


def test_disagreements_are_all_drawn_and_agreements_at_the_floor() -> None:
    tables = MemoryTables()
    open_experiment(tables, ReviewPolicy(floor=0.1))
    many(tables, 3000)
    arrive(tables, [(f"differs {n}", (n % 2, 1 - n % 2), "other") for n in range(50)])
    run(tables, START)
    rows = assignments(tables)
    agreements = rows.head(3000)
    assert set(agreements["chance"]) == {0.1}
    assert 240 < agreements["drawn"].sum() < 360
    assert rows.tail(50)["drawn"].all()
    wanted = rows.filter("drawn")["reads_wanted"].to_numpy()
    assert 0.08 < np.mean(wanted == 2) < 0.22
    assert set(rows.filter(~pl.col("drawn"))["reads_wanted"]) == {0}


def test_where_disagreements_exceed_the_budget_fewer_cases_enter_and_none_is_left_out() -> None:
    tables = MemoryTables()
    open_experiment(tables)
    many(tables, 400, (0, 1))
    run(tables, START, budget=100)
    before = assignments(tables)
    assert set(before["chance"]) == {1.0}, "a first day has no volume to fit"
    arrive(
        tables,
        [(f"next {n}", (0, 1), "other") for n in range(400)],
        START + timedelta(days=1),
    )
    run(tables, START + timedelta(days=1), budget=100)
    after = assignments(tables).tail(400)
    entered = after.filter(pl.col("experiment_id") == EXPERIMENT.experiment_id)
    assert 50 < entered.height < 125 and entered["drawn"].all()
    others = after.filter(pl.col("experiment_id").is_null())
    assert set(others["chance"]) == {0.05}, "sampled for figures alone"
    shares = [uniform(SECRET, ENTRY, key) for key in entered["case_key"]]
    assert max(shares) < 0.22


@pytest.mark.parametrize("often", [True, False])
def test_an_order_draws_more_of_its_site_and_ends_however_often_runs_are(often: bool) -> None:
    tables = MemoryTables()
    until = (START + timedelta(days=1)).date()
    order = {"site": "b", "chance": 0.5, "until": until, "reason": "r", "by": "a person"}
    run(tables, START)
    rows = raise_share(tables, **order, now=START)
    for days in (0, 1, 2):
        arrive(
            tables,
            [(f"{site} {days}", None, site) for site in SITES],
            START + timedelta(days=days, hours=1),
        )
        if often or days == 2:
            run(tables, START + timedelta(days=days, hours=2))
    stored = assignments(tables)
    assert stored["chance"].to_list() == [0.1, 0.5, 0.1, 0.5, 0.1, 0.1]
    assert stored.filter(pl.col("chance") == 0.5)["policy_hash"].unique().to_list() == [
        rows["policy_hash"][0]
    ]


def test_films_from_before_reviews_began_are_not_drawn() -> None:
    tables = MemoryTables()
    arrive(tables, [("old", None, "other")], START - timedelta(days=3))
    arrive(tables, [("new", None, "other")], START)
    run(tables, START)
    assert assignments(tables)["log_position"].to_list() == [2]


def test_a_case_of_a_time_without_an_order_is_an_error() -> None:
    tables = MemoryTables()
    many(tables, 1, None)
    run(tables, START)
    known = assignments(tables).with_columns(
        champion_label=pl.lit(None, pl.Int32), challenger_label=pl.lit(None, pl.Int32)
    )
    with pytest.raises(NoOrder):
        draw(known.drop(*REVIEWED), tables.read(REVIEW_POLICY).collect().clear(), SECRET)


REVIEWED = ("policy_hash", "chance", "u", "drawn", "reads_wanted", "due_at", "state", "n_reads")


def test_a_draw_holds_no_answer_of_a_model() -> None:
    words = ("label", "score", "probab", "model", "arm", "predict", "threshold", "stratum")
    told = [name for name in CONTRACT.schema.names() if any(word in name for word in words)]
    assert told == ["prediction_date", "scored_at"]
    assert MemoryTables().read(REVIEW_ASSIGNMENTS).collect_schema() == CONTRACT.schema
