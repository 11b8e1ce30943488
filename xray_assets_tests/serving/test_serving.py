"""What is served to whom, and what is logged of it: over HTTP against a real process."""

import asyncio
import base64
import math
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from xray_assets.imaging.decode import decode
from xray_assets.imaging.digest import pixel_sha256
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.scoring.stored_film import stored_model_input
from xray_assets.serving.control.bodies import ConfigBody
from xray_assets.serving.control.config_document import parse_config
from xray_assets.serving.hot_path.served_model import ServedModel
from xray_assets_tests.serving.networks import (
    dark_films_fail_network,
    slow_network,
    write_artifact,
)
from xray_assets_tests.serving.server_process import (
    ENDPOINT,
    Server,
    ab_config,
    encoded,
    film_base64,
    film_pixels,
    served_entity,
)

MakeEndpoint = Callable[[dict[str, Any]], str]


def probability(server: Server, row: dict) -> float:
    """What the served model must have said of the stored film."""
    stored = server.log.image(row["image_sha256"])
    assert stored is not None
    mean = float(np.mean(stored_model_input(stored), dtype=np.float64))
    slope, offset = (2.0, -1.0) if row["served_model_name"] == "film_mean-1" else (8.0, -4.5)
    return 1 / (1 + math.exp(-(slope * mean + offset)))


def test_a_logged_request_can_be_scored_again_and_gives_the_answered_probability(
    shared_server: Server,
) -> None:
    for seed in range(12):
        answer = shared_server.invoke(
            {"instances": [{"image": film_base64(seed), "patient_id": f"s{seed}"}]}
        )
        row = shared_server.log.find(answer.headers["databricks-request-id"])
        assert row is not None
        assert answer.json()["predictions"] == [row["prediction"]]
        assert row["prediction"] == pytest.approx(probability(shared_server, row), abs=1e-5)
        assert row["predicted_label"] == int(row["prediction"] >= row["threshold"])
        assert row["threshold"] == (0.5 if row["served_model_name"] == "film_mean-1" else 0.4)
        assert (row["status_code"], row["config_version"], row["experiment_id"]) == (
            200,
            1,
            "exp-1",
        )
        assert row["case_key"] != row["image_sha256"] and row["case_key_source"] == "patient_id"


def test_a_patient_keeps_one_model_and_patients_are_split_in_halves(shared_server: Server) -> None:
    served: Counter[str] = Counter()
    with shared_server.client() as client:
        for patient in range(60):
            names = {
                client.post(
                    f"/serving-endpoints/{ENDPOINT}/invocations",
                    json={
                        "inputs": [film_base64(seed, 24)],
                        "params": {"patient_id": f"patient {patient}"},
                    },
                ).headers["served-model-name"]
                for seed in range(2)
            }
            assert len(names) == 1
            served.update(names)
    assert abs(served["film_mean-1"] - 30) < 6 * math.sqrt(15)


def test_a_batch_has_one_model_and_one_row_an_image(shared_server: Server) -> None:
    films = [film_base64(seed, 40) for seed in range(6)]
    answer = shared_server.invoke({"inputs": films, "client_request_id": "batch-1"})
    request_id = answer.headers["x-databricks-request-id"]
    rows = [shared_server.log.find(f"{request_id}.{index}") for index in range(6)]
    assert [row and row["prediction"] for row in rows] == answer.json()["predictions"]
    assert len({row["served_model_name"] for row in rows if row}) == 1
    assert all(row and row["case_key"] == row["image_sha256"] for row in rows)
    assert shared_server.log.find(request_id) is None


def test_a_batch_of_several_patients_is_answered_but_is_no_case(shared_server: Server) -> None:
    rows = [{"image": film_base64(seed, 40), "patient_id": f"p{seed}"} for seed in range(3)]
    answer = shared_server.invoke({"dataframe_records": rows})
    logged = [
        shared_server.log.find(f"{answer.headers['databricks-request-id']}.{i}") for i in range(3)
    ]
    assert [row and row["experiment_id"] for row in logged] == [None] * 3
    assert len({row["case_key"] for row in logged if row}) == 3


@pytest.mark.parametrize(
    ("side", "kind", "copies"), [(1400, "JPEG", 1), (1400, "PNG", 1), (96, "PNG", 60)]
)
def test_large_films_and_large_batches_are_served_like_small_ones(
    shared_server: Server, side: int, kind: str, copies: int
) -> None:
    data = encoded(film_pixels(9, side), kind)
    answer = shared_server.invoke({"inputs": [base64.b64encode(data).decode()] * copies})
    assert answer.status_code == 200, answer.text
    request_id = answer.headers["databricks-request-id"]
    row = shared_server.log.find(request_id if copies == 1 else f"{request_id}.{copies - 1}")
    assert row is not None
    assert row["image_sha256"] == pixel_sha256(decode(data))
    assert row["prediction"] == pytest.approx(probability(shared_server, row), abs=1e-5)


def test_model_info_and_metrics_count_what_the_log_holds(
    shared_server: Server, make_endpoint: MakeEndpoint
) -> None:
    name = make_endpoint(ab_config(*shared_server.digests))
    for patient in range(10):
        for seed in range(2):
            body = {"inputs": [film_base64(seed, 24)], "params": {"patient_id": str(patient)}}
            assert shared_server.invoke(body, name=name).status_code == 200
    info, metrics = shared_server.model_info(name), shared_server.metrics()
    assert [model["role"] for model in info["models"]] == ["champion", "challenger"]
    assert [model["artifact_sha256"] for model in info["models"]] == list(shared_server.digests)
    assert [model["threshold"] for model in info["models"]] == [0.5, 0.4]
    traffic, rows = info["traffic"], shared_server.rows(name)
    served = Counter(row["served_model_name"] for row in rows)
    keys = {(row["served_model_name"], row["case_key"]) for row in rows}
    assert traffic["requests"] == 20 and traffic["errors"] == traffic["fallbacks"] == 0
    for model in ("film_mean-1", "film_mean-2"):
        assert traffic["requests_by_served"][model] == served[model]
        assert traffic["routing_keys_by_assigned"][model] == sum(one == model for one, _ in keys)
        labels = f'endpoint="{name}",assigned="{model}",served="{model}",status="200"'
        assert not served[model] or f"xray_requests_total{{{labels}}} {served[model]}" in metrics


@pytest.mark.parametrize("share", [0, 100])
def test_all_or_nothing_shares_are_kept(
    shared_server: Server, make_endpoint: MakeEndpoint, share: int
) -> None:
    name = make_endpoint(ab_config(*shared_server.digests, share=share))
    answers = [shared_server.invoke({"inputs": [film_base64(s, 24)]}, name=name) for s in range(12)]
    expected = {"film_mean-2" if share else "film_mean-1"}
    assert {answer.headers["served-model-name"] for answer in answers} == expected


def test_the_champion_answers_for_a_challenger_that_fails(
    shared_server: Server, make_endpoint: MakeEndpoint
) -> None:
    failing = write_artifact(shared_server.state / "artifacts", dark_films_fail_network()).sha256
    name = make_endpoint(ab_config(shared_server.digests[0], failing, share=100))
    dark = np.full((64, 64), 0.1).tolist()
    answers = [shared_server.invoke({"inputs": [dark]}, name=name) for _ in range(8)]
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["served-model-name"] for answer in answers} == {"film_mean-1"}
    rows = shared_server.rows(name)
    outcomes = {
        (row["assigned_model_name"], row["served_model_name"], row["status_code"]) for row in rows
    }
    assert outcomes == {("film_mean-2", "film_mean-1", 200)}
    assert rows[0]["model_version"] == "1" and rows[0]["threshold"] == 0.5
    traffic, metrics = shared_server.model_info(name)["traffic"], shared_server.metrics()
    assert (traffic["fallbacks"], traffic["errors"]) == (8, 0)
    for reason in ("not_a_probability", "breaker"):
        assert f'endpoint="{name}",challenger="film_mean-2",reason="{reason}"' in metrics


def test_a_failing_champion_is_a_500_that_is_logged(
    shared_server: Server, make_endpoint: MakeEndpoint
) -> None:
    failing = write_artifact(shared_server.state / "artifacts", dark_films_fail_network()).sha256
    name = make_endpoint({"served_entities": [served_entity(1, "champion", failing)]})
    answer = shared_server.invoke({"inputs": [np.full((64, 64), 0.1).tolist()]}, name=name)
    assert (answer.status_code, answer.json()["error_code"]) == (500, "INTERNAL_ERROR")
    row = shared_server.log.find(answer.headers["databricks-request-id"])
    assert row is not None
    empty = row["prediction"], row["predicted_label"], row["response"]
    assert (row["status_code"], *empty) == (500, None, None, None)
    assert shared_server.model_info(name)["traffic"]["errors"] == 1


def test_a_slow_challenger_is_given_up(shared_server: Server, make_endpoint: MakeEndpoint) -> None:
    slow = write_artifact(shared_server.state / "artifacts", slow_network()).sha256
    name = make_endpoint(ab_config(shared_server.digests[0], slow, share=100))
    answers = [shared_server.invoke({"inputs": [film_base64(s, 24)]}, name=name) for s in range(8)]
    assert {answer.headers["served-model-name"] for answer in answers} == {"film_mean-1"}
    labels = f'endpoint="{name}",challenger="film_mean-2",reason="timeout"'
    assert labels in shared_server.metrics()
    models = shared_server.model_info(name)["models"]
    assert models[1]["suspended"] and models[1]["film_ms"] > models[0]["film_ms"]


def test_a_slow_model_serves_where_the_deadline_allows(tmp_path: Path) -> None:
    artifact = write_artifact(tmp_path, slow_network(side=1000, layers=4))
    config = parse_config(
        ConfigBody.model_validate(ab_config(artifact.sha256, artifact.sha256)), config_version=1
    )
    model = ServedModel(config.entities[1], OnnxClassifier(artifact))
    model.film_ms = 100.0  # as measured on a slower machine

    async def score() -> list[float]:
        model_thread = threading.Thread(target=model._run, daemon=True)
        model_thread.start()
        return await model.probabilities(np.zeros((2, 64, 64), np.float32), deadline=30)

    assert len(asyncio.run(score())) == 2
    model.close()


def test_equal_networks_may_be_champion_and_challenger(
    shared_server: Server, make_endpoint: MakeEndpoint
) -> None:
    name = make_endpoint(ab_config(shared_server.digests[0], shared_server.digests[0]))
    assert shared_server.invoke({"inputs": [film_base64()]}, name=name).status_code == 200


def test_rows_say_the_site_and_the_purpose_and_only_listed_sites_are_kept(
    make_server: Callable[..., Server],
) -> None:
    server = make_server(XRAY_SITES="ward-a,ward-b")
    films = [film_base64(seed) for seed in range(3)]
    body = {"inputs": {"image": films, "site": ["ward-b", "my own ward", None]}}
    assert server.invoke(body).status_code == 200
    assert server.invoke({"inputs": films[:1], "params": {"site": "ward-a"}}).status_code == 200
    assert server.invoke({"inputs": films[:1]}, token=server.token).status_code == 200
    assert [(row["site"], row["purpose"]) for row in server.rows()] == [
        ("ward-b", "clinical"),
        ("other", "clinical"),
        ("other", "clinical"),
        ("ward-a", "clinical"),
        ("other", "verification"),
    ]
    assert server.model_info()["traffic"]["requests"] == 4
    assert f'endpoint="{ENDPOINT}",site="ward-b",purpose="clinical"}} 1' in server.metrics()
    assert "my own ward" not in server.metrics()
