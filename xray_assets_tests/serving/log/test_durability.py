"""Nothing acknowledged is lost: kills, full disks, restarts, config changes, stops, under load."""

import os
import random
import resource
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from xray_assets.serving.control.config_store import ConfigStore, StoreContent
from xray_assets_tests.serving.networks import film_mean_network, slow_network, write_artifact
from xray_assets_tests.serving.server_process import (
    ENDPOINT,
    Server,
    ab_config,
    encoded,
    film_base64,
    film_pixels,
    served_entity,
)

FILMS = [film_base64(seed, 40) for seed in range(40)]


class Load:
    """Clients that send without pause and remember what was acknowledged and what was refused."""

    def __init__(self, server: Server, clients: int = 4) -> None:
        self.acknowledged: dict[str, float] = {}
        self.refused: list[str] = []
        self._server = server
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(clients)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        generator = random.Random(number)
        url = f"{self._server.url}/serving-endpoints/{ENDPOINT}/invocations"
        headers = {"Authorization": f"Bearer {self._server.client_token}"}
        with httpx.Client(headers=headers, timeout=30) as client:
            while not self._stop.is_set():
                try:
                    answer = client.post(url, json={"inputs": [generator.choice(FILMS)]})
                except httpx.TransportError:
                    if self._server.process is None or self._server.process.poll() is not None:
                        return
                    self.refused.append("transport")
                    continue
                if answer.status_code == 200:
                    request_id = answer.headers["databricks-request-id"]
                    self.acknowledged[request_id] = answer.json()["predictions"][0]
                else:
                    self.refused.append(answer.text)

    def await_answers(self, more: int) -> None:
        wanted = len(self.acknowledged) + more
        deadline = time.monotonic() + 60
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline, self.refused[-3:]
            time.sleep(0.005)


def assert_all_logged(server: Server, load: Load) -> None:
    rows = {row["request_id"]: row["prediction"] for row in server.rows()}
    assert len(rows) == len(server.rows())
    assert load.acknowledged.items() <= rows.items()


def test_kill_9_under_load_loses_no_acknowledged_request(
    make_server: Callable[..., Server],
) -> None:
    server = make_server()
    acknowledged: dict[str, float] = {}
    for attempt in range(3):
        with Load(server) as load:
            load.await_answers(15 + 10 * attempt)
            server.kill()
        acknowledged |= load.acknowledged
        server.start()
        load.acknowledged = acknowledged
        assert_all_logged(server, load)
        assert httpx.get(f"{server.url}/health").status_code == 200


def test_a_restart_resumes_the_last_good_config(make_server: Callable[..., Server]) -> None:
    server = make_server()
    secrets = server.token, server.client_token
    before = server.invoke({"inputs": [FILMS[0]], "params": {"patient_id": "p"}})
    missing = server.update(ab_config(server.digests[0], "f" * 64))
    assert missing["state"]["config_update"] == "UPDATE_FAILED"
    assert server.stop() == 0
    server.start()
    after = server.invoke({"inputs": [FILMS[0]], "params": {"patient_id": "p"}})
    assert after.json()["predictions"] == before.json()["predictions"]
    assert after.headers["served-model-name"] == before.headers["served-model-name"]
    one, other = server.rows()
    assert (
        one["case_key"] == other["case_key"]
        and one["config_version"] == other["config_version"] == 1
    )
    assert (server.token, server.client_token) == secrets
    for name in ("token", "client_token", "endpoint/case_key", "endpoint/log.sqlite"):
        assert (server.state / name).stat().st_mode & 0o077 == 0


def test_an_update_that_a_kill_interrupts_is_cancelled_and_the_old_config_serves(
    make_server: Callable[..., Server],
) -> None:
    server = make_server()
    server.kill()

    def interrupt(content: StoreContent) -> None:
        record = content.endpoints[ENDPOINT]
        assert record.active is not None
        record.pending = replace(record.active, config_version=2)
        record.pending_pid, record.update_state = 2**22 - 1, "IN_PROGRESS"

    ConfigStore(server.state / "endpoint").change(interrupt)
    server.start()
    state = server.await_update()
    assert state["state"]["config_update"] == "UPDATE_CANCELED"
    assert state["config"]["config_version"] == 1
    assert server.invoke({"inputs": [FILMS[0]]}).status_code == 200


def test_a_config_that_somebody_edited_is_not_served(make_server: Callable[..., Server]) -> None:
    server = make_server()
    server.stop()
    path = server.state / "endpoint" / "config.json"
    path.write_text(path.read_text().replace(*server.digests))
    with pytest.raises(AssertionError, match="put back what it was"):
        server.start()


def test_config_changes_under_load_fail_no_request(make_server: Callable[..., Server]) -> None:
    server = make_server()
    cache = server.state / "artifacts"
    others = [
        write_artifact(cache, film_mean_network(slope=n, offset=0.0)).sha256 for n in range(1, 6)
    ]
    sent_after: dict[str, int] = {}
    with Load(server) as load:
        load.await_answers(10)
        for number, digest in enumerate(others):
            state = server.update(ab_config(server.digests[0], digest, share=(number * 20) % 101))
            assert state["state"]["config_update"] == "NOT_UPDATING"
            assert state["config"]["config_version"] == number + 2
            answer = server.invoke({"inputs": [FILMS[0]]})
            sent_after[answer.headers["databricks-request-id"]] = number + 2
            load.await_answers(5)
    assert load.refused == []
    assert_all_logged(server, load)
    # A request in flight during a change may be logged after the first one of the new version; one
    # that was sent after the change was answered may not be served by the old.
    versions = {row["request_id"]: row["config_version"] for row in server.rows()}
    assert {request_id: versions[request_id] for request_id in sent_after} == sent_after
    assert set(versions.values()) == set(range(1, 7))


def test_a_bad_artifact_is_refused_and_the_old_config_keeps_serving(
    make_server: Callable[..., Server],
) -> None:
    server = make_server()
    cache = server.state / "artifacts"
    damaged = write_artifact(cache, film_mean_network(slope=3, offset=0))
    network = bytearray(damaged.onnx_path.read_bytes())
    network[-20] ^= 1
    damaged.onnx_path.write_bytes(bytes(network))
    swapped = write_artifact(cache, film_mean_network(slope=4, offset=0))
    swapped.folder.rename(cache / ("e" * 64))
    manifest = write_artifact(cache, film_mean_network(slope=5, offset=0))
    (manifest.folder / "serving.json").write_text("{}")
    with Load(server, clients=1) as load:
        for digest in (damaged.sha256, "e" * 64, manifest.sha256):
            state = server.update(ab_config(server.digests[0], digest))
            assert state["state"]["config_update"] == "UPDATE_FAILED"
            assert state["state"]["config_update_message"]
            assert state["state"]["ready"] == "READY" and state["config"]["config_version"] == 1
    assert load.refused == []
    assert server.update(ab_config(*server.digests, share=70))["config"]["config_version"] == 5


def test_a_second_update_during_an_update_is_refused(make_server: Callable[..., Server]) -> None:
    server = make_server()
    route = f"/api/2.0/serving-endpoints/{ENDPOINT}/config"
    slow = write_artifact(server.state / "artifacts", slow_network(side=2000, layers=20)).sha256
    with server.client() as client:
        sent = client.put(route, json=ab_config(server.digests[0], slow))
        assert sent.json()["state"]["config_update"] == "IN_PROGRESS"
        second = client.put(route, json=ab_config(*server.digests))
        assert (second.status_code, second.json()["error_code"]) == (409, "RESOURCE_CONFLICT")
        assert client.get(f"/api/2.0/serving-endpoints/{ENDPOINT}").json()["pending_config"]
        assert (
            client.post(
                f"/serving-endpoints/{ENDPOINT}/invocations", json={"inputs": FILMS[:1]}
            ).status_code
            == 200
        )
    assert server.await_update()["config"]["config_version"] == 2


def large_film(seed: int) -> str:
    import base64

    return base64.b64encode(encoded(film_pixels(seed, 400), "PNG")).decode()


def test_a_full_disk_is_503_and_serving_recovers_by_itself(
    make_server: Callable[..., Server],
) -> None:
    server = make_server()
    assert server.invoke({"inputs": [FILMS[0]]}).status_code == 200
    _, hard = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1024, hard))
    answers = [server.invoke({"inputs": [large_film(seed)]}) for seed in range(3)]
    assert [answer.status_code for answer in answers] == [503] * 3
    assert answers[-1].json()["error_code"] == "TEMPORARILY_UNAVAILABLE"
    assert "log cannot be written" in answers[-1].json()["message"]
    health = httpx.get(f"{server.url}/health")
    assert health.status_code == 503 and "log cannot be written" in health.json()["message"]
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (hard, hard))
    deadline = time.monotonic() + 60
    while httpx.get(f"{server.url}/health").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    answers += [server.invoke({"inputs": [large_film(seed)]}) for seed in range(4)]
    assert [answer.status_code for answer in answers[-4:]] == [200] * 4
    logged = {row["request_id"] for row in server.rows()}
    told = {a.headers["databricks-request-id"] for a in answers if a.status_code == 200}
    assert told <= logged and len(logged) == len(told) + 1
    for row in server.rows():
        assert server.log.image(row["image_sha256"]) is not None


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_graceful_stop_cuts_no_request(make_server: Callable[..., Server], workers: str) -> None:
    server = make_server(XRAY_ENDPOINT_WORKERS=workers)
    outcomes: list[Any] = []

    def send() -> None:
        with server.client() as client:
            while True:
                try:
                    answer = client.post(
                        f"/serving-endpoints/{ENDPOINT}/invocations", json={"inputs": FILMS[:1]}
                    )
                except httpx.ConnectError:
                    return  # refused before anything was sent: the server is gone
                except httpx.TransportError as error:
                    outcomes.append(error)
                    return
                outcomes.append(answer.status_code)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    while len(outcomes) < 20:
        time.sleep(0.01)
    assert server.stop() == 0
    for thread in threads:
        thread.join()
    assert set(outcomes) == {200}
    assert len(server.rows()) == len(outcomes)
    assert not (server.state / "endpoint" / "log.sqlite-wal").exists()  # closed and checkpointed
    assert not (server.state / "endpoint" / "address.json").exists()


def test_two_workers_share_config_and_log(make_server: Callable[..., Server]) -> None:
    server = make_server(XRAY_ENDPOINT_WORKERS="2")
    workers = server.state / "endpoint" / "workers"
    deadline = time.monotonic() + 60
    while len(list(workers.glob("*.json"))) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with Load(server, clients=6) as load:
        load.await_answers(30)
        assert server.update(ab_config(*server.digests, share=90))["config"]["config_version"] == 2
        load.await_answers(30)
        victim = int(next(workers.glob("*.json")).stem)
        os.kill(victim, signal.SIGKILL)
        load.await_answers(30)
        server.update(ab_config(*server.digests, share=100))
        load.await_answers(30)
    assert set(load.refused) <= {"transport"}  # only what was on the killed worker's connections
    assert len(load.refused) <= 6
    assert_all_logged(server, load)
    versions = [row["config_version"] for row in server.rows()]
    assert set(versions) == {1, 2, 3}
    with server.client() as client:
        info = client.get("/model-info").json()
        document = client.get(f"/api/2.0/serving-endpoints/{ENDPOINT}").json()
    assert info["endpoints"][0]["traffic"]["requests"] == versions.count(3)
    assert document["state"]["config_update"] == "NOT_UPDATING"
    assert server.stop() == 0


def test_workers_end_with_a_killed_supervisor_and_the_next_start_serves(
    make_server: Callable[..., Server],
) -> None:
    server = make_server(XRAY_ENDPOINT_WORKERS="2")
    port = server.url.rsplit(":", 1)[1]
    folder = server.state / "endpoint" / "workers"
    deadline = time.monotonic() + 60
    while len(workers := [int(path.stem) for path in folder.glob("*.json")]) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    film = {"inputs": [FILMS[0]], "params": {"patient_id": "p"}}
    answer = server.invoke(film)
    server.kill()
    server.options["XRAY_ENDPOINT_PORT"] = port
    server.start()
    assert server.invoke(film).json()["predictions"] == answer.json()["predictions"]
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert server.stop() == 0


def test_a_taken_port_and_a_taken_state_folder_say_what_to_do(
    make_server: Callable[..., Server],
) -> None:
    import subprocess
    import sys

    server = make_server(endpoint=False)
    port = server.url.rsplit(":", 1)[1]
    for state, wanted in (
        (server.state, "another endpoint"),
        (server.state.with_name("free"), "XRAY_ENDPOINT_PORT"),
    ):
        environment = {**os.environ, "XRAY_STATE": str(state), "XRAY_ENDPOINT_PORT": port}
        done = subprocess.run(
            [sys.executable, "-m", "xray_assets.serving"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 1
        assert wanted in done.stderr and "Traceback" not in done.stderr
    health = httpx.get(f"{server.url}/health")
    assert health.status_code == 503 and "no endpoint is configured" in health.json()["message"]
    assert server.invoke({"inputs": [FILMS[0]]}).status_code == 404


def test_an_endpoint_whose_first_config_fails_says_why(
    make_server: Callable[..., Server],
) -> None:
    server = make_server(endpoint=False)
    state = server.create({"served_entities": [served_entity(1, "champion", None)]})
    assert state["state"]["ready"] == "NOT_READY"
    assert state["state"]["config_update"] == "UPDATE_FAILED"  # this test's registry is empty
    refused = server.invoke({"inputs": [FILMS[0]]})
    assert refused.status_code == 404 and "cannot be fetched" in refused.json()["message"]
    health = httpx.get(f"{server.url}/health")
    assert health.status_code == 503 and "cannot be fetched" in health.json()["message"]


def test_an_artifact_that_is_gone_at_the_restart_is_503_until_it_is_back(
    make_server: Callable[..., Server],
) -> None:
    server = make_server()
    server.kill()
    artifact = server.state / "artifacts" / server.digests[1]
    artifact.rename(artifact.with_name("away"))
    server.start()
    for answer in (server.invoke({"inputs": [FILMS[0]]}), httpx.get(f"{server.url}/health")):
        assert answer.status_code == 503 and "cannot be fetched" in answer.json()["message"]
    artifact.with_name("away").rename(artifact)
    assert server.update(ab_config(*server.digests))["state"]["ready"] == "READY"
    assert server.invoke({"inputs": [FILMS[0]]}).status_code == 200
