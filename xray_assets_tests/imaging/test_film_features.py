"""Each feature of a film moves with what it is named after, and is a number for every film."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageFilter

from xray_assets.catalog import FEATURES
from xray_assets.imaging.film_features import SMALLEST_SIDE, film_features

_SIDES = st.tuples(st.integers(SMALLEST_SIDE, 40), st.integers(SMALLEST_SIDE, 40))
_FILMS = st.sampled_from((np.uint8, np.uint16)).flatmap(lambda depth: arrays(depth, _SIDES))
_SHARES = set(FEATURES) - {"entropy", "levels", "sharpness", "aspect", "side"}


def film() -> np.ndarray:
    """Lungs of a kind: a bright middle, dark corners, some noise; values 20 to 200."""
    rng = np.random.default_rng(0)
    down, right = np.mgrid[-1:1:160j, -1:1:200j]
    field = 180 * np.exp(-(down**2) - right**2) + rng.normal(0, 4, down.shape)
    return np.clip(field, 20, 200).astype(np.uint8)


def changed(name: str, pixels: np.ndarray) -> float:
    """By how much a feature of `pixels` is above that of the film."""
    return film_features(pixels)[name] - film_features(film())[name]


@given(_FILMS)
def test_every_feature_of_every_film_is_a_number_within_its_range(pixels: np.ndarray) -> None:
    features = film_features(pixels)
    assert tuple(sorted(features)) == tuple(sorted(FEATURES))
    assert all(type(value) is float and math.isfinite(value) for value in features.values())
    for name in _SHARES:
        assert (-1 if name == "corner_minus_centre" else 0) <= features[name] <= 1, name
    assert 0 <= features["entropy"] <= 8
    assert features["sharpness"] >= 0


@given(st.sampled_from((np.uint8, np.uint16)), st.integers(0, 255))
def test_a_constant_film_has_features_too(depth: type, grey: int) -> None:
    features = film_features(np.full((40, 50), grey, depth))
    still = ("contrast", "entropy", "sharpness", "fine_detail", "corner_minus_centre")
    assert {features[name] for name in still} == {0.0}
    assert features["flat"] == features["levels"] == 1.0


@given(arrays(np.uint8, _SIDES))
def test_sixteen_bits_measure_as_eight(pixels: np.ndarray) -> None:
    features, deep = film_features(pixels), film_features(pixels.astype(np.uint16) * 257)
    for one in (features, deep):
        del one["border"]  # a mean right at the limit may be rounded either way
    assert deep == pytest.approx(features, abs=1e-4, rel=1e-4)


@given(_FILMS)
def test_values_are_of_the_pixels_wherever_they_lie(pixels: np.ndarray) -> None:
    shuffled = np.random.default_rng(0).permutation(pixels.ravel()).reshape(pixels.shape)
    features, same = film_features(pixels), film_features(shuffled)
    of_values = ("mean", "contrast", "p01", "p50", "p99", "entropy", "levels", "clip_low")
    assert {name: features[name] for name in of_values} == {name: same[name] for name in of_values}


@given(_FILMS)
def test_inverted_polarity_turns_the_film_around(pixels: np.ndarray) -> None:
    inverted = np.iinfo(pixels.dtype).max - pixels
    features, turned = film_features(pixels), film_features(inverted)
    assert turned["mean"] == pytest.approx(1 - features["mean"])
    assert turned["corner_minus_centre"] == pytest.approx(-features["corner_minus_centre"])
    assert turned["clip_low"] == features["clip_high"]
    for same in ("contrast", "sharpness", "fine_detail", "flat", "entropy"):
        assert turned[same] == pytest.approx(features[same], abs=1e-6), same


def test_percentiles_are_those_of_the_pixels() -> None:
    features = film_features(film())
    for percent in (1, 10, 50, 90, 99):
        expected = np.percentile(film(), percent, method="inverted_cdf") / 255
        assert features[f"p{percent:02}"] == pytest.approx(expected)


def test_gain_moves_the_grey_values_and_not_what_is_relative_to_them() -> None:
    gained = (film() * 1.2).astype(np.uint8)
    assert changed("mean", gained) == pytest.approx(0.2 * film().mean() / 255, abs=0.005)
    assert changed("contrast", gained) > 0.02
    assert abs(changed("sharpness", gained)) < 0.02


def test_blur_takes_sharpness_and_fine_detail() -> None:
    blurred = np.asarray(Image.fromarray(film()).filter(ImageFilter.GaussianBlur(2)))
    for name in ("sharpness", "fine_detail"):
        assert film_features(blurred)[name] < film_features(film())[name] / 3


def test_noise_adds_fine_detail() -> None:
    noise = np.random.default_rng(1).normal(0, 20, film().shape)
    assert changed("fine_detail", np.clip(film() + noise, 0, 255).astype(np.uint8)) > 0.05


def test_the_grey_fill_of_a_truncated_file_is_flat() -> None:
    cut = film().copy()
    cut[120:] = 128
    assert changed("flat", cut) > 0.2


def test_dark_rows_and_columns_are_a_border() -> None:
    framed = film().copy()
    framed[:16] = framed[:, -20:] = 6
    assert film_features(film())["border"] == 0
    for depth in (framed, framed.astype(np.uint16) * 257):
        assert film_features(depth)["border"] == pytest.approx(0.1)


def test_the_polarity_shows_in_the_corners() -> None:
    assert film_features(film())["corner_minus_centre"] < -0.3
    assert film_features(255 - film())["corner_minus_centre"] > 0.3


def test_size_and_shape_are_told_in_pixels() -> None:
    features = film_features(film())
    assert features["aspect"] == 200 / 160
    assert features["side"] == math.sqrt(200 * 160)


def test_a_large_film_is_measured_by_some_of_its_rows_and_comes_out_alike() -> None:
    tiled = np.tile(film(), (8, 8))
    features, whole = film_features(film()), film_features(tiled)
    for name in ("mean", "contrast", "entropy", "fine_detail", "flat", "clip_low"):
        assert whole[name] == pytest.approx(features[name], abs=0.02), name


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((40, 40), np.float32), np.zeros((3, 40, 40), np.uint8), np.zeros((40, 3), np.uint8)],
)
def test_what_is_no_film_is_refused(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"decode the file|too small"):
        film_features(pixels)
