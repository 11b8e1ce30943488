"""The endpoint as a real process on an ephemeral port, and what tests ask of it."""

import base64
import io
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from xray_assets.serving.log.logged_rows import InferenceLogRows
from xray_assets_tests.serving.networks import film_mean_network, write_artifact

ENDPOINT = "film-mean"
MODEL = "catalog.models.film_mean"
START_SECONDS = 120.0


@dataclass
class Server:
    """One server process on one state folder."""

    state: Path
    options: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    url: str = ""
    program: tuple[str, ...] = ("-m", "xray_assets.serving")
    digests: tuple[str, str] = ("", "")
    """Artifacts of champion and challenger (`artifacts`)."""

    def start(self) -> "Server":
        address = self.state / "endpoint" / "address.json"
        address.unlink(missing_ok=True)
        environment = {
            **os.environ,
            "XRAY_STATE": str(self.state),
            "XRAY_ENDPOINT_PORT": "0",
            "OMP_NUM_THREADS": "1",
            **self.options,
        }
        self.state.mkdir(parents=True, exist_ok=True)
        with self.stderr.open("ab") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, *self.program],
                env=environment,
                stdout=stderr,
                stderr=stderr,
            )
        deadline = time.monotonic() + START_SECONDS
        while not address.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the server did not start: {self.stderr.read_text()}")
            time.sleep(0.02)
        self.url = json.loads(address.read_text())["url"]
        self.await_answer()
        return self

    @property
    def stderr(self) -> Path:
        return self.state / "stderr.txt"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def await_answer(self) -> None:
        """Wait until the server answers at all."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{self.url}/health", timeout=30)
                return
            except httpx.TransportError:
                time.sleep(0.02)
        raise AssertionError(f"no answer: {self.stderr.read_text()}")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(60)

    @property
    def token(self) -> str:
        return (self.state / "token").read_text().strip()

    @property
    def client_token(self) -> str:
        return (self.state / "client_token").read_text().strip()

    def client(self, token: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        # verify=False saves the 30 ms that loading certificates takes; nothing here is TLS.
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=30, verify=False, trust_env=False
        )

    @property
    def log(self) -> InferenceLogRows:
        return InferenceLogRows(self.state / "endpoint" / "log.sqlite")

    def rows(self, name: str = ENDPOINT) -> list[dict[str, Any]]:
        return [row for row in self.log.read_after(0, 10_000_000) if row["endpoint_name"] == name]

    def model_info(self, name: str = ENDPOINT) -> dict[str, Any]:
        with self.client() as client:
            endpoints = client.get("/model-info").json()["endpoints"]
        return next(endpoint for endpoint in endpoints if endpoint["name"] == name)

    def metrics(self) -> str:
        with self.client() as client:
            return client.get("/metrics").text

    def create(self, config: dict[str, Any], name: str = ENDPOINT) -> dict[str, Any]:
        with self.client() as client:
            answer = client.post(
                "/api/2.0/serving-endpoints", json={"name": name, "config": config}
            )
            assert answer.status_code == 200, answer.text
        return self.await_update(name)

    def update(self, config: dict[str, Any], name: str = ENDPOINT) -> dict[str, Any]:
        with self.client() as client:
            answer = client.put(f"/api/2.0/serving-endpoints/{name}/config", json=config)
            assert answer.status_code == 200, answer.text
        return self.await_update(name)

    def await_update(self, name: str = ENDPOINT) -> dict[str, Any]:
        """The endpoint's document once its update has ended, well or not."""
        deadline = time.monotonic() + START_SECONDS
        with self.client() as client:
            while time.monotonic() < deadline:
                document = client.get(f"/api/2.0/serving-endpoints/{name}").json()
                if document["state"]["config_update"] != "IN_PROGRESS":
                    return document
                time.sleep(0.02)
        raise AssertionError(f"the update did not end: {document}")

    def invoke(
        self, body: Any, *, token: str | None = None, name: str = ENDPOINT
    ) -> httpx.Response:
        with self.client(token or self.client_token) as client:
            return client.post(f"/serving-endpoints/{name}/invocations", json=body)


def artifacts(state: Path) -> tuple[str, str]:
    """Digests of a champion and a challenger that answer differently."""
    cache = state / "artifacts"
    champion = write_artifact(cache, film_mean_network(slope=2.0, offset=-1.0), threshold=0.5)
    challenger = write_artifact(
        cache, film_mean_network(slope=8.0, offset=-4.5), threshold=0.4, family="pytorch"
    )
    return champion.sha256, challenger.sha256


def served_entity(
    version: int, role: str, sha256: str | None, experiment: str = "exp-1"
) -> dict[str, Any]:
    variables = {"XRAY_EXPERIMENT_ID": experiment, "XRAY_ROLE": role}
    if sha256:
        variables["XRAY_ARTIFACT_SHA256"] = sha256
    return {
        "name": f"film_mean-{version}",
        "entity_name": MODEL,
        "entity_version": str(version),
        "workload_size": "Small",
        "scale_to_zero_enabled": False,
        "environment_vars": variables,
    }


def ab_config(
    champion: str, challenger: str, *, share: int = 50, experiment: str = "exp-1"
) -> dict[str, Any]:
    """Champion `film_mean-1`, challenger `film_mean-2` with `share` percent."""
    return {
        "served_entities": [
            served_entity(1, "champion", champion, experiment),
            served_entity(2, "challenger", challenger, experiment),
        ],
        "traffic_config": {
            "routes": [
                {"served_entity_name": "film_mean-1", "traffic_percentage": 100 - share},
                {"served_entity_name": "film_mean-2", "traffic_percentage": share},
            ]
        },
    }


def film_pixels(seed: int = 0, side: int = 96) -> np.ndarray:
    """A smooth grey film, uint8 (side, side), whose mean depends on the seed."""
    generator = np.random.default_rng(seed)
    ramp = np.linspace(0, 1, side)
    level, tilt = generator.uniform(60, 180), generator.uniform(-50, 50)
    noise = generator.normal(0, 4, (side, side))
    return np.clip(level + tilt * ramp[None, :] + noise, 0, 255).astype(np.uint8)


def encoded(pixels: np.ndarray, kind: str = "JPEG", **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return stream.getvalue()


def film_base64(seed: int = 0, side: int = 96) -> str:
    return base64.b64encode(encoded(film_pixels(seed, side))).decode()
