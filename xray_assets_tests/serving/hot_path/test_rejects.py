"""What the endpoint refuses, over HTTP: always a 4xx with JSON, never a traceback, and nothing is
logged.
"""

import base64
import json
import socket
import struct
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from xray_assets_tests.serving.server_process import (
    ENDPOINT,
    Server,
    encoded,
    film_base64,
    film_pixels,
)


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def bomb(side: int = 60_000) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 9_000_000))
        + chunk(b"IEND", b"")
    )


def animation() -> bytes:
    import io

    stream = io.BytesIO()
    frames = [Image.fromarray(film_pixels(seed, 40)) for seed in (0, 1)]
    frames[0].save(stream, "PNG", save_all=True, append_images=frames[1:])
    return stream.getvalue()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"inputs": [text(b"no film")]}, 400),
        ({"inputs": [text(bomb())]}, 400),
        ({"inputs": [text(encoded(film_pixels(1))[:-300])]}, 400),
        ({"inputs": [text(animation())]}, 400),
        ({"inputs": [[[0.5] * 64] * 63]}, 400),
        ({"inputs": [film_base64(), text(b"no film")]}, 400),
        ({"inputs": []}, 400),
        ({"inputs": [film_base64(side=16)] * 65}, 400),
        ({}, 400),
        ([], 400),
    ],
)
def test_a_bad_request_is_refused_and_leaves_no_row(
    shared_server: Server, body: Any, status: int
) -> None:
    before = shared_server.log.position()
    answer = shared_server.invoke(body)
    assert answer.status_code == status
    assert set(answer.json()) == {"error_code", "message"}
    assert "Traceback" not in answer.text
    assert shared_server.log.position() == before


def test_nan_in_json_is_refused(shared_server: Server) -> None:
    body = json.dumps({"inputs": [[[float("nan")] * 64] * 64]})
    with shared_server.client() as client:
        answer = client.post(f"/serving-endpoints/{ENDPOINT}/invocations", content=body)
    assert answer.status_code == 400 and "NaN" in answer.json()["message"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/csv"},
        {"Content-Encoding": "gzip"},
        {"Content-Type": "multipart/form-data"},
    ],
)
def test_other_media_are_refused(shared_server: Server, headers: dict[str, str]) -> None:
    with shared_server.client() as client:
        answer = client.post(
            f"/serving-endpoints/{ENDPOINT}/invocations", content=b"x", headers=headers
        )
    assert answer.status_code == 415


def test_a_body_over_the_limit_is_refused_while_and_before_it_is_sent(
    shared_server: Server,
) -> None:
    large = b"x" * (17 * 1024 * 1024)
    path = f"/serving-endpoints/{ENDPOINT}/invocations"
    with shared_server.client() as client:
        assert client.post(path, content=large).status_code == 413
        assert client.post(path, content=iter([large[: 1 << 20]] * 17)).status_code == 413
        assert client.post("/api/2.0/serving-endpoints", content=large).status_code == 413
    assert shared_server.invoke({"inputs": [film_base64()]}).status_code == 200


def test_a_client_that_leaves_in_the_middle_disturbs_nobody(shared_server: Server) -> None:
    host, port = shared_server.url.removeprefix("http://").split(":")
    for _ in range(5):
        with socket.create_connection((host, int(port))) as connection:
            head = (
                f"POST /serving-endpoints/{ENDPOINT}/invocations HTTP/1.1\r\nHost: localhost\r\n"
                f"Authorization: Bearer {shared_server.token}\r\nContent-Length: 5000\r\n\r\n"
            )
            connection.sendall(head.encode() + b'{"inputs": [')
    assert shared_server.invoke({"inputs": [film_base64()]}).status_code == 200
    assert "Traceback" not in shared_server.stderr.read_text()


def test_over_the_rate_limit_is_429_and_over_in_a_second(
    make_server: Callable[..., Server],
) -> None:
    server = make_server(XRAY_ENDPOINT_RATE_LIMIT="5")
    with server.client() as client:
        body = {"inputs": [film_base64()]}
        path = f"/serving-endpoints/{ENDPOINT}/invocations"
        answers = [client.post(path, json=body) for _ in range(60)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert refused[0].json()["error_code"] == "REQUEST_LIMIT_EXCEEDED"
    assert refused[0].headers["retry-after"] == "1"
    assert server.invoke({"inputs": [film_base64()]}, token=server.client_token).status_code == 200


@pytest.mark.parametrize("path", ["/health", "/openapi.json"])
def test_probes_need_no_token(shared_server: Server, path: str) -> None:
    assert httpx.get(shared_server.url + path).status_code == 200


def test_a_probe_may_ask_for_the_head_alone(shared_server: Server) -> None:
    answer = httpx.head(f"{shared_server.url}/health")
    assert (answer.status_code, answer.content) == (200, b"")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.just(film_base64(3, 24)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["image", "patient_id", "columns", "data", "b64", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
BODIES = st.dictionaries(
    st.sampled_from(
        [
            "dataframe_records",
            "dataframe_split",
            "inputs",
            "instances",
            "params",
            "client_request_id",
            "extra",
        ]
    ),
    JSON,
    max_size=3,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(BODIES, st.integers(0, 2**16), st.booleans())
def test_no_body_gets_a_5xx(
    shared_server: Server, body: dict[str, Any], seed: int, cut: bool
) -> None:
    content = json.dumps(body).encode()
    if cut:
        generator = np.random.default_rng(seed)
        damaged = bytearray(content)
        damaged[generator.integers(len(damaged))] = generator.integers(256)
        content = bytes(damaged)
    with shared_server.client() as client:
        answer = client.post(f"/serving-endpoints/{ENDPOINT}/invocations", content=content)
    assert answer.status_code in (200, 400), answer.text
    assert "predictions" in answer.json() or set(answer.json()) == {"error_code", "message"}


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 2**32), st.integers(0, 20), st.sampled_from(["JPEG", "PNG"]), st.floats(0, 1))
def test_no_damaged_film_gets_a_5xx(
    shared_server: Server, seed: int, hits: int, kind: str, kept: float
) -> None:
    generator = np.random.default_rng(seed)
    data = bytearray(encoded(film_pixels(1, 48), kind))
    for _ in range(hits):
        data[generator.integers(len(data))] = generator.integers(256)
    answer = shared_server.invoke({"inputs": [text(bytes(data[: max(1, int(len(data) * kept))]))]})
    assert answer.status_code in (200, 400), answer.text


def test_an_endless_head_is_cut_off(shared_server: Server) -> None:
    host, port = shared_server.url.removeprefix("http://").split(":")
    sent = 0
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nX: ")
        try:
            while sent < 64 * 1024 * 1024:
                sent += connection.send(b"x" * 65536)
        except OSError:
            pass
        else:
            raise AssertionError("64 MB of one header were read")
    assert shared_server.invoke({"inputs": [film_base64()]}).status_code == 200


def test_requests_in_one_packet_are_answered_in_order(shared_server: Server) -> None:
    host, port = shared_server.url.removeprefix("http://").split(":")
    one = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(one * 5 + last)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    assert answer.count(b"HTTP/1.1 200") == 5 and answer.count(b"HTTP/1.1 401") == 1
