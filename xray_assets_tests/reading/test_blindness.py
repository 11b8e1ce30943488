"""R1: until a read is committed nothing tells what a model said of the case, by whatever way.

`benchmarks/reading/blind_scan.py` does the same over 200 reads.
"""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from xray_assets.feedback_api.routes import feedback_api
from xray_assets.imaging.stored import without_metadata
from xray_assets.reading import opaque, queue
from xray_assets.reading.forms import Film
from xray_assets.storage.atomic import make_file
from xray_assets.web.account_changes import add_account
from xray_assets_tests.feedback.scenery import request_id
from xray_assets_tests.reading.made_room import NOW, made_room, png

MODEL, PATH = "pneumonia_poc_classifier", "person1_bacteria_1.jpeg"
FORBIDDEN = (
    "score", "model", "arm", "champion", "challenger", "threshold", "label", "predict", "chance",
    "stratum", "experiment", "request", "position", "sha256", "positive", "negative", "0.8",
    MODEL, PATH, "bacteria",
)  # fmt: skip


@dataclass
class Visit:
    """Everything that a reader's client was told, but for the random ids of leases."""

    told: list[Any] = field(default_factory=list)

    def hear(self, answer: Any) -> Any:
        """Note status, headers in their order, and body."""
        headers = [(name, value) for name, value in answer.headers.items() if name != "date"]
        body = answer.content
        if answer.headers.get("content-type") == "application/json" and "lease" in answer.json():
            lease = answer.json()["lease"].encode()
            body = body.replace(lease, b"*" * len(lease))
        self.told.append((answer.status_code, headers, body))
        return answer


def read_all(state: Path, labels: tuple[int, ...], requests: Sequence[str]) -> Visit:
    """A reader reads every case over HTTP, at one moment, to the last commit."""
    film = film_with_everything()
    where, _ = made_room(state, requests=requests, labels=labels, films=[film] * len(requests))
    (state / "reading").mkdir()
    make_file(state / "reading" / "key", "the same in every state")
    token = add_account(where, "anna", "reader")
    visit = Visit()
    with TestClient(feedback_api(where), base_url="http://localhost") as http:
        http.app.state.queue._clock = lambda: NOW.timestamp()  # type: ignore[attr-defined]
        http.headers["Authorization"] = f"Bearer {token}"
        for number in range(len(requests)):
            held = visit.hear(http.get("/review/next"))
            lease = f"/review/leases/{held.json()['lease']}"
            visit.hear(http.get("/review/progress"))
            visit.hear(http.get(f"{lease}/film"))
            visit.hear(http.get(f"{lease}/answers"))
            visit.hear(http.get(f"{lease}/heat"))
            body = {"commit_id": str(UUID(int=number)), "read": "normal", "certainty": 4}
            visit.hear(http.post(f"{lease}/commit", json=body))
        assert visit.hear(http.get("/review/next")).status_code == 204
    return visit


def film_with_everything() -> bytes:
    """A film as it is kept, that came with its file's name in every place that holds text."""
    about = PngInfo()
    about.add_text("Title", PATH)
    stream = io.BytesIO()
    pixels = np.asarray(Image.open(io.BytesIO(png(1))))
    Image.fromarray(pixels).save(stream, "PNG", pnginfo=about, exif=_exif(), icc_profile=b"profile")
    return without_metadata(stream.getvalue())


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = PATH
    return exif.tobytes()


def leaks(visit: Visit) -> list[str]:
    """Forbidden words in what was told: bodies as text, film's bytes, header names and values."""
    found = []
    for _, headers, body in visit.told:
        text = (json.dumps(headers) + body.decode("latin-1")).lower()
        is_film = body.startswith((b"\x89PNG", b"\xff\xd8"))
        words = (MODEL, PATH, "bacteria", "profile") if is_film else FORBIDDEN
        found += [word for word in words if word.lower() in text]
    return found


def test_two_cases_that_differ_in_the_models_answers_alone_are_answered_alike(
    tmp_path: Path,
) -> None:
    requests = [request_id(NOW) for _ in range(4)]
    visits = [
        read_all(tmp_path / str(place), labels, requests)
        for place, labels in enumerate([(0, 1), (1, 0)])
    ]
    assert visits[0].told == visits[1].told


def test_nothing_that_a_reader_is_told_before_the_last_read_names_a_model_or_a_file(
    tmp_path: Path,
) -> None:
    assert leaks(read_all(tmp_path, (0, 1), [request_id(NOW) for _ in range(12)])) == []


def _order_by_label(monkeypatch: pytest.MonkeyPatch, labels: dict[str, int]) -> None:
    def in_order(cases: Any, reader: str, key: bytes) -> list[Any]:
        return sorted(cases, key=lambda case: (labels[case.request_id], case.request_id))

    monkeypatch.setattr(queue, "in_order", in_order)


def _case_by_label(monkeypatch: pytest.MonkeyPatch, labels: dict[str, int]) -> None:
    def case(self: object, request: str) -> str:
        return f"{labels[request]:016x}"

    monkeypatch.setattr(opaque.OpaqueIds, "case", case)


def _named_film(monkeypatch: pytest.MonkeyPatch, labels: dict[str, int]) -> None:
    show = queue.film_of

    def film_of(*where: Any) -> Film:
        film = show(*where)
        return replace(film, content=film.content + PATH.encode())

    monkeypatch.setattr(queue, "film_of", film_of)


@pytest.mark.parametrize("plant", [_order_by_label, _case_by_label, _named_film])
def test_a_planted_leak_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plant: Callable[..., None]
) -> None:
    requests = [request_id(NOW) for _ in range(2)]
    visits = []
    for labels in ((0, 1), (1, 0)):
        with monkeypatch.context() as planted:
            plant(planted, dict(zip(requests, labels, strict=True)))
            visits.append(read_all(tmp_path / str(labels[0]), labels, requests))
    assert visits[0].told != visits[1].told or leaks(visits[0])


def test_an_account_that_is_no_reader_gets_no_film_and_a_reader_no_prediction(
    tmp_path: Path,
) -> None:
    where, requests = made_room(tmp_path, 1)
    with TestClient(feedback_api(where), base_url="http://localhost") as http:
        anna = {"Authorization": f"Bearer {add_account(where, 'anna', 'reader')}"}
        held = http.get("/review/next", headers=anna).json()["lease"]
        assert http.get(f"/predictions/{requests[0]}", headers=anna).status_code == 403
        assert http.get("/review/next").status_code == 401
        for token in ("client", "operator"):
            program = {"Authorization": f"Bearer {token}"}
            for path in ("/review/next", "/review/progress", f"/review/leases/{held}/film"):
                assert http.get(path, headers=program).status_code == 403
        ben = {"Authorization": f"Bearer {add_account(where, 'ben', 'reader')}"}
        assert http.get(f"/review/leases/{held}/film", headers=ben).status_code == 404
