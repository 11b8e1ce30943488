from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.contracts.tables import PREDICTION_FEEDBACK
from xray_assets.feedback.derive import CLAIM_OF_TYPE, feedback_type
from xray_assets.feedback.fields import ContradictoryFeedback, FeedbackRefused
from xray_assets.feedback.message import Feedback, compose


def made(**fields: Any) -> Feedback:
    return compose("r1", **{"radiologist_id": "DR001"} | fields)


@pytest.mark.parametrize("name", CLAIM_OF_TYPE)
def test_a_type_stands_for_its_truth(name: str):
    label, truth = CLAIM_OF_TYPE[name]
    feedback = made(feedback_type=name)
    assert (feedback.ground_truth, feedback.feedback_type) == (truth, name)
    assert feedback_type(label, truth) == name


def test_read_and_truth_follow_from_each_other():
    assert made(read="pneumonia").ground_truth == "PNEUMONIA"
    assert made(ground_truth="NORMAL").read == "normal"
    assert made(read="uninterpretable").ground_truth is None


def test_spelling_may_vary_and_is_stored_as_the_contract_has_it():
    feedback = made(
        feedback_type="TRUE_POSITIVE", confidence=" Needs-Review ", ground_truth="pneumonia"
    )
    assert (feedback.feedback_type, feedback.confidence, feedback.ground_truth) == (
        "true-positive",
        "needs_review",
        "PNEUMONIA",
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"feedback_type": "true-positive", "ground_truth": "NORMAL"},
        {"feedback_type": "true-negative", "read": "pneumonia"},
        {"feedback_type": "true-positive", "read": "uncertain"},
        {"read": "uncertain", "ground_truth": "NORMAL"},
        {"read": "normal", "ground_truth": "PNEUMONIA"},
    ],
)
def test_values_that_contradict_each_other_are_refused(fields: dict[str, str]):
    with pytest.raises(ContradictoryFeedback, match="contradict each other"):
        made(**fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "at least one of"),
        ({"feedback_type": "correct"}, "feedback_type must be one of true-positive"),
        ({"read": 1}, "read must be one of"),
        ({"read": "normal", "reader_role": "boss"}, "reader_role must be one of"),
        ({"read": "normal", "confidence": ""}, "confidence must be one of"),
        ({"read": "normal", "feedback_source": "fax"}, "feedback_source must be one of"),
        ({"read": "normal", "blinded": "yes"}, "blinded must be true or false"),
        ({"read": "normal", "radiologist_id": " "}, "radiologist_id must be a non-empty"),
        ({"read": "normal", "radiologist_id": "a\x07b"}, "printable"),
        ({"read": "normal", "feedback_id": "x" * 201}, "at most 200"),
        ({"read": "normal", "notes": "x" * 4001}, "at most 4000"),
        ({"read": "normal", "notes": "bell\x07"}, "printable"),
        ({"read": "normal", "notes": "half a \ud800 pair"}, "printable"),
        ({"read": "normal", "timestamp": datetime(2026, 1, 1)}, "time zone"),
        ({"read": "normal", "timestamp": datetime.now(UTC) + timedelta(days=1)}, "future"),
    ],
)
def test_a_bad_value_is_refused_with_what_to_send_instead(fields: dict[str, Any], message: str):
    with pytest.raises(FeedbackRefused, match=message):
        made(**fields)


def test_the_content_leaves_out_the_id_and_is_the_same_for_the_same_feedback():
    moment = datetime(2026, 1, 1, 1, tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=5)))
    assert (
        made(read="normal", feedback_id="a").content
        == made(ground_truth="NORMAL", feedback_id="b").content
    )
    assert (
        made(read="normal", timestamp=moment).content
        == made(read="normal", timestamp=elsewhere).content
    )
    assert made(read="normal").content != made(read="normal", notes="seen").content


def test_the_fields_are_the_columns_of_the_table():
    stored = {field.serialization_alias or name for name, field in Feedback.model_fields.items()}
    assert stored - {"claimed_type"} <= set(PREDICTION_FEEDBACK.schema.names())
    assert len(stored) == 20


@pytest.mark.parametrize("name", ["DR009", "dr009", " Dr009 ", "Ｄｒ００９"])
def test_a_reader_has_one_spelling(name: str):
    assert made(read="normal", radiologist_id=name).radiologist_id == "dr009"


def test_each_feedback_without_an_id_gets_its_own():
    assert made(read="normal").feedback_id != made(read="normal").feedback_id


@given(st.text(), st.text(), st.text())
def test_any_text_is_taken_or_refused_clearly(request_id: str, radiologist_id: str, notes: str):
    try:
        feedback = compose(request_id, radiologist_id=radiologist_id, read="normal", notes=notes)
    except FeedbackRefused:
        return
    feedback.content.encode()
    assert feedback.notes == notes
