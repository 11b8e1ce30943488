"""The daily summary from a day's number of answers and its reviewed predictions alone."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.cases.performance import LIVE_COLUMNS, performance, summary
from xray_assets_tests.cases.examples import predictions, reads

LOGGED = predictions(
    [
        (patient, patient + film, role)
        for film, role in (("u", "champion"), ("v", "challenger"))
        for patient in "ABCDEF"
    ]
)
WITH_REFUSED = LOGGED.with_columns(
    status_code=LOGGED["log_position"].replace_strict({3: 503, 9: 400}, default=200)
).cast({"status_code": LOGGED.schema["status_code"]})
answers = st.lists(
    st.tuples(
        st.sampled_from(LOGGED["request_id"].to_list()),
        st.sampled_from(["DR1", "DR2"]),
        st.sampled_from(["pneumonia", "normal", "uncertain"]),
    ),
    max_size=20,
)


@given(answers)
def test_totals_and_the_read_predictions_give_the_summary_of_all_predictions(
    answered: list[tuple[str, str, str]],
) -> None:
    feedback = reads(answered, LOGGED)
    whole = performance(WITH_REFUSED.select(LIVE_COLUMNS), feedback)
    is_read = WITH_REFUSED["request_id"].is_in(feedback["prediction_id"].implode())
    read = performance(WITH_REFUSED.filter(is_read).select(LIVE_COLUMNS), feedback)
    totals = (
        WITH_REFUSED.filter(WITH_REFUSED["status_code"] == 200)
        .group_by("served_model_name", "date")
        .len("total_predictions")
    )
    assert summary(read, totals).equals(summary(whole))


def test_what_is_no_clinical_request_has_no_row_of_performance() -> None:
    trial = LOGGED.with_columns(purpose=pl.lit("trial")).select(LIVE_COLUMNS)
    assert performance(trial, reads([("r000001", "DR1", "normal")], LOGGED)).is_empty()
