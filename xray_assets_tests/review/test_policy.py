"""What a morning fixes, what an experiment freezes, and what people order."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.catalog import REVIEW_POLICY
from xray_assets.review.ordering import (
    OrderRefused,
    fix_mornings,
    mornings,
    present_floor,
    raise_share,
    write_down_experiments,
)
from xray_assets.review.policy import (
    FLOORS,
    POLICIES,
    ReviewPolicy,
    UnknownPolicy,
    Volume,
    morning,
    policy_of,
)
from xray_assets_tests.feedback.memory_tables import MemoryTables
from xray_assets_tests.review.scenery import START, arrive, open_experiment

volumes = st.builds(Volume, st.floats(1, 1e5), st.floats(0, 1))


def test_a_policy_is_known_by_its_hash_and_another_is_refused() -> None:
    for policy in POLICIES.values():
        assert policy_of(policy.sha256) == policy
    assert len(POLICIES) == len(FLOORS)
    assert policy_of(None).floor == min(FLOORS)
    with pytest.raises(UnknownPolicy, match="xray experiment close"):
        policy_of(ReviewPolicy(floor=0.2).sha256)


@pytest.mark.parametrize(
    ("cases", "disagreements", "floor", "entry"),
    [(0, 0, 0.1, 1), (500, 40, 0.1, 1), (1000, 40, 0.03, 1), (5000, 200, 0.03, 0.43)],
)
def test_the_floor_is_the_largest_that_fits_a_hundred_reads_a_day(
    cases: float, disagreements: float, floor: float, entry: float
) -> None:
    fixed = morning(Volume(cases, disagreements), 100)
    assert (fixed.floor, fixed.entry_share) == (floor, entry)


@given(st.floats(0, 1e5), st.floats(0, 1), st.integers(1, 1000), st.sampled_from(FLOORS))
def test_no_volume_takes_a_disagreement_out_of_its_experiment_or_lowers_a_frozen_floor(
    cases: float, share: float, budget: int, least: float
) -> None:
    fixed = morning(Volume(cases, cases * share), budget, least=least)
    reads = fixed.entry_share * cases * share * (1 + ReviewPolicy().double_reads)
    assert reads <= budget * (1 + 1e-9) or fixed.entry_share == 0.01
    assert least <= fixed.floor <= max(FLOORS)


def test_a_morning_is_fixed_once_from_the_week_before_it() -> None:
    tables = MemoryTables()
    open_experiment(tables)
    for number in range(2):
        labels = [(0, 1)] * 30 + [(0, 0)] * 270
        arrive(
            tables,
            [(f"{number} {one}", pair, "other") for one, pair in enumerate(labels)],
            START + timedelta(days=number),
        )
    day = (START + timedelta(days=2)).date()
    for budget in (70, 1):
        fix_mornings(tables, [day], budget=budget)
    (fixed,) = mornings(tables).to_dicts()
    assert (fixed["floor"], fixed["entry_share"]) == (0.1, 1.0)
    assert fixed["cause"].startswith("300 cases a day last week, 30 of them disagreements")
    assert present_floor(tables) == 0.1
    fix_mornings(tables, [day + timedelta(days=1)], budget=50)
    assert present_floor(tables) == 0.05, "the experiment's own floor"


def test_what_an_experiment_froze_is_written_down_once() -> None:
    tables = MemoryTables()
    open_experiment(tables)
    for _ in range(2):
        write_down_experiments(tables)
    rows = tables.read(REVIEW_POLICY).collect()
    cells = rows.select("champion_label", "challenger_label", "chance").rows()
    assert sorted(cells, key=str) == [(0, 1, 1.0), (1, 0, 1.0), (None, None, 0.05)]
    assert set(rows["policy_hash"]) == {ReviewPolicy(floor=0.05).sha256}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"chance": 0.4}, "a chance is one of 0.03"),
        ({"until": date(2025, 12, 31)}, "is over"),
        ({"reason": " "}, "needs a reason"),
    ],
)
def test_an_order_that_means_nothing_is_refused_and_nothing_is_written(
    changed: dict, said: str
) -> None:
    tables = MemoryTables()
    order = {"site": "b", "chance": 0.5, "until": date(2026, 1, 9), "reason": "r", "by": "a"}
    with pytest.raises(OrderRefused, match=said):
        raise_share(tables, **(order | changed), now=START)
    assert tables.read(REVIEW_POLICY).collect().is_empty()
