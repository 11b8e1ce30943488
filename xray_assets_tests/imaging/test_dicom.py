"""DICOM films: as a viewer first shows them, and refused with the same reasons as other formats."""

import io
import struct
import sys
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.encaps import encapsulate

from xray_assets.imaging.acceptable import DecodeLimits, InvalidImage
from xray_assets.imaging.decode import decode
from xray_assets.imaging.stored import without_metadata
from xray_assets_tests.imaging.made_films import encoded, grey


def dicom_film(stored: np.ndarray, *, syntax: str = "1.2.840.10008.1.2.1", **tags: Any) -> bytes:
    """A minimal CR image of 16 or 8 stored bits with the given tags."""
    from pydicom.dataset import FileDataset, FileMetaDataset

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    meta.TransferSyntaxUID = syntax
    film = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    film.PatientName = "DOE^JOHN"
    film.Modality = "CR"
    film.Rows, film.Columns = stored.shape[:2]
    film.SamplesPerPixel = 1
    film.PhotometricInterpretation = "MONOCHROME2"
    film.BitsAllocated = film.BitsStored = stored.dtype.itemsize * 8
    film.HighBit = film.BitsStored - 1
    film.PixelRepresentation = 0
    film.PixelData = stored.tobytes()
    for name, value in tags.items():
        setattr(film, name, value)
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        film.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def refused(data: bytes) -> str:
    with pytest.raises(InvalidImage) as caught:
        decode(data)
    return caught.value.reason


TWELVE_BIT = grey().astype(np.uint16) * 16


def test_without_a_window_the_films_own_range_becomes_black_to_white() -> None:
    decoded = decode(dicom_film(TWELVE_BIT))
    low, high = TWELVE_BIT.min(), TWELVE_BIT.max()
    expected = np.rint((TWELVE_BIT.astype(float) - low) / (high - low) * 255)
    assert np.array_equal(decoded, expected)
    assert not decoded.flags.writeable


def test_padding_does_not_count_for_the_range() -> None:
    padded = TWELVE_BIT.copy()
    padded[:3] = 65535
    decoded = decode(dicom_film(padded, PixelPaddingValue=65535))
    assert decoded[3:].max() == 255
    assert decoded[3:].min() == 0


@pytest.mark.parametrize(
    ("function", "low", "high"),
    [("LINEAR", 980, 1019), ("LINEAR_EXACT", 980, 1020)],
)
def test_the_first_window_is_applied_as_the_standard_says(
    function: str, low: float, high: float
) -> None:
    film = dicom_film(
        TWELVE_BIT, WindowCenter=[1000, 50], WindowWidth=[40, 10], VOILUTFunction=function
    )
    expected = np.clip(np.rint((TWELVE_BIT.astype(float) - low) / (high - low) * 255), 0, 255)
    assert np.array_equal(decode(film), expected)


def test_a_sigmoid_window_puts_its_centre_at_half() -> None:
    flat = np.full((40, 50), 1000, np.uint16)
    film = dicom_film(flat, WindowCenter=1000, WindowWidth=300, VOILUTFunction="SIGMOID")
    assert set(np.unique(decode(film))) == {128}


def test_the_rescale_comes_before_the_window() -> None:
    film = dicom_film(
        TWELVE_BIT, RescaleSlope=2, RescaleIntercept=-100, WindowCenter=1900, WindowWidth=4000
    )
    same = dicom_film(
        TWELVE_BIT,
        WindowCenter=1000,
        WindowWidth=2000,
    )
    assert np.abs(decode(film).astype(int) - decode(same)).max() <= 1


@pytest.mark.parametrize("window", [{}, {"WindowCenter": 1000, "WindowWidth": 2000}])
def test_monochrome1_is_inverted_after_the_window(window: dict[str, int]) -> None:
    plain = decode(dicom_film(TWELVE_BIT, **window))
    inverted = decode(dicom_film(TWELVE_BIT, PhotometricInterpretation="MONOCHROME1", **window))
    assert np.array_equal(inverted, 255 - plain)


def test_a_voi_table_maps_to_its_own_bits() -> None:
    from pydicom.dataset import Dataset

    table = Dataset()
    table.LUTDescriptor = [256, 0, 16]
    table.LUTData = [value * 257 for value in range(256)][::-1]
    table["LUTDescriptor"].VR = table["LUTData"].VR = "US"
    decoded = decode(dicom_film(grey(), VOILUTSequence=[table]))
    assert np.array_equal(decoded, 255 - grey())


FULL_RANGE = {"WindowCenter": 2047.5, "WindowWidth": 4095, "VOILUTFunction": "LINEAR_EXACT"}


@pytest.mark.parametrize(
    ("syntax", "encode"),
    [
        ("1.2.840.10008.1.2.4.57", lambda ic, film: ic.jpeg_encode(film, lossless=True)),
        ("1.2.840.10008.1.2.4.70", lambda ic, film: ic.jpeg_encode(film, lossless=True)),
        ("1.2.840.10008.1.2.4.80", lambda ic, film: ic.jpegls_encode(film)),
        ("1.2.840.10008.1.2.4.81", lambda ic, film: ic.jpegls_encode(film, level=2)),
        ("1.2.840.10008.1.2.4.51", lambda ic, film: ic.jpeg_encode(film, 98, bitspersample=12)),
    ],
)
def test_the_compressions_of_a_pacs_are_read(
    syntax: str, encode: Callable[[Any, np.ndarray], bytes]
) -> None:
    frame = encode(imagecodecs, TWELVE_BIT)
    film = dicom_film(
        TWELVE_BIT, syntax=syntax, PixelData=encapsulate([frame]), BitsStored=12, **FULL_RANGE
    )
    plain = decode(dicom_film(TWELVE_BIT, **FULL_RANGE)).astype(int)
    assert np.abs(decode(film) - plain).max() <= (0 if syntax[-2:] in ("57", "70", "80") else 1)
    taller = dicom_film(TWELVE_BIT, syntax=syntax, PixelData=encapsulate([frame]), Rows=41)
    assert refused(taller) == "not_an_image"


@pytest.mark.parametrize("stored", [TWELVE_BIT, grey()])
def test_run_lengths_are_read_and_bounded_by_the_size_of_the_film(stored: np.ndarray) -> None:
    frame = rle_frame(stored)
    film = {"syntax": "1.2.840.10008.1.2.5", "PixelData": encapsulate([frame])}
    assert np.array_equal(decode(dicom_film(stored, **film)), decode(dicom_film(stored)))
    bomb = frame[:64] + bytes([129, 0]) * 1_000_000
    film["PixelData"] = encapsulate([bomb])
    assert refused(dicom_film(stored, **film)) == "truncated"


def rle_frame(stored: np.ndarray) -> bytes:
    planes = stored.astype(stored.dtype.newbyteorder(">")).view(np.uint8).reshape(stored.size, -1).T
    segments = [imagecodecs.packbits_encode(np.ascontiguousarray(plane)) for plane in planes]
    starts = np.cumsum([64, *map(len, segments)])[:-1]
    return struct.pack("<16I", len(segments), *starts, *[0] * (15 - len(segments))) + b"".join(
        segments
    )


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        ({"Modality": "CT"}, "modality is CT; accepted: CR, DX"),
        ({"Modality": "RF"}, "modality is RF"),
        ({"Modality": ""}, "modality is not given"),
        ({"Modality": "DOE^JOHN"}, "modality is no code of the standard"),
        ({"BodyPartExamined": "HAND"}, "body part is HAND, not CHEST"),
    ],
)
def test_what_says_that_it_is_no_chest_film_is_refused_with_what_was_found(
    tags: dict[str, str], found: str
) -> None:
    with pytest.raises(InvalidImage, match=found) as caught:
        decode(dicom_film(TWELVE_BIT, **tags))
    assert caught.value.reason == "not_a_chest_film"
    site = DecodeLimits(modalities=frozenset({"CR", "RF", "none"}))
    accepted = tags in ({"Modality": "RF"}, {"Modality": ""})
    with nullcontext() if accepted else pytest.raises(InvalidImage):
        assert decode(dicom_film(TWELVE_BIT, **tags), limits=site).shape == TWELVE_BIT.shape


@pytest.mark.parametrize("body_part", ["CHEST", "chest", "CHEST PA", "THORAX", ""])
def test_a_chest_is_a_chest_however_it_is_written(body_part: str) -> None:
    assert decode(dicom_film(TWELVE_BIT, Modality="DX", BodyPartExamined=body_part)).any()


def test_colour_is_no_chest_film() -> None:
    colour = np.zeros((40, 50, 3), np.uint8)
    film = dicom_film(
        colour, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0
    )
    assert refused(film) == "unsupported"


def test_a_film_that_was_accepted_under_another_setting_stays_readable() -> None:
    film = dicom_film(TWELVE_BIT, Modality="RF")
    taken = decode(film, limits=DecodeLimits(modalities=frozenset({"RF"})))
    assert np.array_equal(decode(without_metadata(film)), taken)


def test_an_encapsulated_jpeg_decodes_and_must_have_the_size_of_the_header() -> None:
    inner = encoded(grey(), quality=95)
    options = {"syntax": "1.2.840.10008.1.2.4.50", "PixelData": encapsulate([inner])}
    with_range = {"WindowCenter": 127.5, "WindowWidth": 255, "VOILUTFunction": "LINEAR_EXACT"}
    assert np.array_equal(decode(dicom_film(grey(), **options, **with_range)), decode(inner))
    assert refused(dicom_film(grey(), **options, Rows=20)) == "not_an_image"


@pytest.mark.parametrize(
    ("film", "reason"),
    [
        (dicom_film(TWELVE_BIT, NumberOfFrames=2), "multi_frame"),
        (dicom_film(TWELVE_BIT, PhotometricInterpretation="PALETTE COLOR"), "unsupported"),
        (dicom_film(TWELVE_BIT, Rows=60_000, Columns=60_000), "too_large"),
        (dicom_film(TWELVE_BIT, Rows=8), "too_small"),
        (dicom_film(TWELVE_BIT)[:-500], "truncated"),
        (dicom_film(TWELVE_BIT)[:140], "unsupported"),
        (dicom_film(TWELVE_BIT, syntax="1.2.840.10008.1.2.1.99"), "unsupported"),
        (dicom_film(TWELVE_BIT, PixelData=None), "truncated"),
    ],
)
def test_what_is_not_one_readable_film_is_refused_with_its_reason(film: bytes, reason: str) -> None:
    assert refused(film) == reason


def test_a_refusal_and_its_warnings_tell_nothing_of_the_patient(
    caplog: pytest.LogCaptureFixture,
) -> None:
    film = dicom_film(TWELVE_BIT).replace(b"DOE^JOHN", b"DOE\x80JOHN")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decode(film)
    with pytest.raises(InvalidImage) as caught:
        decode(film[:-500])
    assert "DOE" not in caught.value.message + caplog.text


def test_the_stored_form_has_the_pixels_and_no_tag() -> None:
    film = dicom_film(TWELVE_BIT)
    stored = without_metadata(film)
    assert stored.startswith(b"\x89PNG")
    assert b"DOE" not in stored
    assert np.array_equal(decode(stored), decode(film))


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damaged_files_never_raise_anything_else(data: st.DataObject) -> None:
    film = bytearray(dicom_film(TWELVE_BIT, WindowCenter=1000, WindowWidth=2000))
    header = len(film) - TWELVE_BIT.nbytes
    for _ in range(data.draw(st.integers(1, 5))):
        film[data.draw(st.integers(132, header - 1))] = data.draw(st.integers(0, 255))
    try:
        assert decode(bytes(film)).ndim == 2
    except InvalidImage as refusal:
        assert refusal.reason


def test_without_pydicom_the_refusal_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(InvalidImage, match=r"xray-assets\[dicom\]"):
        decode(dicom_film_bytes_without_pydicom())


def dicom_film_bytes_without_pydicom() -> bytes:
    return b"\0" * 128 + b"DICM" + b"\0" * 64
