from typing import Any

import pytest
from pydantic import ValidationError

from xray_assets.serving.control.bodies import ConfigBody
from xray_assets.serving.control.config_document import EndpointConfig
from xray_assets.serving.control.config_document import parse_config as of_body
from xray_assets.web.refusals import InvalidParameter
from xray_assets_tests.serving.server_process import ab_config, served_entity

A, B = "a" * 64, "b" * 64


def parse_config(sent: Any, *, config_version: int) -> EndpointConfig:
    return of_body(ConfigBody.model_validate(sent), config_version=config_version)


def test_a_config_is_champion_then_challenger_in_whatever_order_it_comes() -> None:
    sent = ab_config(A, B, share=70)
    sent["served_entities"].reverse()
    config = parse_config(sent, config_version=3)
    assert [entity.role for entity in config.entities] == ["champion", "challenger"]
    assert [entity.traffic_percentage for entity in config.entities] == [30, 70]
    assert [entity.artifact_sha256 for entity in config.entities] == [A, B]
    assert config.experiment_id == "exp-1"


def test_a_plain_databricks_body_needs_no_environment_and_no_names() -> None:
    body = {
        "served_entities": [
            {"entity_name": "cat.models.one", "entity_version": "4"},
            {"entity_name": "cat.models.two", "entity_version": 1},
        ]
    }
    config = parse_config(body, config_version=1)
    assert [entity.name for entity in config.entities] == ["one-4", "two-1"]
    assert [entity.role for entity in config.entities] == ["champion", "challenger"]
    assert [entity.traffic_percentage for entity in config.entities] == [100, 0]
    assert config.experiment_id is None


def changed(**entity: Any) -> dict[str, Any]:
    body = ab_config(A, B)
    body["served_entities"][0].update(entity)
    return body


def routed(*routes: Any) -> dict[str, Any]:
    return {**ab_config(A, B), "traffic_config": {"routes": list(routes)}}


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"served_entities": []},
        {"served_entities": [served_entity(n, "champion", A) for n in range(1, 4)]},
        {"served_entities": [1]},
        changed(name="film_mean-2"),
        changed(name="line\nbreak"),
        changed(name="x" * 300),
        changed(entity_name=None),
        changed(entity_name="--evil"),
        changed(entity_version="latest"),
        changed(entity_version=True),
        changed(environment_vars={"XRAY_ARTIFACT_SHA256": "abc"}),
        changed(environment_vars={"XRAY_ROLE": "king"}),
        changed(environment_vars={"XRAY_EXPERIMENT_ID": "other", "XRAY_ROLE": "champion"}),
        changed(environment_vars={"XRAY_EXPERIMENT_ID": "exp-1", "XRAY_ROLE": "challenger"}),
        changed(environment_vars=[]),
        routed({"served_entity_name": "film_mean-1", "traffic_percentage": 99}),
        routed({"served_entity_name": "film_mean-9", "traffic_percentage": 100}),
        routed({"served_entity_name": "film_mean-1", "traffic_percentage": 50.0}),
        routed({"served_entity_name": "film_mean-1", "traffic_percentage": 110}),
        routed(*[{"served_entity_name": "film_mean-1", "traffic_percentage": 50}] * 2),
        routed(7),
        {**ab_config(A, B), "traffic_config": {"routes": "all"}},
    ],
)
def test_a_wrong_config_is_refused(body: Any) -> None:
    with pytest.raises((InvalidParameter, ValidationError)):
        parse_config(body, config_version=1)
