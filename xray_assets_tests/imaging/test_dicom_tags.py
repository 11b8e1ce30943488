"""Of a DICOM file's tags few are kept, and of those only values that look like what they are."""

import re
from dataclasses import astuple
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.imaging.acceptable import ACCEPTED_BEFORE, DEFAULT_LIMITS
from xray_assets.imaging.dicom.decoding import decode_with_depth
from xray_assets.imaging.dicom.tags import NO_TAGS, DicomTags
from xray_assets_tests.imaging.test_dicom import TWELVE_BIT, dicom_film

TOLD = {
    "Modality": "DX",
    "ViewPosition": "PA",
    "ManufacturerModelName": "DigitalDiagnost 4.1",
    "BitsStored": 12,
    "PhotometricInterpretation": "MONOCHROME1",
    "WindowCenter": 2048,
    "WindowWidth": [4096, 1000],
}
_ANYTHING = st.one_of(
    st.none(), st.text(max_size=80), st.integers(), st.floats(), st.binary(), st.lists(st.floats())
)


def tags(**told: Any) -> tuple[Any, ...]:
    return astuple(DicomTags.of(told))  # type: ignore[arg-type]


def test_what_a_film_tells_of_how_it_was_made_is_kept() -> None:
    film = dicom_film(TWELVE_BIT, HighBit=11, **TOLD)
    kept = decode_with_depth(film, limits=DEFAULT_LIMITS)[2]
    assert astuple(kept) == ("DX", "PA", "DigitalDiagnost 4.1", 12, "MONOCHROME1", 2048, 4096)


def test_nothing_else_of_a_file_is_kept() -> None:
    film = dicom_film(
        TWELVE_BIT,
        PatientID="4711",
        StudyDate="20260101",
        InstitutionName="SAINT ELSEWHERE",
        StationName="ROOM 5",
        DeviceSerialNumber="778899",
        Manufacturer="ACME",
    )
    kept = decode_with_depth(film, limits=ACCEPTED_BEFORE)[2]
    assert astuple(kept) == ("CR", None, None, 16, "MONOCHROME2", None, None)


def test_a_file_without_tags_has_none() -> None:
    assert tags() == NO_TAGS


@pytest.mark.parametrize(
    "model", ["DOE^JOHN", "unit 20260101", "SN 1234567", "Jürgen", "a@b.org", "x" * 33, "a\nb", ""]
)
def test_a_model_that_looks_like_a_person_a_date_or_a_number_is_left_out(model: str) -> None:
    assert tags(ManufacturerModelName=model) == NO_TAGS


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(TOLD, _ANYTHING)))
def test_whatever_stands_in_a_tag_what_is_kept_is_short_plain_and_finite(told: Any) -> None:
    modality, view, model, bits, photometric, *window = tags(**told)
    for code in (modality, view, photometric):
        assert code is None or re.fullmatch(r"[A-Z0-9_ ]{1,16}", code)
    assert model is None or (len(model) <= 32 and model.isascii() and model.isprintable())
    assert bits is None or 1 <= bits <= 32
    assert all(number is None or abs(number) <= 1e6 for number in window)
