"""Values of a planted patient are searched in everything that the server leaves behind or says."""

import base64
import io
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from xray_assets_tests.serving.server_process import (
    ENDPOINT,
    Server,
    ab_config,
    artifacts,
    film_pixels,
)

MARKERS = ("Zaphod^Beeblebrox", "MRN-4711-SECRET", "19520311", "St. Elsewhere")


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def marked_jpeg() -> str:
    exif = Image.Exif()
    exif[0x010E], exif[0x9286] = MARKERS[0], MARKERS[1]
    stream = io.BytesIO()
    Image.fromarray(film_pixels(1)).save(
        stream, "JPEG", exif=exif, comment="|".join(MARKERS).encode(), xmp=MARKERS[3].encode()
    )
    data = stream.getvalue() + "|".join(MARKERS).encode()
    assert all(marker.encode() in data for marker in MARKERS)
    return text(data)


def marked_png() -> str:
    info = PngImagePlugin.PngInfo()
    for marker in MARKERS:
        info.add_text("Comment", marker)
    stream = io.BytesIO()
    Image.fromarray(film_pixels(2)).save(stream, "PNG", pnginfo=info)
    return text(stream.getvalue())


def marked_dicom(**changes: Any) -> str:
    """A small DICOM film; `changes` are data elements."""
    pydicom = pytest.importorskip("pydicom")
    from pydicom.dataset import FileDataset, FileMetaDataset

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    film = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    pixels = film_pixels(3).astype(np.uint16) * 16
    film.PatientName, film.PatientID, film.PatientBirthDate = MARKERS[:3]
    film.InstitutionName = MARKERS[3]
    film.ManufacturerModelName, film.ViewPosition = MARKERS[0], MARKERS[1]
    film.Modality = "DX"
    film.Rows, film.Columns = pixels.shape
    film.SamplesPerPixel, film.PhotometricInterpretation = 1, "MONOCHROME2"
    film.BitsAllocated, film.BitsStored, film.HighBit, film.PixelRepresentation = 16, 12, 11, 0
    film.WindowCenter, film.WindowWidth = 2048, 4096
    film.PixelData = pixels.tobytes()
    for name, value in changes.items():
        setattr(film, name, value)
    stream = io.BytesIO()
    film.save_as(stream, enforce_file_format=True)
    return text(stream.getvalue())


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Everything that a server said and left behind after markers came in by every way there is."""
    state = tmp_path_factory.mktemp("privacy") / "state"
    server = Server(state)
    digests = artifacts(state)
    server.start()
    server.create(ab_config(*digests))
    said = b""
    with server.client() as client:

        def send(
            body: Any, path: str = f"/serving-endpoints/{ENDPOINT}/invocations"
        ) -> httpx.Response:
            nonlocal said
            answer = client.post(path, json=body)
            said += answer.content + str(answer.headers.raw).encode()
            return answer

        for image in (
            marked_jpeg(),
            marked_png(),
            marked_dicom(),
            marked_dicom(PhotometricInterpretation="MONOCHROME1"),
        ):
            accepted = send(
                {
                    "dataframe_records": [
                        {"image": image, "patient_id": MARKERS[1], "name": MARKERS[0]}
                    ]
                }
            )
            assert accepted.status_code == 200, accepted.text
        send({"inputs": [marked_jpeg()], "params": {"patient_id": MARKERS[0]}, "file": MARKERS[3]})
        broken = text(b"\xff\xd8\xff" + "|".join(MARKERS).encode())
        for refused in (
            {"inputs": [broken], "params": {"patient_id": MARKERS[1]}},
            {"inputs": [marked_dicom(NumberOfFrames=2)]},
            {"inputs": [marked_dicom(PhotometricInterpretation="PALETTE COLOR")]},
            {"inputs": [MARKERS[0]]},
            {"inputs": {MARKERS[0]: MARKERS[1]}},
            {MARKERS[0]: MARKERS[1]},
            {"dataframe_records": [{MARKERS[0]: 1}]},
            {"dataframe_split": {"columns": list(MARKERS), "data": [list(MARKERS)]}},
            {"inputs": ["A"], "params": {"patient_id": {MARKERS[0]: 1}}},
        ):
            assert send(refused).status_code == 400
        send({"inputs": [marked_png()]}, f"/serving-endpoints/{MARKERS[1]}/invocations")
        client.get(f"/api/2.0/serving-endpoints/{MARKERS[1]}")
        for path in ("/metrics", "/model-info", "/health", "/openapi.json"):
            said += client.get(path).content
    assert server.stop() == 0
    found = {"answers": said}
    for file in sorted(path for path in state.rglob("*") if path.is_file()):
        found[str(file.relative_to(state))] = file.read_bytes()
    return found


@pytest.mark.parametrize("marker", MARKERS)
def test_a_planted_patient_appears_nowhere(outputs: dict[str, bytes], marker: str) -> None:
    assert {
        "answers",
        "stderr.txt",
        "endpoint/log.sqlite",
        "endpoint/config.json",
    } <= outputs.keys()
    spellings = (marker, marker.lower(), text(marker.encode()).rstrip("="), marker.encode().hex())
    for place, content in outputs.items():
        for spelling in spellings:
            assert spelling.encode() not in content, f"{spelling} in {place}"
        assert marker.encode("utf-16-le") not in content, place


def test_the_search_would_find_a_marker(outputs: dict[str, bytes]) -> None:
    assert ENDPOINT.encode() in outputs["endpoint/log.sqlite"]


def test_the_journal_refuses_fields_that_are_not_listed() -> None:
    from xray_assets.serving.process.server_log import ServerLog

    stream = io.StringIO()
    with pytest.raises(ValueError, match="allow-list"):
        ServerLog(stream).event("x", patient_id="p")
    assert stream.getvalue() == ""


def test_no_module_of_the_server_prints() -> None:
    import xray_assets.serving

    for file in Path(xray_assets.serving.__file__).parent.rglob("*.py"):
        assert "print(" not in file.read_text()
