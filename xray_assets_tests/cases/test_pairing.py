import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from xray_assets_tests.cases.examples import EXPERIMENT, digest, pairs, predictions, score

requests = st.lists(
    st.tuples(
        st.sampled_from("ABCDE"),
        st.sampled_from("uvwxyz"),
        st.sampled_from(["champion", "challenger"]),
    ),
    max_size=40,
)


def test_both_models_score_each_request_and_the_served_score_is_the_logged_one() -> None:
    paired = pairs(predictions([("A", "u", "champion"), ("B", "v", "challenger")]))
    for film, row in zip("uv", paired.iter_rows(named=True), strict=True):
        assert row["champion_probability"] == score(
            digest(film), EXPERIMENT.champion.artifact_sha256
        )
        assert row["challenger_probability"] == score(
            digest(film), EXPERIMENT.challenger.artifact_sha256
        )


def test_each_label_follows_its_own_models_threshold() -> None:
    paired = pairs(
        predictions([(patient, film, "champion") for patient in "ABC" for film in "uvw"])
    )
    for role in ("champion", "challenger"):
        expected = (paired[f"{role}_probability"] >= getattr(EXPERIMENT, role).threshold).cast(
            pl.Int32
        )
        assert paired[f"{role}_label"].to_list() == expected.to_list()


def test_a_patients_first_request_is_the_case() -> None:
    paired = pairs(
        predictions([("A", "u", "champion"), ("B", "v", "champion"), ("A", "w", "champion")])
    )
    assert paired["is_case"].to_list() == [True, True, False]


def test_a_failed_shadow_score_is_missing_and_the_patients_next_request_is_the_case() -> None:
    paired = pairs(
        predictions([("A", "u", "champion"), ("A", "v", "champion")]), lost=frozenset("u")
    )
    assert paired["challenger_label"].is_null().to_list() == [True, False]
    assert paired["is_case"].to_list() == [False, True]


def test_refused_requests_and_mixed_batches_are_no_cases() -> None:
    rows = predictions(
        [("A", "u", "champion"), ("B", "v", "champion"), ("C", "w", "champion")]
    ).with_columns(
        status_code=pl.Series([503, 200, 200], dtype=pl.Int32),
        case_key=pl.Series([digest("A"), None, digest("C")]),
    )
    assert pairs(rows)["request_id"].to_list() == ["r000003"]


def test_only_clinical_requests_are_paired() -> None:
    rows = predictions([(patient, "u", "champion") for patient in "ABCD"]).with_columns(
        purpose=pl.Series(["trial", "verification", "clinical", "simulation"])
    )
    assert pairs(rows)["request_id"].to_list() == ["r000003"]


def test_requests_of_another_experiment_never_count() -> None:
    rows = predictions([("A", "u", "champion")]).with_columns(experiment_id=pl.lit("another"))
    assert pairs(rows).is_empty()


@given(requests, st.integers(0, 40))
def test_pairing_in_two_batches_marks_the_same_firsts_as_in_one(
    logged: list[tuple[str, str, str]], cut: int
) -> None:
    rows = predictions(logged)
    whole = pairs(rows)
    first = pairs(rows.head(cut))
    second = pairs(rows.slice(cut), seen=first)
    assert pl.concat([first, second]).equals(whole)


@given(requests)
def test_there_is_one_case_a_patient(logged: list[tuple[str, str, str]]) -> None:
    cases = pairs(predictions(logged)).filter("is_case")
    assert (
        cases["case_key"].n_unique() == cases.height == len({patient for patient, _, _ in logged})
    )
