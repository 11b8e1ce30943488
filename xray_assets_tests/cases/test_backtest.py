"""A candidate judged on past feedback, as a pure function."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.cases.backtest import backtest, reviewed_films
from xray_assets.reasons import codes_of
from xray_assets.rollout.candidates import Candidate

CHAMPION = Candidate("c.models.one", 1, "a" * 64, 0.5)
CANDIDATE = Candidate("c.models.two", 3, "b" * 64, 0.3)


def films(truths: list[int]) -> pl.DataFrame:
    return pl.DataFrame(
        {"image_sha256": [f"film{n}" for n in range(len(truths))], "truth": truths},
        schema={"image_sha256": pl.String, "truth": pl.Int32},
    )


def scores(champion: list[float | None], candidate: list[float | None]):
    return {
        (f"film{n}", model.artifact_sha256): score
        for model, given_scores in ((CHAMPION, champion), (CANDIDATE, candidate))
        for n, score in enumerate(given_scores)
        if score is not None
    }


@given(
    st.lists(
        st.tuples(
            st.integers(0, 1),
            st.none() | st.floats(0, 1),
            st.none() | st.floats(0, 1),
        ),
        max_size=250,
    )
)
def test_every_film_that_both_models_scored_is_counted_once_in_its_cell(cases) -> None:
    truths, champion, candidate = ([case[n] for case in cases] for n in range(3))
    result = backtest(films(truths), scores(champion, candidate), CHAMPION, CANDIDATE)
    expected = np.zeros((1, 2, 2, 2), int)
    for truth, one, other in cases:
        if one is not None and other is not None:
            expected[0, int(one >= 0.5), int(other >= 0.3), truth] += 1
    assert result.counts.reviewed.tolist() == expected.tolist()
    assert (result.n_films, result.n_scored) == (len(cases), expected.sum())
    assert result.counts.batches is not None
    assert result.counts.batches.sum() == expected.sum() // 100 * 100


def test_a_better_candidate_passes_and_a_worse_one_does_not() -> None:
    truths = [n % 2 for n in range(200)]
    right = [0.9 if truth else 0.1 for truth in truths]
    wrong_at_times = [1 - p if n % 5 == 0 else p for n, p in enumerate(right)]
    better = backtest(films(truths), scores(wrong_at_times, right), CHAMPION, CANDIDATE)
    worse = backtest(films(truths), scores(right, wrong_at_times), CHAMPION, CANDIDATE)
    assert better.passed and str(better.report.decision.verdict) == "PROMOTE"
    assert not worse.passed and str(worse.report.decision.verdict) == "ROLLBACK"


def test_an_equal_candidate_passes_because_nothing_speaks_against_it() -> None:
    truths = [n % 2 for n in range(200)]
    probabilities: list[float | None] = [0.9 if truth else 0.1 for truth in truths]
    result = backtest(films(truths), scores(probabilities, probabilities), CHAMPION, CANDIDATE)
    assert result.passed and str(result.report.decision.verdict) == "KEEP_TESTING"


def test_too_few_films_are_no_pass() -> None:
    truths = [n % 2 for n in range(29)]
    probabilities: list[float | None] = [0.9 if truth else 0.1 for truth in truths]
    result = backtest(films(truths), scores(probabilities, probabilities), CHAMPION, CANDIDATE)
    assert not result.passed
    assert "too_few_reviewed" in codes_of(result.reasons)


def test_a_patient_counts_once_with_the_first_film_and_only_with_a_truth() -> None:
    reviewed = pl.DataFrame(
        {
            "request_id": ["r3", "r1", "r2", "r4"],
            "case_key": ["p", "p", "q", "s"],
            "truth": [0, 1, None, 0],
        }
    )
    predictions = pl.DataFrame(
        {
            "request_id": ["r1", "r2", "r3", "r4"],
            "image_sha256": ["one", "two", "three", None],
        }
    )
    assert reviewed_films(reviewed, predictions).rows() == [("one", 1)]
