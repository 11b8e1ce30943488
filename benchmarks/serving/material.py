"""What every serving benchmark needs: films, networks of the real size, processes, wrk."""

import base64
import io
import json
import os
import re
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from xray_assets.imaging.preprocess import PREPROCESSING_VERSION
from xray_assets.scoring.artifact import ServingArtifact

PROJECT = Path(__file__).resolve().parents[2]
REAL_FILMS = PROJECT.parent / "shared" / "xray_sample" / "chest_xray"
ENDPOINT = "benchmark"
INVOCATIONS = f"/serving-endpoints/{ENDPOINT}/invocations"


def films(count: int = 1000) -> list[bytes]:
    """Real films where they are, else noise on a gradient of the same size."""
    files = sorted(REAL_FILMS.rglob("*.jpeg"))[:count] if REAL_FILMS.is_dir() else []
    if files:
        return [file.read_bytes() for file in files]
    generator = np.random.default_rng(0)
    made = []
    for _ in range(count):
        ramp = np.linspace(60, 200, 320)[None, :] + generator.normal(0, 12, (320, 320))
        stream = io.BytesIO()
        Image.fromarray(np.clip(ramp, 0, 255).astype(np.uint8)).save(stream, "JPEG", quality=85)
        made.append(stream.getvalue())
    return made


def network(seed: int) -> bytes:
    """The project's architecture (conv 32, pool, conv 64, pool, dense 64, 0.8 M weights), random
    weights.
    """
    generator = np.random.default_rng(seed)
    weights: list[onnx.TensorProto] = []

    def weight(name: str, *shape: int) -> str:
        values = generator.normal(0, (2 / np.prod(shape[1:])) ** 0.5, shape)
        weights.append(numpy_helper.from_array(values.astype(np.float32), name))
        return name

    weights.append(numpy_helper.from_array(np.array([-1, 1, 64, 64]), "planes"))
    weights.append(numpy_helper.from_array(np.array([-1]), "flat"))
    pool = {"kernel_shape": [2, 2], "strides": [2, 2]}
    nodes = [
        helper.make_node("Reshape", ["films", "planes"], ["x0"]),
        helper.make_node("Conv", ["x0", weight("w1", 32, 1, 3, 3)], ["x1"]),
        helper.make_node("Relu", ["x1"], ["x2"]),
        helper.make_node("MaxPool", ["x2"], ["x3"], **pool),
        helper.make_node("Conv", ["x3", weight("w2", 64, 32, 3, 3)], ["x4"]),
        helper.make_node("Relu", ["x4"], ["x5"]),
        helper.make_node("MaxPool", ["x5"], ["x6"], **pool),
        helper.make_node("Flatten", ["x6"], ["x7"]),
        helper.make_node("Gemm", ["x7", weight("w3", 64, 12544)], ["x8"], transB=1),
        helper.make_node("Relu", ["x8"], ["x9"]),
        helper.make_node("Gemm", ["x9", weight("w4", 1, 64)], ["logit"], transB=1),
        helper.make_node("Sigmoid", ["logit"], ["p"]),
        helper.make_node("Reshape", ["p", "flat"], ["probability"]),
    ]
    graph = helper.make_graph(
        nodes,
        "classifier",
        [helper.make_tensor_value_info("films", TensorProto.FLOAT, ["N", 64, 64])],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["N"])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def make_artifact(cache: Path, seed: int) -> ServingArtifact:
    draft = ServingArtifact.write(
        cache / "draft",
        onnx=network(seed),
        threshold=0.5,
        preprocessing_version=PREPROCESSING_VERSION,
        family="keras",
        opset=17,
    )
    folder = cache / draft.sha256
    (cache / "draft").rename(folder)
    return ServingArtifact.load(folder)


@dataclass
class Process:
    """A server and how much CPU it has used."""

    popen: subprocess.Popen[bytes]
    url: str
    token: str = ""
    client_token: str = ""

    def pids(self) -> list[int]:
        children = (
            Path(f"/proc/{self.popen.pid}/task/{self.popen.pid}/children").read_text().split()
        )
        return [self.popen.pid, *map(int, children)]

    def cpu_seconds(self) -> float:
        ticks = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def rss_mb(self) -> float:
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.pids())
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def stop(self) -> None:
        self.popen.terminate()
        self.popen.wait(60)

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(command: list[str], url: str, **environment: str) -> Process:
    quiet = subprocess.DEVNULL
    variables = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT), **environment}
    return Process(subprocess.Popen(command, env=variables, stdout=quiet, stderr=quiet), url)


def start_bare(artifact: ServingArtifact) -> Process:
    port = free_port()
    script = str(Path(__file__).parent / "bare_fastapi.py")
    bare = start(
        [sys.executable, script, str(artifact.folder), str(port)], f"http://127.0.0.1:{port}"
    )
    await_ok(bare, "/openapi.json")
    return bare


def start_endpoint(state: Path, *, workers: int = 1, **settings: str) -> Process:
    """Our endpoint; with a config already stored it is awaited until READY."""
    address = state / "endpoint" / "address.json"
    address.unlink(missing_ok=True)
    ours = start(
        [sys.executable, "-m", "xray_assets.serving"],
        "",
        XRAY_STATE=str(state),
        XRAY_ENDPOINT_PORT="0",
        XRAY_ENDPOINT_WORKERS=str(workers),
        **settings,
    )
    while not address.exists():
        assert ours.popen.poll() is None, "the endpoint did not start"
        time.sleep(0.002)
    ours.url = json.loads(address.read_text())["url"]
    if (state / "endpoint" / "config.json").exists():
        await_ok(ours, "/health")
    else:
        await_ok(ours, "/openapi.json")
    ours.token = (state / "token").read_text().strip()
    ours.client_token = (state / "client_token").read_text().strip()
    return ours


def await_ok(process: Process, path: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            if httpx.get(process.url + path, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert process.popen.poll() is None, "the server died"
        time.sleep(0.005)
    raise AssertionError(f"{path} was not 200 in time")


def config(champion: str, challenger: str, share: int = 50) -> dict:
    def entity(version: int, role: str, digest: str) -> dict:
        variables = {
            "XRAY_EXPERIMENT_ID": "benchmark",
            "XRAY_ROLE": role,
            "XRAY_ARTIFACT_SHA256": digest,
        }
        return {
            "name": f"m-{version}",
            "entity_name": "c.s.m",
            "entity_version": str(version),
            "environment_vars": variables,
        }

    routes = [
        {"served_entity_name": "m-1", "traffic_percentage": 100 - share},
        {"served_entity_name": "m-2", "traffic_percentage": share},
    ]
    return {
        "served_entities": [entity(1, "champion", champion), entity(2, "challenger", challenger)],
        "traffic_config": {"routes": routes},
    }


def create_endpoint(process: Process, body: dict) -> None:
    headers = {"Authorization": f"Bearer {process.token}"}
    answer = httpx.post(
        f"{process.url}/api/2.0/serving-endpoints",
        headers=headers,
        json={"name": ENDPOINT, "config": body},
    )
    assert answer.status_code == 200, answer.text
    await_ok(process, "/health")


LUA = """
local bodies = {}
local turn = 0
local threads = 0
function setup(thread) thread:set("offset", threads * 137); threads = threads + 1 end
function init(args)
  for line in io.lines("%(bodies)s") do
    bodies[#bodies + 1] = wrk.format("POST", "%(path)s",
      {["Content-Type"] = "application/json", ["Authorization"] = "Bearer %(token)s"}, line)
  end
end
function request() turn = turn + 1; return bodies[(turn + offset) %% #bodies + 1] end
function done(summary, latency, requests)
  io.write(string.format("RESULT %%d %%d %%d %%d %%d %%d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    summary.errors.status, summary.errors.connect + summary.errors.read
      + summary.errors.write + summary.errors.timeout))
end
"""


@dataclass
class Measured:
    """One wrk run."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    """CPU time of the server a request: less moved by other work on the machine."""
    failed: int


def write_bodies(path: Path, *, patients: bool) -> Path:
    """One JSON body a line; `patients` adds a patient id to each."""
    with path.open("w") as file:
        for index, film in enumerate(films()):
            row = {"image": base64.b64encode(film).decode()}
            if patients:
                row["patient_id"] = f"patient-{index}"
            file.write(json.dumps({"dataframe_records": [row]}) + "\n")
    return path


def wrk(
    process: Process, bodies: Path, *, connections: int, seconds: float, path: str = INVOCATIONS
) -> Measured:
    script = bodies.with_suffix(f".{process.popen.pid}.lua")
    # A client's requests are what is measured: they are also exposures, an operator's are not.
    script.write_text(LUA % {"bodies": bodies, "path": path, "token": process.client_token})
    before = process.cpu_seconds()
    done = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "-s", str(script), process.url],
        capture_output=True,
        text=True,
        check=True,
    )
    cpu = process.cpu_seconds() - before
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)", done.stdout)
    assert found, done.stdout + done.stderr
    requests, micros, p50, p99, refused, errors = map(int, found.groups())
    return Measured(
        requests / micros * 1e6,
        p50 / 1000,
        p99 / 1000,
        cpu * 1000 / max(requests, 1),
        refused + errors,
    )
