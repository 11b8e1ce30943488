"""Laws of deciding on cases: what counts, in which order, and that no bet is better than fair."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from xray_assets.promotion import PairedCounts, PromotionRule, case_counts, decide, decide_cases
from xray_assets.promotion.evidence import log_bet_totals, log_mixture
from xray_assets.promotion.rules import VERSION_2
from xray_assets_tests.promotion.made_cases import case, scored, table
from xray_assets_tests.promotion.made_counts import payoff
from xray_assets_tests.promotion.test_evidence import CLAIMS, on_the_edge, outcomes_of

RULE = PromotionRule(reviews_per_batch=20)
seeds = st.integers(0, 2**32)


def facts(decision) -> dict:
    """A decision but for how many cases were scored, and by which rule."""
    left_out = ("n_scored", "rule_version", "rule_sha256", "reasons")
    every = {name: value for name, value in vars(decision).items() if name not in left_out}
    return every | {"reason_codes": " ".join(decision.reason_codes)}


def shuffled(cases: pl.DataFrame, seed: int) -> pl.DataFrame:
    return cases.sample(fraction=1.0, shuffle=True, seed=seed)


@settings(max_examples=25)
@given(scored(), scored(), seeds)
def test_cases_after_the_first_that_is_due_do_not_count_in_any_order(before, after, seed) -> None:
    due = table(case(0, 1, state="due"))
    settled_before = before.filter(pl.col("state") != "due")
    decided = [
        decide_cases(pl.concat([settled_before, due, rest], how="vertical_relaxed"), RULE)
        for rest in (after, shuffled(after, seed))
    ]
    assert facts(decided[0]) == pytest.approx(facts(decided[1]), nan_ok=True)
    alone = facts(decide_cases(settled_before, RULE))
    n_later = (after["state"] == "settled").sum()
    assert facts(decided[0]) == pytest.approx(alone | {"n_later": n_later}, nan_ok=True)


@settings(max_examples=25)
@given(scored(), scored(), seeds, st.sampled_from(["not_drawn", "settled", "due", "overdue"]))
def test_a_case_that_was_not_drawn_changes_nothing_whatever_is_known_of_it(
    cases, others, seed, state
) -> None:
    undrawn = others.with_columns(drawn=False, state=pl.lit(state), truth=pl.lit(1.0))
    places = np.sort(np.random.default_rng(seed).random(undrawn.height))
    at = pl.concat([pl.Series(np.linspace(0, 1, cases.height)), pl.Series(places)])
    mixed = pl.concat([cases, undrawn]).with_columns(at=at).sort("at", maintain_order=True)
    assert facts(decide_cases(mixed, RULE)) == pytest.approx(
        facts(decide_cases(cases, RULE)), nan_ok=True
    )


@settings(max_examples=25)
@given(scored())
def test_drawn_cases_and_totals_give_the_counts_of_all_cases(cases) -> None:
    totals: dict[float, np.ndarray] = {}
    for chance, champion, challenger in cases.select(
        "chance", "champion_label", "challenger_label"
    ).iter_rows():
        totals.setdefault(chance, np.zeros((2, 2), np.int64))[champion, challenger] += 1
    whole = case_counts(cases, RULE)
    parts = case_counts(cases.filter("drawn"), RULE, scored=totals)
    assert whole.as_json() == parts.as_json()


@settings(max_examples=25)
@given(scored())
def test_stored_counts_give_the_same_decision_again(cases) -> None:
    counts = case_counts(cases, RULE, served=[[30, 20]], split=[0.5])
    again = PairedCounts.from_json(counts.as_json())
    assert facts(decide(again, RULE)) == pytest.approx(facts(decide(counts, RULE)), nan_ok=True)


@settings(max_examples=25)
@given(scored(states=("settled",), floors=(1.0,), all_drawn=True))
def test_with_every_case_drawn_and_settled_the_evidence_is_that_of_version_2(cases) -> None:
    version_2 = replace(VERSION_2, reviews_per_batch=RULE.reviews_per_batch)
    counts = case_counts(cases, RULE)
    version_3 = facts(decide(counts, RULE))
    assert version_3 == pytest.approx(facts(decide(counts, version_2)), nan_ok=True)


@settings(max_examples=25)
@given(scored(states=("settled", "settled", "overdue")), seeds)
def test_no_truth_of_an_overdue_case_would_be_worse_than_none(cases, seed) -> None:
    """So a read that comes too late after all only ever adds evidence."""
    truth = np.random.default_rng(seed).integers(0, 2, cases.height).astype(float)
    known = cases.with_columns(
        state=pl.when("drawn").then(pl.lit("settled")).otherwise("state"),
        truth=pl.when(pl.col("state") == "overdue").then(pl.Series(truth)).otherwise("truth"),
    )
    unread, read = decide_cases(cases, RULE), decide_cases(known, RULE)
    for claim in CLAIMS:
        name = f"e_{claim}"
        assert getattr(unread, name) <= getattr(read, name) * (1 + 1e-9)


@pytest.mark.parametrize("claim", CLAIMS)
@pytest.mark.parametrize("cell", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_an_overdue_case_counts_as_the_champion_right_to_promote_and_the_challenger_to_roll_back(
    claim, cell
) -> None:
    champion, challenger = cell
    right = champion if claim in ("better", "not_missing_more") else challenger
    counted_as = right if champion != challenger else 0
    kept = [case(0, 1, 1), case(1, 0, 0), case(1, 1, 1)]
    unread = decide_cases(table(*kept, case(champion, challenger, state="overdue")))
    read = decide_cases(table(*kept, case(champion, challenger, counted_as)))
    assert getattr(unread, f"e_{claim}") == pytest.approx(getattr(read, f"e_{claim}"))
    assert payoff(claim, champion, challenger, counted_as) == min(
        payoff(claim, champion, challenger, y) for y in (0, 1)
    )


def expected_e(claim: str, truth: np.ndarray, chances: np.ndarray, unread: np.ndarray) -> float:
    """E[e] after two cases, exactly: over every outcome of every case.

    truth, unread: (2, 2, 2) by [champion label, challenger label, truth], the chance of a case and
    the share of the drawn ones that nobody reads; chances: (2, 2) of being drawn.
    """
    drawn = truth * chances[..., None]
    by_outcome = np.concatenate([drawn * (1 - unread), (drawn * unread).sum(2)[..., None]], axis=2)
    kinds = np.append(by_outcome.ravel(), (truth.sum(2) * (1 - chances)).sum())
    counts, ways = outcomes_of(2, 13)
    totals = log_bet_totals(
        counts[:, :12].reshape(-1, 1, 2, 2, 3),
        np.broadcast_to(chances, (len(counts), 1, 2, 2)),
        CLAIMS[claim],
        RULE.bets,
    )
    chance = ways * np.prod(kinds**counts, axis=1)
    assert chance.sum() == pytest.approx(1.0)
    return float(chance @ np.exp(log_mixture(totals)))


@settings(max_examples=25)
@given(
    st.sampled_from(sorted(CLAIMS)),
    st.floats(0.03, 1.0),
    st.floats(0.03, 1.0),
    hnp.arrays(np.float64, (2, 2, 2), elements=st.floats(0.0, 1.0)),
)
def test_no_bet_is_better_than_fair_whoever_stays_unread(claim, negative, positive, unread) -> None:
    chances = np.array([[negative, 1.0], [1.0, positive]])
    truth = on_the_edge(claim)
    everyone = np.zeros((2, 2, 2))
    assert expected_e(claim, truth, chances, everyone) == pytest.approx(1.0, abs=1e-12)
    assert expected_e(claim, truth, chances, unread) <= 1 + 1e-12


def test_a_missing_watermark_or_worst_case_would_be_seen() -> None:
    won, lost, agreed = case(0, 1, 1), case(1, 0, 1), case(1, 1, 1)
    before = decide_cases(table(won, agreed))
    for hidden in (case(0, 1, state="due"), case(0, 1, state="overdue")):
        assert decide_cases(table(won, hidden, agreed)).e_better <= before.e_better
    assert decide_cases(table(won, lost)).e_better < before.e_better
    with_later = decide_cases(table(case(0, 1, state="due"), won, won, agreed))
    assert (with_later.e_better, with_later.n_reviewed, with_later.n_later) == (1.0, 0, 3)
