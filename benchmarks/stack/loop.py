"""The whole loop on this machine, small: two tiny models, an experiment, traffic, and reads that
prove the challenger right. For proofs that kill parts of it.
"""

import base64
import io
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from benchmarks.rollout.ramp_world import register_two_models
from benchmarks.serving.material import free_port
from xray_assets.catalog import ENDPOINT_NAME, PREDICTION_FEEDBACK, PROMOTION_DECISION
from xray_assets.deployments import resources
from xray_assets.rollout.state import last_experiment
from xray_assets.runs.identity import ProcessIdentity
from xray_assets.settings import Settings
from xray_assets.stack import running
from xray_assets.stack.environment import process_environment
from xray_assets.stack.processes import RunningProcess
from xray_assets.web.private_files import read_or_make

PATIENCE_SECONDS = 180.0


@dataclass(frozen=True)
class Answer:
    """An answered request and the truth that its reader will tell."""

    request_id: str
    truth: str


class Loop:
    """A state folder with ports of its own."""

    def __init__(self, folder: Path, **more: object) -> None:
        ports = {
            f"{name}_port": free_port() for name in ("dagster", "endpoint", "feedback", "room")
        }
        small = {"ramp_dwell_seconds": 0, "ramp_dwell_requests": 10, "gates_cause": "a proof"}
        self.settings = Settings(state=folder / "state", **(ports | small | more))  # pyright: ignore
        self.environment = process_environment(self.settings)
        self._template = folder / "template"
        register_two_models(self.settings)
        shutil.copytree(self.settings.state, self._template)
        self._generator = np.random.default_rng(0)

    def begin_anew(self) -> None:
        """Nothing but the two registered models."""
        self.reads = 0
        shutil.rmtree(self.settings.state)
        shutil.copytree(self._template, self.settings.state)
        token = read_or_make(self.settings.state / "client_token")
        self.roles = resources(self.settings)
        self.http = httpx.Client(
            headers={"Authorization": f"Bearer {token}"}, timeout=10, trust_env=False
        )

    def xray(self, *arguments: str) -> None:
        """Run `xray` from this state. Raises RuntimeError, with its words."""
        command = [sys.executable, "-c", "from xray_assets.cli import main; main()", *arguments]
        done = subprocess.run(
            command, env=self.environment, check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"xray {' '.join(arguments)}: {done.stdout}{done.stderr}")

    def send(self, count: int) -> list[Answer]:
        """As many requests of new patients. Half of the films are ill and so bright that only the
        challenger finds them: reads prove it better within some waves.
        """
        return [self._send(bright=bool(self._generator.random() < 0.5)) for _ in range(count)]

    def read(self, answers: list[Answer]) -> None:
        """Submit a read of each."""
        self.reads += len(answers)
        for answer in answers:
            body = {"read": answer.truth, "radiologist_id": "DR001", "blinded": True}
            url = f"{self.settings.feedback_url}/feedback/{answer.request_id}"
            self.http.post(url, json=body | {"confidence": "confirmed"}).raise_for_status()

    def _send(self, *, bright: bool) -> Answer:
        pixels = self._generator.normal(115 if bright else 60, 12, (96, 96))
        stream = io.BytesIO()
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(stream, "PNG")
        film = base64.b64encode(stream.getvalue()).decode()
        url = f"{self.settings.endpoint_url}/serving-endpoints/{ENDPOINT_NAME}/invocations"
        record = {"image": film, "patient_id": str(uuid.uuid4())}
        answered = self.http.post(url, json={"dataframe_records": [record]})
        answered.raise_for_status()
        truth = "pneumonia" if bright else "normal"
        return Answer(answered.headers["databricks-request-id"], truth)

    def processes(self) -> dict[str, RunningProcess]:
        """What runs, by service."""
        return running.running(self.settings)

    def kill_everything(self) -> None:
        """A power cut, as far as a program can make one: SIGKILL to all at once, supervisor, runs
        and workers too.
        """
        alive = self.processes().values()
        supervisors = {one.supervisor for one in alive}
        for supervisor in supervisors:
            with suppress(ProcessLookupError):
                os.kill(ProcessIdentity.parse(supervisor).pid, signal.SIGKILL)
        for process in alive:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        wait_until(lambda: not self.processes(), "the end of all")

    def decided_on(self) -> int:
        """How many cases the last decision was made on; each read is of a case of its own."""
        last = self.roles.tables.read(PROMOTION_DECISION).sort("decided_at").tail(1).collect()
        return last["n_reviewed"].item() if last.height else 0

    def goes_on(self) -> bool:
        """True when all feedback is decided on, and what is served is what is wanted."""
        tables, inbox = self.roles.tables, self.roles.inbox
        if inbox.behind(tables, PREDICTION_FEEDBACK):
            return False
        experiment = last_experiment(tables)
        served = self.roles.serving.served()
        if experiment is None or served is None:
            return False
        if experiment.is_running and self.decided_on() < self.reads:
            return False
        return served.traffic == experiment.wanted_traffic()


def wait_until(
    done: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS, every: float = 0.1
) -> float:
    """Seconds until something is so. Raises TimeoutError."""
    began = time.monotonic()
    while not done():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"{what} did not come within {seconds:.0f} s")
        time.sleep(every)
    return time.monotonic() - began
