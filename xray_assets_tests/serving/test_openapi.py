import os
import subprocess
import sys

import httpx
import pytest

from xray_assets.catalog import ENDPOINT_NAME
from xray_assets_tests.serving.server_process import Server, ab_config


def test_the_document_names_every_route_and_its_example_can_be_sent(shared_server: Server) -> None:
    document = httpx.get(f"{shared_server.url}/openapi.json").json()
    prefix = "/api/2.0/serving-endpoints"
    assert {path: sorted(operations) for path, operations in document["paths"].items()} == {
        prefix: ["get", "post"],
        prefix + "/{name}": ["delete", "get"],
        prefix + "/{name}/config": ["put"],
        prefix + "/{name}/ai-gateway": ["put"],
        prefix + "/{name}/tags": ["patch"],
        "/serving-endpoints/{name}/invocations": ["post"],
        "/health": ["get"],
        "/model-info": ["get"],
        "/metrics": ["get"],
    }
    invocation = document["paths"]["/serving-endpoints/{name}/invocations"]["post"]
    example = invocation["requestBody"]["content"]["application/json"]["example"]
    assert shared_server.invoke(example).status_code == 200


def test_schemathesis_finds_no_5xx_and_no_undocumented_answer(shared_server: Server) -> None:
    pytest.importorskip("schemathesis")
    shared_server.create(ab_config(*shared_server.digests), ENDPOINT_NAME)
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run"),
        f"{shared_server.url}/openapi.json",
        *("--header", f"Authorization: Bearer {shared_server.token}"),
        *("--max-examples", "8", "--phases", "examples,coverage,fuzzing", "--no-color"),
        "--checks=not_a_server_error,status_code_conformance,content_type_conformance,"
        "response_schema_conformance",
        *("--exclude-method", "DELETE"),
    ]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, env=environment)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "Traceback" not in shared_server.stderr.read_text()
    with shared_server.client() as client:
        for endpoint in client.get("/api/2.0/serving-endpoints").json()["endpoints"]:
            if endpoint["name"] != "film-mean":
                client.delete(f"/api/2.0/serving-endpoints/{endpoint['name']}")
