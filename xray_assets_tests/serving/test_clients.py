"""Unmodified clients: databricks-sdk, mlflow.deployments, plain HTTP."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from xray_assets.resources.serving.endpoint import ModelServing
from xray_assets.rollout.served import EndpointMismatch, ServedEntity
from xray_assets_tests.serving.server_process import (
    ENDPOINT,
    MODEL,
    Server,
    ab_config,
    film_base64,
    served_entity,
)

sdk = pytest.importorskip("databricks.sdk")


@pytest.fixture
def no_databricks_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", "/nonexistent")


@pytest.fixture
def workspace(shared_server: Server, no_databricks_config: None) -> Iterator[Any]:
    yield workspace_of(shared_server)


def workspace_of(server: Server) -> Any:
    from databricks.sdk.config import Config

    config = Config(host=server.url, token=server.token, retry_timeout_seconds=60)
    return sdk.WorkspaceClient(config=config)


def test_the_sdk_reads_and_lists_the_endpoint(workspace: Any) -> None:
    endpoint = workspace.serving_endpoints.get(ENDPOINT)
    assert endpoint.state.ready.value == "READY"
    assert endpoint.state.config_update.value == "NOT_UPDATING"
    assert [entity.name for entity in endpoint.config.served_entities] == [
        "film_mean-1",
        "film_mean-2",
    ]
    assert {
        r.served_model_name: r.traffic_percentage for r in endpoint.config.traffic_config.routes
    } == {
        "film_mean-1": 50,
        "film_mean-2": 50,
    }
    assert endpoint.config.config_version == 1
    assert ENDPOINT in [one.name for one in workspace.serving_endpoints.list()]


def test_the_sdk_queries_in_every_format(workspace: Any) -> None:
    from databricks.sdk.service.serving import DataframeSplitInput

    image = film_base64(1)
    answers = [
        workspace.serving_endpoints.query(ENDPOINT, **body)
        for body in (
            {"dataframe_records": [{"image": image, "patient_id": "p"}]},
            {
                "dataframe_split": DataframeSplitInput(
                    columns=["image", "patient_id"], data=[[image, "p"]]
                )
            },
            {"inputs": {"image": [image], "patient_id": ["p"]}},
            {"instances": [{"image": image, "patient_id": "p"}]},
        )
    ]
    assert len({(answer.served_model_name, tuple(answer.predictions)) for answer in answers}) == 1


def test_the_sdk_gives_the_ids_that_attribution_needs(
    workspace: Any, shared_server: Server
) -> None:
    answer = workspace.api_client.do(
        "POST",
        f"/serving-endpoints/{ENDPOINT}/invocations",
        body={"inputs": [film_base64(2)], "client_request_id": "mine-1"},
        headers={"Content-Type": "application/json"},
        response_headers=["databricks-request-id", "served-model-name", "x-databricks-request-id"],
    )
    request_id = answer["databricks-request-id"]
    assert request_id == answer["x-databricks-request-id"]
    assert answer["databricks_output"] == {"databricks_request_id": request_id}
    row = shared_server.log.find(request_id)
    assert row is not None
    assert len(row["client_request_id"]) == 64  # keyed: clients put patients' ids there
    assert row["served_model_name"] == answer["served-model-name"]
    assert [row["prediction"]] == answer["predictions"]


def test_the_sdk_names_errors(workspace: Any) -> None:
    from databricks.sdk import errors

    with pytest.raises(errors.ResourceDoesNotExist):
        workspace.serving_endpoints.get("nothing")
    with pytest.raises(errors.ResourceDoesNotExist):
        workspace.serving_endpoints.query("nothing", inputs=["A"])
    with pytest.raises(errors.BadRequest, match="base64"):
        workspace.serving_endpoints.query(ENDPOINT, inputs=["%"])
    with pytest.raises(errors.ResourceAlreadyExists):
        workspace.serving_endpoints.create(ENDPOINT)


def test_the_sdk_creates_changes_and_deletes(workspace: Any, shared_server: Server) -> None:
    from databricks.sdk import errors
    from databricks.sdk.service.serving import (
        AiGatewayInferenceTableConfig,
        EndpointCoreConfigInput,
        EndpointTag,
        Route,
        ServedEntityInput,
        TrafficConfig,
    )

    name, endpoints = "made-by-sdk", workspace.serving_endpoints
    champion, challenger = shared_server.digests
    first = ServedEntityInput.from_dict(served_entity(1, "champion", champion))
    second = ServedEntityInput.from_dict(served_entity(2, "challenger", challenger))
    created = endpoints.create_and_wait(
        name,
        config=EndpointCoreConfigInput(name=name, served_entities=[first]),
        tags=[EndpointTag("team", "imaging")],
    )
    assert created.tags[0].value == "imaging"
    routes = [Route(served_model_name=f"film_mean-{n}", traffic_percentage=50) for n in (1, 2)]
    updated = endpoints.update_config_and_wait(
        name, served_entities=[first, second], traffic_config=TrafficConfig(routes=routes)
    )
    assert updated.config.config_version > created.config.config_version
    endpoints.put_ai_gateway(
        name,
        inference_table_config=AiGatewayInferenceTableConfig(
            enabled=True, catalog_name="c", schema_name="s"
        ),
    )
    assert endpoints.get(name).ai_gateway.inference_table_config.enabled
    tags = endpoints.patch(name, add_tags=[EndpointTag("a", "b")], delete_tags=["team"]).tags
    assert [(tag.key, tag.value) for tag in tags] == [("a", "b")]
    endpoints.delete(name)
    with pytest.raises(errors.ResourceDoesNotExist):
        endpoints.get(name)
    assert shared_server.invoke({"inputs": [film_base64()]}, name=name).status_code == 404
    again = endpoints.create_and_wait(
        name, config=EndpointCoreConfigInput(name=name, served_entities=[first])
    )
    assert again.config.config_version > updated.config.config_version  # never comes back
    endpoints.delete(name)


def test_a_config_of_an_earlier_generation_is_a_conflict(
    workspace: Any, make_endpoint: Callable[..., str], shared_server: Server
) -> None:
    from databricks.sdk import errors
    from databricks.sdk.service.serving import ServedEntityInput

    name = make_endpoint(ab_config(*shared_server.digests))

    def send(generation: int | None) -> None:
        sent = served_entity(1, "champion", shared_server.digests[0])
        if generation is not None:
            sent["environment_vars"]["XRAY_GENERATION"] = str(generation)
        entity = ServedEntityInput.from_dict(sent)
        workspace.serving_endpoints.update_config(name, served_entities=[entity])
        shared_server.await_update(name)  # the SDK's own waiter sleeps for seconds

    for generation in (None, 6, 6, 7):
        send(generation)
    with pytest.raises(errors.ResourceConflict, match="sent: read"):
        send(6)
    send(None)  # a person's own config states none
    with pytest.raises(errors.ResourceConflict):
        send(6)
    refused = ab_config(*shared_server.digests)
    refused["served_entities"][0]["environment_vars"]["XRAY_GENERATION"] = "8"
    with pytest.raises(errors.InvalidParameterValue):
        workspace.api_client.do("PUT", f"/api/2.0/serving-endpoints/{name}/config", body=refused)


def test_the_project_is_refused_with_an_earlier_generation_and_the_later_goes_on_serving(
    make_endpoint: Callable[..., str], shared_server: Server, no_databricks_config: None
) -> None:
    from databricks.sdk.errors import ResourceConflict

    name = make_endpoint(ab_config(*shared_server.digests))
    serving = ModelServing(host=shared_server.url, token=shared_server.token, endpoint_name=name)
    champion = ServedEntity(
        "film_mean-1", MODEL, 1, shared_server.digests[0], "champion", traffic_percentage=100
    )
    later = serving.apply([champion], experiment_id="exp-1", generation=7)
    assert later.generation == 7
    with pytest.raises(EndpointMismatch, match="refused the config") as refused:
        serving.apply([champion], experiment_id="exp-0", generation=6)
    assert isinstance(refused.value.__cause__, ResourceConflict)
    assert serving.served() == later


MLFLOW_CLIENT = f"""
import sys
from mlflow.deployments import get_deploy_client

image, champion = sys.argv[1:]
client = get_deploy_client("databricks")
entity = dict(name="film_mean-1", entity_name="c.m.film_mean", entity_version="1",
              workload_size="Small", environment_vars=dict(XRAY_ARTIFACT_SHA256=champion))
records = {{"dataframe_records": [{{"image": image}}]}}
assert client.predict(endpoint="{ENDPOINT}", inputs=records)["predictions"]
assert client.predict(endpoint="{ENDPOINT}", inputs={{"inputs": [image]}})["predictions"]
assert client.get_endpoint("{ENDPOINT}")["state"]["ready"] == "READY"
assert "{ENDPOINT}" in [one["name"] for one in client.list_endpoints()]
client.create_endpoint(config={{"name": "second", "config": {{"served_entities": [entity]}}}})
gateway = {{"inference_table_config": {{"enabled": True}}}}
client.update_endpoint_ai_gateway("second", config=gateway)
client.update_endpoint_tags("second", config={{"add_tags": [{{"key": "a", "value": "b"}}]}})
client.delete_endpoint("second")
"""


def test_mlflow_deployments_works_unmodified(shared_server: Server) -> None:
    pytest.importorskip("mlflow")
    server, (champion, _) = shared_server, shared_server.digests
    environment = {
        **os.environ,
        "DATABRICKS_HOST": server.url,
        "DATABRICKS_TOKEN": server.token,
        "DATABRICKS_CONFIG_FILE": "/nonexistent",
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", MLFLOW_CLIENT, film_base64(), champion],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_plain_http_needs_a_token_and_gets_json_errors(shared_server: Server) -> None:
    path = f"{shared_server.url}/serving-endpoints/{ENDPOINT}/invocations"
    body = {"inputs": [film_base64()]}
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": ""},
    ):
        refused = httpx.post(path, json=body, headers=headers)
        assert refused.status_code == 401
        assert refused.json()["error_code"] == "UNAUTHENTICATED"
    for method, route, status in (
        ("GET", "/nowhere", 404),
        ("GET", f"/serving-endpoints/{ENDPOINT}/invocations", 405),
        ("POST", "/health", 405),
        ("GET", "/api/2.0/serving-endpoints/none", 404),
        ("GET", "/.well-known/databricks-config", 404),
    ):
        with shared_server.client() as client:
            refused = client.request(method, route)
        assert (refused.status_code, set(refused.json())) == (status, {"error_code", "message"})


def test_a_client_token_predicts_and_reads_but_changes_nothing(shared_server: Server) -> None:
    token = shared_server.client_token
    assert shared_server.invoke({"inputs": [film_base64()]}, token=token).status_code == 200
    with shared_server.client(token) as client:
        route = f"/api/2.0/serving-endpoints/{ENDPOINT}"
        assert client.get(route).status_code == 200
        for refused in (
            client.delete(route),
            client.put(f"{route}/config", json={}),
            client.put(f"{route}/ai-gateway", json={}),
            client.patch(f"{route}/tags", json={}),
            client.post("/api/2.0/serving-endpoints", json={"name": "x"}),
        ):
            assert (refused.status_code, refused.json()["error_code"]) == (403, "PERMISSION_DENIED")
