"""Each corruption does what it is called, and nothing else to the film's type and size."""

import numpy as np
import pytest
from PIL import Image

from xray_assets.errors import XrayError
from xray_assets.imaging.corruptions import CORRUPTIONS, corrupted
from xray_assets.imaging.preprocess import MODEL_SIDE, model_input
from xray_assets_tests.imaging.made_films import grey

FILM = grey(120, 90)


def _steps(film) -> float:
    return float(np.abs(np.diff(film.astype(int), axis=1)).mean())


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_changes_the_film_and_keeps_type_shape_and_original(name):
    before = FILM.copy()
    film = corrupted(FILM, name)
    assert film.dtype == np.uint8
    assert film.shape == ((72, 54) if name == "matrix" else FILM.shape)
    assert film.shape != FILM.shape or (film != FILM).mean() > 0.2
    assert np.array_equal(before, FILM)
    assert model_input(film).shape == (MODEL_SIDE, MODEL_SIDE)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_seed_gives_one_film_and_a_seed_of_a_random_one_another(name):
    first, again = corrupted(FILM, name, seed=4), corrupted(FILM, name, seed=4)
    assert np.array_equal(first, again)
    differs = not np.array_equal(first, corrupted(FILM, name, seed=5))
    assert differs == (name in {"truncated", "portable", "noise"})


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_smallest_film_can_be_corrupted(name):
    assert corrupted(np.full((1, 1), 7, np.uint8), name).shape == (1, 1)


def test_gain_and_contrast_move_mean_and_spread_by_what_they_say():
    assert corrupted(FILM, "gain").mean() == pytest.approx(1.10 * FILM.mean(), rel=0.01)
    flatter = corrupted(FILM, "contrast")
    assert flatter.mean() == pytest.approx(FILM.mean(), abs=0.5)
    assert flatter.std() == pytest.approx(0.85 * FILM.std(), rel=0.02)
    assert corrupted(np.full((4, 4), 250, np.uint8), "gain").max() == 255


def test_blur_takes_steps_away_and_a_strong_one_more():
    plain, weak, strong = (
        _steps(film) for film in (FILM, corrupted(FILM, "blur"), corrupted(FILM, "strong_blur"))
    )
    assert plain > 2 * weak > 2 * strong
    edge = np.where(np.arange(81) < 40, 0, 255).astype(np.uint8) * np.ones((9, 1), np.uint8)
    for name, deviation in (("blur", 1.6), ("strong_blur", 3.5)):
        slope = np.diff(corrupted(edge, name)[4].astype(float)) / 255
        assert np.sqrt((slope * (np.arange(80) - 39) ** 2).sum()) == pytest.approx(
            deviation, rel=0.1
        )


def test_a_low_matrix_is_the_small_film_interpolated_up():
    small = corrupted(FILM, "matrix", strength=0.25)
    up = Image.fromarray(small).resize((90, 120), Image.Resampling.BICUBIC)
    assert np.array_equal(corrupted(FILM, "low_matrix"), np.asarray(up))


def test_a_border_blackens_twelve_percent_of_each_side_and_leaves_the_middle():
    film = corrupted(FILM, "border")
    assert film[14:106, 11:79].tolist() == FILM[14:106, 11:79].tolist()
    film[14:106, 11:79] = 0
    assert not film.any()


def test_polarity_is_inverted_and_twice_is_the_film():
    assert np.array_equal(corrupted(corrupted(FILM, "inverted"), "inverted"), FILM)
    assert corrupted(FILM, "inverted").mean() == pytest.approx(255 - FILM.mean())


def test_of_a_lost_third_and_a_cut_file_the_upper_rows_stay():
    lost = corrupted(FILM, "lower_third_lost")
    assert np.array_equal(lost[:80], FILM[:80])
    assert (lost[80:] == FILM.max()).all()
    for seed in range(20):
        cut = corrupted(FILM, "truncated", seed=seed)
        first_cut = int(np.flatnonzero((cut == 128).all(axis=1))[0])
        assert 0.4 * 120 - 16 <= first_cut <= 0.8 * 120 + 8
        assert (cut[first_cut:] == 128).all()
        assert np.array_equal(cut[: first_cut - 8], FILM[: first_cut - 8])


def test_a_broken_window_clips_both_ends():
    film = corrupted(FILM, "broken_window")
    assert (film[FILM < 65] == 0).all()
    assert (film[FILM > 175] == 255).all()
    assert 0 < film[FILM == 120].mean() < 255


def test_noise_has_its_deviation_and_a_portable_film_is_flatter():
    flat = np.full((200, 200), 128, np.uint8)
    assert corrupted(flat, "noise").std() == pytest.approx(12, rel=0.03)
    assert corrupted(flat, "noise", strength=3).std() == pytest.approx(3, rel=0.05)
    assert corrupted(FILM, "portable").std() == pytest.approx(0.8 * FILM.std(), rel=0.05)


def test_a_name_that_does_not_exist_and_other_pixels_are_refused():
    with pytest.raises(XrayError, match=r"unknown corruption 'gian'; there are gain, contrast"):
        corrupted(FILM, "gian")
    for wrong in (FILM.astype(float), FILM[0], np.zeros((0, 4), np.uint8)):
        with pytest.raises(ValueError, match="need uint8"):
            corrupted(wrong, "gain")
