"""Our endpoint beside `mlflow models serve` with a Keras pyfunc of the same network, in one run.

    python benchmarks/serving/mlflow_pyfunc.py [--rounds 3] [--seconds 5]

Both are real server processes with one worker, get the same requests (each with another film and a
patient id) from wrk, and answer with the same probability to 1e-5, which is checked first. Ours
also checks a token, assigns a model and answers only when its row is durable. Rounds alternate.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
from material import (
    INVOCATIONS,
    PROJECT,
    Measured,
    Process,
    await_ok,
    config,
    create_endpoint,
    free_port,
    start_endpoint,
    write_bodies,
    wrk,
)

from xray_assets.imaging.preprocess import PREPROCESSING_VERSION
from xray_assets.scoring.artifact import ServingArtifact

OURS, MLFLOW = "endpoint", "mlflow models serve"
MLFLOW_PATH = "/invocations"
CONNECTIONS = (1, 8)


class MlflowProcess(Process):
    """`mlflow models serve` starts its server through a shell, in a process group of its own."""

    def pids(self) -> list[int]:
        found = [self.popen.pid]
        for pid in found:
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, children.read_text().split())
        return found

    def stop(self) -> None:
        os.killpg(self.popen.pid, signal.SIGTERM)
        self.popen.wait(60)


def save_network(folder: Path) -> tuple[Path, str]:
    """The network as an MLflow model, and the digest of its serving artifact in the cache."""
    import mlflow

    from xray_assets.training.families.ensemble import Ensemble
    from xray_assets.training.families.keras_classifier import KerasNetwork
    from xray_assets.training.families.network import OPSET

    network = KerasNetwork(seed=1, threads=1)
    keras_file = folder / "network.keras"
    network._served.save(keras_file)  # what training logs as the native model
    mlflow.pyfunc.save_model(
        folder / "pyfunc",
        python_model=str(Path(__file__).parent / "keras_pyfunc.py"),
        artifacts={"keras": str(keras_file)},
        pip_requirements=["mlflow"],
    )
    draft = ServingArtifact.write(
        folder / "draft",
        onnx=Ensemble((network,)).onnx(),
        threshold=0.5,
        preprocessing_version=PREPROCESSING_VERSION,
        family="keras",
        opset=OPSET,
        embedding=True,
    )
    cache = folder / "state" / "artifacts"
    cache.mkdir(parents=True)
    (folder / "draft").rename(cache / draft.sha256)
    return folder / "pyfunc", draft.sha256


def start_mlflow(model: Path, log: Path) -> MlflowProcess:
    port = free_port()
    command = [
        *(sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(model)),
        *("--port", str(port), "--workers", "1", "--env-manager", "local"),
    ]
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",  # it looks for uvicorn
        "PYTHONPATH": str(PROJECT),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    with log.open("wb") as output:
        popen = subprocess.Popen(
            command, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    server = MlflowProcess(popen, f"http://127.0.0.1:{port}")
    await_ok(server, "/ping")
    return server


def demand_same_answers(ours: Process, theirs: Process, bodies: Path) -> None:
    """Both servers serve the same network, or the figures would mean nothing."""
    headers = {"Authorization": f"Bearer {ours.token}", "Content-Type": "application/json"}
    with bodies.open() as lines:
        for _, body in zip(range(5), lines, strict=False):
            first = httpx.post(ours.url + INVOCATIONS, content=body, headers=headers, timeout=60)
            second = httpx.post(theirs.url + MLFLOW_PATH, content=body, headers=headers, timeout=60)
            probability = second.json()["predictions"][0]["probability"]
            difference = abs(first.json()["predictions"][0] - probability)
            assert difference < 1e-5, (first.text, second.text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--workers", type=int, default=1, help="of the endpoint")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mlflow-benchmark-") as folder:
        measure(Path(folder), asked.rounds, asked.seconds, asked.workers)


def measure(folder: Path, rounds: int, seconds: float, workers: int) -> None:
    bodies = write_bodies(folder / "bodies.jsonl", patients=True)
    model, digest = save_network(folder)
    theirs = start_mlflow(model, folder / "mlflow.txt")
    ours = None
    try:
        ours = start_endpoint(folder / "state", workers=workers)
        create_endpoint(ours, champion_only(digest))
        demand_same_answers(ours, theirs, bodies)
        servers = {OURS: (ours, INVOCATIONS), MLFLOW: (theirs, MLFLOW_PATH)}
        for connections in CONNECTIONS:
            taken: dict[str, list[Measured]] = {name: [] for name in servers}
            for turn in range(rounds + 1):
                for name, (server, path) in servers.items():
                    one = wrk(server, bodies, connections=connections, seconds=seconds, path=path)
                    if turn:  # the first round warms both
                        taken[name].append(one)
            report(connections, taken)
        print(f"RSS {OURS}: {ours.rss_mb():.0f} MB, {MLFLOW}: {theirs.rss_mb():.0f} MB")
    finally:
        theirs.stop()
        if ours is not None:
            ours.stop()


def champion_only(digest: str) -> dict:
    body = config(digest, digest)
    entity = body["served_entities"][0]
    route = {"served_entity_name": entity["name"], "traffic_percentage": 100}
    return {"served_entities": [entity], "traffic_config": {"routes": [route]}}


def report(connections: int, taken: dict[str, list[Measured]]) -> None:
    print(f"\n{connections} connection(s)       requests/s    p50 ms    p99 ms    cpu ms  failed")
    for name, measured in taken.items():

        def median(field: str, these: list[Measured] = measured) -> float:
            return statistics.median(getattr(one, field) for one in these)

        failed = sum(one.failed for one in measured)
        print(
            f"{name:20} {median('per_second'):12.1f} {median('p50_ms'):9.2f} "
            f"{median('p99_ms'):9.2f} {median('cpu_ms'):9.3f} {failed:7d}"
        )
    pairs = list(zip(taken[OURS], taken[MLFLOW], strict=True))
    for field, higher in (("per_second", True), ("p50_ms", False), ("cpu_ms", False)):
        ratios = [
            getattr(a, field) / getattr(b, field)
            if higher
            else getattr(b, field) / getattr(a, field)
            for a, b in pairs
        ]
        print(f"  ours is {statistics.median(ratios):.0f} times better in {field}")


if __name__ == "__main__":
    main()
