"""The model's input and the identity of a film."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xray_assets.imaging.digest import pixel_sha256
from xray_assets.imaging.preprocess import MODEL_SIDE, model_input
from xray_assets_tests.imaging.made_films import grey

SMALL_FILMS = arrays(np.uint8, st.tuples(st.integers(16, 90), st.integers(16, 90)))


@given(SMALL_FILMS)
def test_the_input_has_its_shape_type_and_range(pixels: np.ndarray) -> None:
    given_input = model_input(pixels)
    assert given_input.shape == (MODEL_SIDE, MODEL_SIDE)
    assert given_input.dtype == np.float32
    assert given_input.min() >= 0.0
    assert given_input.max() <= 1.0
    assert given_input.flags.c_contiguous


def test_black_is_zero_and_white_is_one() -> None:
    assert model_input(np.zeros((70, 90), np.uint8)).max() == 0.0
    assert model_input(np.full((70, 90), 255, np.uint8)).min() == 1.0


def test_each_cell_is_the_mean_of_the_pixels_under_it() -> None:
    pixels = grey(128, 192)
    means = pixels.reshape(64, 2, 64, 3).mean(axis=(1, 3)) / 255
    assert np.abs(model_input(pixels) - means).max() <= 1.01 / 255  # rounded across, then down


def test_a_fine_pattern_averages_out_instead_of_aliasing() -> None:
    checker = (np.indices((256, 256)).sum(axis=0) % 2 * 255).astype(np.uint8)
    assert np.ptp(model_input(checker)) < 0.01


@pytest.mark.parametrize(
    "wrong", [np.zeros((20, 20)), np.zeros((20, 20, 3), np.uint8), np.zeros((0, 20), np.uint8)]
)
def test_anything_but_grey_bytes_is_refused(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="grey pixels"):
        model_input(wrong)


@given(SMALL_FILMS)
def test_the_digest_is_of_shape_and_pixels_only(pixels: np.ndarray) -> None:
    height, width = pixels.shape
    expected = hashlib.sha256(f"{height}x{width}:".encode() + pixels.tobytes()).hexdigest()
    assert pixel_sha256(pixels) == expected
    assert pixel_sha256(np.asfortranarray(pixels)) == expected


def test_equal_bytes_of_another_shape_and_one_changed_pixel_have_other_digests() -> None:
    pixels = grey(40, 50)
    changed = pixels.copy()
    changed[3, 4] ^= 1
    digests = {pixel_sha256(film) for film in (pixels, pixels.reshape(50, 40), changed)}
    assert len(digests) == 3


def test_the_digest_refuses_other_arrays() -> None:
    with pytest.raises(ValueError, match="grey pixels"):
        pixel_sha256(np.zeros((20, 20), np.float32))  # type: ignore[arg-type]
