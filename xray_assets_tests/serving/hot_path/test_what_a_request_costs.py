"""A request is bounded by what it costs: pixels and memory, not compressed bytes."""

import asyncio
import json
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.serving.worst_request import ask, film, reset_peak, resident
from xray_assets.imaging.claimed_size import claimed_pixels
from xray_assets.serving.hot_path import body_reader
from xray_assets.serving.hot_path.body_reader import BodyReader
from xray_assets.serving.hot_path.case_keys import CaseKeys
from xray_assets.serving.hot_path.pixel_budget import PixelsInWork
from xray_assets.serving.log.writer import LogWriter
from xray_assets.settings import Settings
from xray_assets.web.refusals import BadRequest
from xray_assets_tests.imaging.test_dicom import dicom_film
from xray_assets_tests.serving.log.test_log import entry, write
from xray_assets_tests.serving.server_process import Server, encoded

SECONDS = 30.0


def settings(tmp_path: Path, **bounds: Any) -> Settings:
    return Settings(state=tmp_path, endpoint_film_pixels=2_000_000, **bounds)


def read(reader: BodyReader, *films: str) -> int:
    _, read_films, _ = asyncio.run(reader.read(json.dumps({"inputs": films}).encode()))
    return len(read_films)


def test_too_many_pixels_are_refused_by_the_headers_before_one_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = BodyReader(settings(tmp_path, endpoint_request_pixels=5_000_000))
    two_megapixels = film("PNG", "L", 1.9)
    assert read(reader, two_megapixels, two_megapixels) == 2
    monkeypatch.setattr(body_reader, "read_film", lambda *_, **__: pytest.fail("decoded"))
    with pytest.raises(BadRequest, match="send fewer") as refusal:
        read(reader, *[two_megapixels] * 3)
    assert refusal.value.reason == "too_many_pixels"


def test_a_film_over_the_limit_is_refused_by_its_header(tmp_path: Path) -> None:
    reader = BodyReader(settings(tmp_path))
    with pytest.raises(BadRequest) as refusal:
        read(reader, film("PNG", "L", 2.1))
    assert refusal.value.reason == "too_large"


def test_the_header_says_how_many_pixels_decoding_costs() -> None:
    pixels = np.zeros((30, 50), np.uint8)
    for data in (encoded(pixels, "PNG"), encoded(pixels, "JPEG"), dicom_film(pixels)):
        assert claimed_pixels(data) == 1500
    for data in (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", bytes(128) + b"DICM"):
        assert claimed_pixels(data) == 0


def test_films_that_do_not_fit_together_are_decoded_after_each_other() -> None:
    in_work = PixelsInWork(10)
    entered = threading.Event()

    def second() -> None:
        with in_work.take(6):
            entered.set()

    with in_work.take(4), in_work.take(6):
        waiting = threading.Thread(target=second)
        waiting.start()
        assert not entered.is_set()
    assert entered.wait(SECONDS)
    waiting.join()
    with in_work.take(1000):  # over the bound, and nobody else: alone
        pass


@pytest.mark.parametrize("light", [True, False])
def test_the_log_holds_no_film_once_it_is_written(tmp_path: Path, light: bool) -> None:
    log = LogWriter(tmp_path / "log.sqlite", synchronous="NORMAL", case_keys=CaseKeys(tmp_path))
    logged = entry(1)
    seen = weakref.ref(logged.films[0].model_input)
    assert write(log, logged, light=light) == [None]
    del logged
    deadline = time.monotonic() + SECONDS
    while seen() is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    assert seen() is None
    log.close()


def test_json_that_grows_when_it_is_parsed_is_refused_before(shared_server: Server) -> None:
    for body in (b'{"inputs": [' + b"{}," * 300_000 + b"{}]}", b"[" * 300_000):
        assert ask(shared_server, body) == 400
    cells = json.dumps({"inputs": [[[[0.5]] * 64] * 64] * 64}).encode()
    assert ask(shared_server, cells) == 200


def test_a_batch_of_large_films_takes_the_memory_of_one(make_server: Callable[..., Server]) -> None:
    server = make_server()
    one = film("PNG", "L", 16)
    assert ask(server, [one]) == 200
    before = resident(server.pid, "VmRSS")
    reset_peak(server.pid)
    assert ask(server, [one] * 8) == 200
    assert resident(server.pid, "VmHWM") - before < 100
    assert resident(server.pid, "VmRSS") - before < 30
