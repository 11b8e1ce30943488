"""What is counted of cases, which tables of cases are taken, and which are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from xray_assets.promotion import (
    PairedCounts,
    PromotionRule,
    Verdict,
    case_counts,
    decide,
    decide_cases,
    report,
)
from xray_assets.promotion.rules import VERSION_1, VERSION_2
from xray_assets_tests.promotion.made_cases import SCHEMA, case, table

WON = [case(0, 1, 1), case(1, 0, 0, by_challenger=True)]
AGREED = [case(1, 1, 1), case(0, 0, 0, by_challenger=True)]
UNDRAWN = [case(1, 1, state="not_drawn"), case(0, 0, state="not_drawn")]
BETTER = table(*(WON * 20 + AGREED * 5 + UNDRAWN * 95))


def test_a_challenger_that_wins_the_disagreements_is_promoted() -> None:
    decision = decide_cases(BETTER)
    assert decision.verdict is Verdict.PROMOTE
    assert (decision.n_scored, decision.n_reviewed) == (240, 50)
    assert (decision.rule_version, decision.backlog) == ("3", 0.0)


def test_counts_say_what_became_of_each_drawn_case() -> None:
    counts = case_counts(
        table(
            *WON,
            case(1, 1, 1, by_challenger=True),
            case(0, 1, state="uninterpretable"),
            case(1, 0, state="overdue"),
            case(0, 0, state="not_drawn"),
            case(0, 0, 1, chance=0.5),
            case(0, 1, state="due"),
            case(0, 1, 1),
            case(0, 1, state="overdue"),
        ),
        PromotionRule(reviews_per_batch=2),
        served=[[6, 4]],
        split=[0.5],
    )
    assert counts.propensities is not None
    assert counts.propensities[:, 0, 0].tolist() == [0.05, 0.5, 1.0]
    assert counts.reviewed.sum(axis=0).tolist() == [[[0, 1], [0, 1]], [[1, 0], [0, 1]]]
    assert counts.overdue.tolist()[2] == [[0, 0], [1, 0]]
    assert counts.uninterpretable.tolist()[2] == [[0, 1], [0, 0]]
    assert counts.scored.sum(axis=0).tolist() == [[2, 5], [2, 1]]
    assert counts.batches.sum(axis=(1, 2, 3, 4)).tolist() == [2, 1]
    assert counts.overdue_batches.sum(axis=(1, 2, 3)).tolist() == [0, 1]
    assert counts.served_correct.tolist() == [[2, 0], [0, 2]]
    assert counts.n_later == 1
    assert decide(counts).e_sample_ratio < 1


def test_promotion_waits_while_too_many_drawn_disagreements_have_no_truth() -> None:
    agreed = AGREED * 5
    twentieth = table(*(WON * 19), *agreed, *[case(0, 1, state="overdue")] * 2)
    assert decide_cases(twentieth).backlog == pytest.approx(0.05)
    assert decide_cases(twentieth).verdict is Verdict.PROMOTE
    more = decide_cases(table(*(WON * 19), *agreed, *[case(0, 1, state="overdue")] * 3))
    assert (more.verdict, more.reason_codes) == (Verdict.KEEP_TESTING, ("backlog",))
    assert "7.3%" in more.reasons[0].sentence
    agreements = [case(1, 1, state="overdue")] * 9
    assert decide_cases(table(*(WON * 19), *agreed, *agreements)).verdict is Verdict.PROMOTE
    left = [case(0, 1, state="uninterpretable")] * 20
    assert decide_cases(table(*(WON * 19), *agreed, *left)).verdict is Verdict.PROMOTE
    thinned = table(*(WON * 19), *agreed, *left, *[case(0, 1, state="overdue")] * 3)
    assert decide_cases(thinned).backlog == more.backlog


def test_a_challenger_that_turns_worse_is_seen_in_scoring_order() -> None:
    lost = [case(1, 0, 1), case(0, 1, 0)]
    turned = decide_cases(table(*(WON * 60 + AGREED * 5 + lost * 45)))
    assert {"recent_evidence", "advantage_lost"} <= set(turned.reason_codes)
    mixed = decide_cases(table(*(lost * 10 + WON * 60 + AGREED * 5)))
    assert mixed.verdict is Verdict.PROMOTE
    unread = decide_cases(table(*(WON * 60 + AGREED * 5), *[case(0, 1, state="overdue")] * 50))
    assert "advantage_lost" in unread.reason_codes
    assert unread.recent_evidence < 100  # as little as that says for ROLLBACK


@pytest.mark.parametrize(
    "cases",
    [
        BETTER.to_pandas(),
        BETTER.to_dict(as_series=False),
        BETTER.to_dicts(),
        {name: BETTER[name].to_numpy() for name in BETTER.columns},
        BETTER.to_pandas().astype({"state": "category", "champion_label": float}),
        BETTER.with_columns(pl.col("truth").cast(pl.Float32).fill_null(float("nan"))),
        BETTER.with_columns(pl.col("truth", "champion_label", "challenger_label").cast(pl.Boolean)),
        BETTER.with_columns(pl.col("drawn", "served_challenger").cast(pl.UInt8)),
        BETTER.with_columns(pl.col("state").cast(pl.Categorical)).select(*SCHEMA, extra=1),
        pd.DataFrame(BETTER.to_dicts(), dtype=object),
        {name: BETTER.to_pandas()[name].to_numpy(dtype=object) for name in BETTER.columns},
        BETTER.reverse().to_dicts()[::-1],
    ],
)
def test_any_table_of_the_same_cases_gives_the_same_decision(cases) -> None:
    assert decide_cases(cases) == decide_cases(BETTER)


@pytest.mark.parametrize("cases", [[], {}, BETTER.clear(), {name: [] for name in SCHEMA}])
def test_no_cases_are_no_verdict(cases) -> None:
    decision = decide_cases(cases)
    assert (decision.verdict, decision.n_scored) == (Verdict.KEEP_TESTING, 0)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"chance": 0.0}, r"chance must lie in \(0, 1\]: row 1 of 2"),
        ({"chance": 1.5}, "chance must lie in"),
        ({"chance": float("nan")}, "chance must lie in"),
        ({"chance": None}, "chance must not be null: row 1"),
        ({"chance": "often"}, "chance must be Float64"),
        ({"state": "lost"}, "settled, due, overdue, uninterpretable, not_drawn.*lost"),
        ({"state": "not_drawn"}, "not_drawn though the case was drawn: row 1"),
        ({"truth": None}, "truth is null though the case is settled: row 1"),
        ({"truth": 2}, "truth must be 0, 1 or null: row 1"),
        ({"champion_label": 0.5}, "champion_label must be 0 or 1"),
        ({"challenger_label": None}, "challenger_label must not be null"),
        ({"drawn": None}, "drawn must not be null"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_column(changed, message: str) -> None:
    rows = {name: [value, changed.get(name, value)] for name, value in WON[0].items()}
    with pytest.raises(ValueError, match=message):
        decide_cases(rows)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ValueError, match="need the columns chance, state"):
        decide_cases(BETTER.drop("chance", "state"))


@pytest.mark.parametrize("older", [VERSION_1, VERSION_2])
def test_rules_that_count_by_band_refuse_cases_without_one(older) -> None:
    with pytest.raises(ValueError, match=f"version {older.version} .* uncertainty band"):
        decide_cases(BETTER, older)


def test_counts_without_logged_chances_are_refused_unless_every_case_was_drawn() -> None:
    counts = case_counts(BETTER)
    plain = {"served": counts.served, "split": counts.split, "reviewed": counts.reviewed}
    with pytest.raises(ValueError, match="needs the logged chance"):
        decide(PairedCounts(**plain, scored=counts.scored))
    assert decide(PairedCounts(**plain, scored=counts.reviewed.sum(axis=3))).n_reviewed == 50


def test_a_report_weighs_by_logged_chances_and_bounds_what_nobody_read() -> None:
    counts = case_counts(BETTER)
    shown = report(counts)
    champion = shown.champion
    assert champion.naive_accuracy.value == pytest.approx(10 / 50)
    assert champion.corrected_accuracy.value == pytest.approx(200 / 240)  # 10 x 20 of 40 + 10 x 20
    assert shown.challenger.corrected_accuracy.value == 1.0
    assert 10 < champion.corrected_accuracy.n < 50
    assert shown.review_next is None
    assert not shown.differences.approximate
    assert shown.classical is not None
    assert shown.classical.n == (25, 25)
    assert report(counts, served_correct=[[1, 2], [3, 4]]).classical.n == (3, 7)
    unread = report(case_counts(pl.concat([BETTER, table(case(1, 1, state="overdue"))])))
    for figure in ("naive_accuracy", "corrected_accuracy"):
        seen, bounded = getattr(champion, figure), getattr(unread.champion, figure)
        assert (bounded.value, bounded.n) == (seen.value, seen.n)
        assert bounded.low < seen.low < seen.high < bounded.high
    seen, bounded = champion.naive_sensitivity, unread.champion.naive_sensitivity
    assert bounded.low == seen.low  # what the champion calls positive it does not miss
    assert np.array(unread.overdue)[0, 1, 1] == 1
    low = unread.differences.accuracy.low
    assert low <= shown.differences.accuracy.low <= shown.differences.accuracy.value
