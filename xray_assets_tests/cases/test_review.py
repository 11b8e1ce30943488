from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.cases.counts import ROLES, UnrecordedConfig, paired_counts
from xray_assets.cases.decision import served_correct
from xray_assets.cases.review import batch_counts, ledger, review
from xray_assets.contracts.tables import REVIEWED_CASES, REVIEWED_COUNTS
from xray_assets.promotion import PairedCounts, PromotionRule
from xray_assets.promotion.counts.uncertainty_bands import n_strata
from xray_assets_tests.cases.examples import pairs, predictions, reads

RULE = PromotionRule()
THREE_A_BATCH = PromotionRule(reviews_per_batch=3)
SHARES = dict.fromkeys(range(100), 0.5)
NO_CHANCE = pl.lit(None, pl.Float64).alias("chance")
WORLD = pairs(
    predictions([(patient, patient + film, "champion") for film in "uv" for patient in "ABCDEFGH"])
)
CASES = WORLD.filter("is_case")
DRAWN = WORLD.with_columns(NO_CHANCE)
MIXED = pairs(
    predictions(
        [(patient, patient, role) for patient, role in zip("ABCDEFGH", ROLES * 4, strict=True)]
    )
).with_columns(NO_CHANCE)
MIXED_CASES = MIXED.filter("is_case")
answers = st.lists(
    st.tuples(
        st.sampled_from(CASES["request_id"].to_list()), st.sampled_from(["DR1", "DR2"]),
        st.sampled_from(["pneumonia", "normal", "uncertain"]),
    ),
    max_size=30,
)  # fmt: skip


def review_of(
    feedback: pl.DataFrame, known: pl.DataFrame | None = None, cases: pl.DataFrame = CASES
) -> pl.DataFrame:
    known = REVIEWED_CASES.empty() if known is None else known
    ranks = known["review_rank"].to_list()
    return review(cases, feedback, known, next_rank=max(ranks, default=-1) + 1)


def counts_of(cases: pl.DataFrame, rule: PromotionRule = RULE) -> PairedCounts:
    """The counts of reviewed cases, rebuilt from nothing."""
    return paired_counts(batch_counts(cases, rule), ledger(DRAWN), challenger_share=SHARES)


def test_a_read_of_the_case_gives_it_a_truth() -> None:
    first, second = CASES["request_id"].to_list()[:2]
    rows = review_of(reads([(first, "DR1", "pneumonia"), (second, "DR1", "normal")], CASES)).sort(
        "request_id"
    )
    assert rows.select("request_id", "truth", "review_rank").rows() == [
        (first, 1, 0),
        (second, 0, 1),
    ]


def test_a_later_answer_of_the_same_reader_replaces_the_earlier_and_keeps_the_rank() -> None:
    case = CASES["request_id"][0]
    rows = review_of(reads([(case, "DR1", "pneumonia"), (case, "DR1", "normal")], CASES))
    assert rows.select("truth", "n_readers", "review_rank").rows() == [(0, 1, 0)]


def test_a_correction_that_removes_the_consensus_removes_the_truth_and_not_the_case() -> None:
    case = CASES["request_id"][0]
    rows = review_of(reads([(case, "DR1", "pneumonia"), (case, "DR2", "normal")], CASES))
    assert rows["truth"].to_list() == [None]


def test_an_unblinded_read_counts_only_from_an_even_split() -> None:
    answer = [(CASES["request_id"][0], "DR1", "pneumonia")]
    uneven = CASES.with_columns(is_even_split=pl.lit(False))
    assert review_of(reads(answer, CASES, blinded=False)).height == 1
    assert review_of(reads(answer, CASES, blinded=False), cases=uneven).is_empty()
    assert review_of(reads(answer, CASES, blinded=True), cases=uneven).height == 1


@given(answers, st.integers(0, 30))
def test_settling_in_two_steps_gives_the_same_cases_as_a_rebuild(
    answered: list[tuple[str, str, str]], cut: int
) -> None:
    feedback = reads(answered, CASES)
    first = review_of(feedback.head(cut))
    touched = feedback.slice(cut)["prediction_id"].unique().implode()
    again = review_of(feedback.filter(pl.col("prediction_id").is_in(touched)), known=first)
    kept = first.filter(~pl.col("request_id").is_in(again["request_id"].implode()))
    assert (
        pl.concat([kept, again]).sort("request_id").equals(review_of(feedback).sort("request_id"))
    )


@given(st.integers(0, WORLD.height))
def test_the_ledger_of_two_batches_adds_up_to_the_ledger_of_one(cut: int) -> None:
    parts = pl.concat([ledger(DRAWN.head(cut)), ledger(DRAWN.slice(cut))])
    empty = REVIEWED_COUNTS.empty()
    whole = paired_counts(empty, ledger(DRAWN), challenger_share=SHARES)
    added = paired_counts(empty, parts, challenger_share=SHARES)
    assert np.array_equal(whole.scored, added.scored)
    assert np.array_equal(whole.served, added.served)
    assert whole.scored.sum() == CASES.height


def test_counts_hold_each_reviewed_case_once_in_its_cell() -> None:
    answered = [(case, "DR1", "pneumonia") for case in CASES["request_id"]]
    counts = counts_of(review_of(reads(answered, CASES)))
    assert counts.reviewed.sum() == CASES.height
    assert np.array_equal(counts.reviewed[..., 1], counts.scored)


def test_finished_batches_hold_their_cases_in_order_of_review() -> None:
    answered = [(case, "DR1", "normal") for case in CASES["request_id"]]
    counts = counts_of(review_of(reads(answered, CASES)), THREE_A_BATCH)
    assert counts.batches is not None
    assert counts.batches.sum(axis=(1, 2, 3, 4)).tolist() == [3, 3]


def case_by_case(cases: pl.DataFrame, size: int) -> tuple[np.ndarray, np.ndarray]:
    """What reviewed and batches have to be, counted in the plainest way."""
    settled = cases.filter(pl.col("truth").is_not_null()).to_dicts()
    last = max((case["review_rank"] // size for case in settled), default=0)
    batches = np.zeros((last + 1, n_strata(), 2, 2, 2), np.int64)
    for case in settled:
        cell = (case["stratum"], case["champion_label"], case["challenger_label"], case["truth"])
        batches[(case["review_rank"] // size, *cell)] += 1
    return batches.sum(axis=0), batches[:-1]


def after_each_run(deliveries: list[pl.DataFrame], rule: PromotionRule) -> pl.DataFrame:
    """gold.reviewed_counts as runs on one delivery after the other keep it: only batches that a
    settled case lies in are summed up again.
    """
    cases, counts = REVIEWED_CASES.empty(), REVIEWED_COUNTS.empty()
    feedback = deliveries[0].clear()
    for delivery in deliveries:
        feedback = pl.concat([feedback, delivery])
        touched = pl.col("prediction_id").is_in(delivery["prediction_id"].unique().implode())
        settled = review_of(feedback.filter(touched), known=cases)
        cases = pl.concat([cases.join(settled, on="request_id", how="anti"), settled])
        batch = pl.col("review_rank") // rule.reviews_per_batch
        again = settled.select(batch).to_series().unique().implode()
        summed = batch_counts(cases.filter(batch.is_in(again)), rule)
        counts = pl.concat([counts.join(summed, on="batch", how="anti"), summed])
    return counts


@given(answers, st.lists(st.integers(0, 30), max_size=3))
def test_counts_kept_run_by_run_are_those_of_a_rebuild_also_after_corrections(
    answered: list[tuple[str, str, str]], cuts: list[int]
) -> None:
    feedback = reads(answered, CASES)
    edges = [0, *sorted(cuts), 30]
    deliveries = [feedback.slice(a, b - a) for a, b in pairwise(edges)]
    kept = after_each_run(deliveries, THREE_A_BATCH)
    counts = paired_counts(kept, ledger(DRAWN), challenger_share=SHARES)
    reviewed, batches = case_by_case(review_of(feedback), 3)
    assert np.array_equal(counts.reviewed, reviewed)
    assert counts.batches is not None
    assert np.array_equal(counts.batches, batches)


def test_a_withdrawn_truth_leaves_the_batch_that_it_was_counted_in() -> None:
    first, *others = CASES["request_id"].to_list()
    early = reads([(case, "DR1", "normal") for case in (first, *others)], CASES)
    correction = reads([(first, "DR1", "uncertain")], CASES, first=100)
    before = after_each_run([early], THREE_A_BATCH)
    after = after_each_run([early, correction], THREE_A_BATCH)
    totals = [rows.sort("batch")["counts"].list.sum().to_list() for rows in (before, after)]
    assert totals == [[3, 3, 2], [2, 3, 2]]


@given(answers)
def test_served_correct_follows_the_model_that_served_each_case(
    answered: list[tuple[str, str, str]],
) -> None:
    cases = review_of(reads(answered, MIXED_CASES), cases=MIXED_CASES)
    counted = batch_counts(cases, RULE)
    reviewed = paired_counts(counted, ledger(MIXED), challenger_share=SHARES).reviewed
    expected = np.zeros((2, 2), np.int64)
    for case in cases.filter(pl.col("truth").is_not_null()).iter_rows(named=True):
        arm = ("champion", "challenger").index(case["served_arm"])
        expected[arm, int(case[f"{case['served_arm']}_label"] == case["truth"])] += 1
    assert np.array_equal(served_correct(reviewed), expected)


def test_traffic_under_an_unrecorded_config_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(UnrecordedConfig, match="materialize gold/endpoint_config"):
        paired_counts(REVIEWED_COUNTS.empty(), ledger(DRAWN), challenger_share={})
