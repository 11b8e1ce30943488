"""A DICOM film at its own depth: shown through the window it tells, it is what `decode` gives."""

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from xray_assets.imaging.acceptable import DEFAULT_LIMITS
from xray_assets.imaging.decode import decode
from xray_assets.imaging.dicom.decoding import decode_with_depth
from xray_assets.imaging.dicom.window import Window
from xray_assets.imaging.full_depth import FullDepth
from xray_assets_tests.imaging.made_films import grey
from xray_assets_tests.imaging.test_dicom import TWELVE_BIT, dicom_film


def deep(stored: np.ndarray, **tags: Any) -> tuple[np.ndarray, FullDepth, np.ndarray]:
    """What `decode` gives, the film at full depth, and its samples."""
    film = dicom_film(stored, **tags)
    pixels, depth, _ = decode_with_depth(film, limits=DEFAULT_LIMITS)
    assert depth is not None and np.array_equal(pixels, decode(film))
    return pixels, depth, np.asarray(Image.open(io.BytesIO(depth.png)))


def as_a_viewer_shows(depth: FullDepth, samples: np.ndarray) -> np.ndarray:
    """By the words of `FullDepth` alone."""
    width = depth.high - depth.low
    if depth.curve == "sigmoid":
        centre = (depth.low + depth.high) / 2
        shown = 1 / (1 + np.exp(-4 * (samples - centre) / width))
    else:
        shown = np.clip((samples - depth.low) / width, 0, 1)
    return 255 * (1 - shown if depth.inverted else shown)


@settings(max_examples=60, deadline=None)
@given(
    bits=st.integers(9, 16),
    signed=st.booleans(),
    slope=st.sampled_from([1, 0.5, 2, -1]),
    intercept=st.sampled_from([0, -1000, 17.5]),
    window=st.sampled_from([None, "LINEAR", "LINEAR_EXACT", "SIGMOID"]),
    photometric=st.sampled_from(["MONOCHROME1", "MONOCHROME2"]),
)
def test_shown_through_its_window_it_is_what_decode_gives(
    bits: int, signed: bool, slope: float, intercept: float, window: str | None, photometric: str
) -> None:
    stored = (grey().astype(np.uint16) << (bits - 8)) | 1
    tags: dict[str, Any] = {
        "BitsStored": bits,
        "HighBit": bits - 1,
        "RescaleSlope": slope,
        "RescaleIntercept": intercept,
        "PhotometricInterpretation": photometric,
    }
    if signed:
        stored = (stored.astype(np.int32) - (1 << (bits - 1))).astype(np.int16)
        tags["PixelRepresentation"] = 1
    middle = slope * float(stored.astype(float).mean()) + intercept
    if window:
        tags |= {"WindowCenter": middle, "WindowWidth": 900, "VOILUTFunction": window}
    pixels, depth, samples = deep(stored, **tags)
    assert depth.bits == bits and samples.max() < 1 << bits
    assert np.abs(as_a_viewer_shows(depth, samples) - pixels).max() <= 1
    assert len(np.unique(samples)) == len(np.unique(stored))


def test_every_grey_level_is_kept_where_the_window_shows_few() -> None:
    pixels, _, samples = deep(TWELVE_BIT, WindowCenter=2000, WindowWidth=16, BitsStored=12)
    assert np.array_equal(samples, TWELVE_BIT)
    assert len(np.unique(pixels)) < len(np.unique(samples))


def test_what_hides_in_unused_bits_is_not_kept() -> None:
    overlay = TWELVE_BIT | 0xA000
    _, _, samples = deep(overlay, BitsStored=12, WindowCenter=2000, WindowWidth=4000)
    assert np.array_equal(samples, TWELVE_BIT)


def test_a_film_with_a_table_is_kept_as_the_table_shows_it() -> None:
    from pydicom.dataset import Dataset

    table = Dataset()
    table.LUTDescriptor = [256, 0, 16]
    table.LUTData = [value * 257 for value in range(256)][::-1]
    table["LUTDescriptor"].VR = table["LUTData"].VR = "US"
    pixels, depth, samples = deep(grey(), VOILUTSequence=[table])
    assert (depth.bits, depth.low, depth.high) == (16, 0, 65535)
    assert np.array_equal(samples, (255 - grey()).astype(np.uint16) * 257)
    assert np.abs(as_a_viewer_shows(depth, samples) - pixels).max() <= 0.5


@pytest.mark.parametrize(
    ("tags", "spacing"),
    [
        ({"PixelSpacing": [0.2, 0.1]}, (0.2, 0.1)),
        ({"ImagerPixelSpacing": [0.14, 0.14]}, (0.14, 0.14)),
        ({"PixelSpacing": [0.2], "ImagerPixelSpacing": [0, 5]}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_the_size_of_a_pixel_is_kept_where_it_is_said(
    tags: dict[str, Any], spacing: tuple[float | None, float | None]
) -> None:
    _, depth, _ = deep(TWELVE_BIT, **tags)
    assert (depth.row_mm, depth.column_mm) == spacing


def test_nothing_of_the_file_but_samples_is_in_what_is_kept() -> None:
    _, depth, _ = deep(TWELVE_BIT, PatientComments="DOE^JOHN", InstitutionName="SAINT ELSEWHERE")
    assert not any(word in depth.png for word in (b"DOE", b"SAINT", b"tEXt", b"eXIf", b"iCCP"))


def test_a_flat_window_is_a_step() -> None:
    assert Window(5, 5).shown(np.array([4, 5, 6])).tolist() == [0, 0, 255]
