"""Every file that pydicom ships: refused with a reason, or a chest film that says so."""

from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_files

from xray_assets.imaging.acceptable import DEFAULT_LIMITS, DecodeLimits, InvalidImage
from xray_assets.imaging.decode import decode

ANYTHING = DecodeLimits(min_side=1, modalities=None)
REASONS = {
    "not_an_image",
    "truncated",
    "too_large",
    "too_small",
    "multi_frame",
    "unsupported",
    "not_a_chest_film",
}


def corpus() -> list[Path]:
    return [path for path in map(Path, get_testdata_files()) if path.is_file()]


def refusal(data: bytes, limits: DecodeLimits) -> str:
    """The reason; empty where the film is accepted. Any other exception fails the test."""
    try:
        assert decode(data, limits=limits).ndim == 2
    except InvalidImage as refused:
        assert refused.reason in REASONS
        return refused.reason
    return ""


def test_no_file_that_is_no_chest_film_is_accepted() -> None:
    answers = {path: refusal(path.read_bytes(), DEFAULT_LIMITS) for path in corpus()}
    assert len(answers) > 70
    for path in (path for path, reason in answers.items() if not reason):
        film = dcmread(path)
        assert film.Modality in {"CR", "DX"}
        assert film.get("BodyPartExamined", "CHEST").startswith("CHEST")
        assert film.SamplesPerPixel == 1


def test_each_compression_is_read_where_any_modality_may_come_in() -> None:
    """pydicom ships damaged files too, so one readable file of each compression is demanded."""
    read = set()
    for path in corpus():
        if not refusal(path.read_bytes(), ANYTHING):
            read.add(dcmread(path).file_meta.TransferSyntaxUID.rpartition(".")[2])
    assert read >= {"1", "2", "5", "51", "80", "81", "90"}


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.9])
def test_a_file_that_ends_anywhere_is_refused_or_read_and_never_worse(cut: float) -> None:
    for path in corpus():
        data = path.read_bytes()
        refusal(data[: int(len(data) * cut)], ANYTHING)
