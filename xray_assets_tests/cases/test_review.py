import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.cases.counts import UnrecordedConfig, paired_counts
from xray_assets.cases.review import ledger, review
from xray_assets.statistics.promotion import PromotionRule
from xray_assets.table_contracts import REVIEWED_CASES
from xray_assets_tests.cases.examples import pairs, predictions, reads

RULE = PromotionRule()
SHARES = dict.fromkeys(range(100), 0.5)
WORLD = pairs(
    predictions([(patient, patient + film, "champion") for film in "uv" for patient in "ABCDEFGH"])
)
CASES = WORLD.filter("is_case")
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
    last = known["review_rank"].max()
    return review(cases, feedback, known, next_rank=0 if last is None else last + 1)


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
    parts = pl.concat([ledger(WORLD.head(cut)), ledger(WORLD.slice(cut))])
    empty = REVIEWED_CASES.empty()
    whole = paired_counts(empty, ledger(WORLD), challenger_share=SHARES, rule=RULE)
    added = paired_counts(empty, parts, challenger_share=SHARES, rule=RULE)
    assert np.array_equal(whole.scored, added.scored)
    assert np.array_equal(whole.served, added.served)
    assert whole.scored.sum() == CASES.height


def test_counts_hold_each_reviewed_case_once_in_its_cell() -> None:
    answered = [(case, "DR1", "pneumonia") for case in CASES["request_id"]]
    counts = paired_counts(
        review_of(reads(answered, CASES)), ledger(WORLD), challenger_share=SHARES, rule=RULE
    )
    assert counts.reviewed.sum() == CASES.height
    assert np.array_equal(counts.reviewed[..., 1], counts.scored)


def test_finished_segments_hold_their_cases_in_order_of_review() -> None:
    answered = [(case, "DR1", "normal") for case in CASES["request_id"]]
    rule = PromotionRule(reviews_per_segment=3)
    counts = paired_counts(
        review_of(reads(answered, CASES)), ledger(WORLD), challenger_share=SHARES, rule=rule
    )
    assert counts.segments is not None
    assert counts.segments.sum(axis=(1, 2, 3, 4)).tolist() == [3, 3]


def test_traffic_under_an_unrecorded_config_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(UnrecordedConfig, match="materialize gold/endpoint_config"):
        paired_counts(REVIEWED_CASES.empty(), ledger(WORLD), challenger_share={}, rule=RULE)
