import json

import pytest

from xray_assets.training.request import RequestError, TrainingRequest

EXTRAS = {
    "family": "keras",
    "films": "films.parquet",
    "model_name": "c.models.m",
    "tracking_uri": "sqlite:///x.db",
    "artifacts_uri": "file:///x",
    "plan": {"epochs": 2},
}


def test_a_request_survives_the_journey_through_json():
    request = TrainingRequest.from_extras({**EXTRAS, "plan": {"train_limits": {"keras": 30}}})
    assert TrainingRequest.from_extras(json.loads(json.dumps(request.extras()))) == request


@pytest.mark.parametrize("name", sorted(EXTRAS))
def test_a_missing_extra_is_named(name):
    with pytest.raises(RequestError, match=name):
        TrainingRequest.from_extras({key: value for key, value in EXTRAS.items() if key != name})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"family": "jax"}, "family"),
        ({"plan": {"train_limits": {"keras": 1}}}, "train_limits"),
        ({"plan": {"train_limits": {"jax": 30}}}, "no family jax: take keras, pytorch"),
        ({"plan": {"epochs": 0}}, "epochs"),
        ({"plan": {"batch_size": 0}}, "batch_size"),
        ({"plan": {"gate_min_auc": 1.1}}, "gate_min_auc"),
        ({"plan": {"surprise": 1}}, "surprise"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(change, message):
    with pytest.raises(RequestError, match=message):
        TrainingRequest.from_extras(EXTRAS | change)
