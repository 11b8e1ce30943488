"""The quality score falls with each thing that makes a film worse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageFilter

from xray_assets.imaging.acceptable import InvalidImage
from xray_assets.imaging.digest import pixel_sha256
from xray_assets.imaging.quality import film_facts, quality_score
from xray_assets_tests.imaging.made_films import REAL_FILMS, encoded


def good_film() -> np.ndarray:
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(20, 235, (60, 70)).astype(np.uint8))
    return np.asarray(coarse.resize((280, 240), Image.Resampling.BICUBIC))


@given(arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 60))))
def test_the_score_lies_between_zero_and_one(pixels: np.ndarray) -> None:
    assert 0.0 <= quality_score(pixels) <= 1.0


def test_a_good_film_scores_one_and_an_even_field_zero() -> None:
    assert quality_score(good_film()) == 1.0
    assert quality_score(np.full((300, 300), 90, np.uint8)) == 0.0


def test_low_contrast_lowers_the_score() -> None:
    assert quality_score((good_film() // 4 + 100).astype(np.uint8)) < 0.85


def test_blur_lowers_the_score_whatever_the_contrast() -> None:
    blurred = np.asarray(Image.fromarray(good_film()).filter(ImageFilter.GaussianBlur(10)))
    low, high = np.percentile(blurred, [1, 99])
    whole = np.clip((blurred - low) / (high - low), 0, 1)
    strong, usual = (quality_score(np.rint(whole * top).astype(np.uint8)) for top in (250, 190))
    assert strong < 0.95
    assert strong == pytest.approx(usual, abs=0.01)


def test_clipping_lowers_the_score_to_zero() -> None:
    film = good_film()
    half, most = film.copy(), film.copy()
    half[:80] = 0
    most[:180] = 255
    assert 0.0 < quality_score(half) < 1.0
    assert quality_score(most) == 0.0


def test_few_pixels_lower_the_score() -> None:
    assert quality_score(good_film()[:64, :64]) < 0.8


def test_scaling_a_film_up_keeps_the_score_of_its_content() -> None:
    film = Image.fromarray(good_film())
    larger = np.asarray(film.resize((1120, 960), Image.Resampling.BICUBIC))
    assert quality_score(larger) == pytest.approx(quality_score(good_film()), abs=0.05)


def test_film_facts_are_those_of_the_decoded_pixels() -> None:
    film = good_film()
    facts = film_facts(encoded(film, "PNG"))
    assert (facts.width, facts.height) == (280, 240)
    assert facts.pixel_sha256 == pixel_sha256(film)
    assert facts.quality_score == quality_score(film)
    with pytest.raises(InvalidImage):
        film_facts(b"no film")


@pytest.mark.skipif(not REAL_FILMS.exists(), reason="the real films are not here")
def test_real_films_score_high() -> None:
    files = sorted((REAL_FILMS / "chest_xray" / "val").glob("*/*.jpeg"))
    assert min(film_facts(file.read_bytes()).quality_score for file in files) > 0.8
