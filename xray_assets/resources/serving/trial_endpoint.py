"""An endpoint of its own, for a moment: how long two models take behind the same door, before
either has met a patient. Its state folder, port, tokens and log are its own and go with it.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from xray_assets.catalog import CHALLENGER, CHAMPION, ENDPOINT_NAME
from xray_assets.errors import XrayError
from xray_assets.resources.serving.endpoint import ModelServing
from xray_assets.rollout.served import ServedEntity

if TYPE_CHECKING:
    from xray_assets.scoring.artifact import ServingArtifact

START_SECONDS = 60.0
_MOST_REQUESTS = 4
"""Times as many requests as are asked for of both: a model that is not answered with by then never
is.
"""


class TrialFailed(XrayError):
    """The trial endpoint did not start, or did not answer."""


def request_times(
    champion: "ServingArtifact", candidate: "ServingArtifact", bodies: Sequence[bytes], count: int
) -> tuple[list[float], list[float]]:
    """Milliseconds of at least `count` requests that each model answered, as clients see them, by
    turns on one endpoint; fewer where a model does not answer (too slow: the champion answers).

    bodies: requests' JSON, each of another patient where requests are to be told apart. Raises
    TrialFailed, EndpointMismatch for an artifact that the endpoint refuses.
    """
    import httpx

    names = {"champion-1": champion, "candidate-2": candidate}
    times: dict[str, list[float]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory() as folder, _endpoint(Path(folder), names) as (url, token):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        path = f"/serving-endpoints/{ENDPOINT_NAME}/invocations"
        with httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False) as client:
            for body in bodies[: len(names)]:
                client.post(path, content=body)  # the first ones open connections
            for number in range(_MOST_REQUESTS * count):
                began = time.perf_counter()
                answer = client.post(path, content=bodies[number % len(bodies)])
                taken = (time.perf_counter() - began) * 1000
                if answer.status_code != 200:
                    raise TrialFailed(f"the trial endpoint answered {answer.text[:300]}")
                times[answer.headers["served-model-name"]].append(taken)
                if min(map(len, times.values())) >= count:
                    break
    return times["champion-1"], times["candidate-2"]


@contextmanager
def _endpoint(state: Path, models: dict[str, "ServingArtifact"]) -> Iterator[tuple[str, str]]:
    """(URL, a client's token) of a process that serves these models half and half."""
    for artifact in models.values():
        shutil.copytree(artifact.folder, state / "artifacts" / artifact.sha256, dirs_exist_ok=True)
    own = {"XRAY_STATE": str(state), "XRAY_ENDPOINT_PORT": "0", "XRAY_TOKEN": ""}
    with (state / "stderr.txt").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "xray_assets.serving"],
            env={**os.environ, **own},
            stdout=log,
            stderr=log,
        )
        try:
            url = _url(state, process)
            serving = ModelServing(host=url, token_file=str(state / "token"))
            roles = zip(models.items(), (CHAMPION, CHALLENGER), strict=True)
            serving.apply(
                [
                    ServedEntity(name, "trial.models.model", number, artifact.sha256, role, 50)
                    for number, ((name, artifact), role) in enumerate(roles, start=1)
                ],
                experiment_id="trial",
                generation=1,
            )
            yield url, (state / "client_token").read_text().strip()
        finally:
            process.terminate()
            process.wait(30)


def _url(state: Path, process: "subprocess.Popen[bytes]") -> str:
    address = state / "endpoint" / "address.json"
    deadline = time.monotonic() + START_SECONDS
    while not address.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            said = (state / "stderr.txt").read_text()[-500:]
            raise TrialFailed(f"the trial endpoint did not start: {said}")
        time.sleep(0.02)
    return str(json.loads(address.read_text())["url"])
