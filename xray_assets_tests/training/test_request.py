import json

import pytest

from xray_assets.training.request import RequestError, TrainingRequest

EXTRAS = {
    "family": "keras",
    "films": "films.parquet",
    "model_name": "c.models.m",
    "tracking_uri": "sqlite:///x.db",
    "artifacts_uri": "file:///x",
    "seed": 0,
    "epochs": 2,
    "threads": 1,
    "min_auc": 0.9,
    "min_sensitivity": 0.8,
    "max_parity": 1e-5,
    "gates_cause": "test",
}


def test_a_request_survives_the_journey_through_json():
    request = TrainingRequest.from_extras({**EXTRAS, "limit": 30})
    assert TrainingRequest.from_extras(json.loads(json.dumps(request.extras()))) == request


@pytest.mark.parametrize("name", sorted(EXTRAS))
def test_a_missing_extra_is_named(name):
    with pytest.raises(RequestError, match=name):
        TrainingRequest.from_extras({key: value for key, value in EXTRAS.items() if key != name})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"family": "jax"}, "family"),
        ({"limit": 1}, "both classes"),
        ({"epochs": 0}, "epochs"),
        ({"threads": 0}, "threads"),
        ({"min_auc": 1.1}, "min_auc"),
        ({"min_sensitivity": -0.1}, "min_sensitivity"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(change, message):
    with pytest.raises(RequestError, match=message):
        TrainingRequest.from_extras(EXTRAS | change)
