import numpy as np

from xray_assets.training.augmentation import shifted

FILMS = np.random.default_rng(0).random((5, 64, 64), np.float32)


def test_each_film_is_a_shifted_copy_of_itself_with_its_own_values():
    moved = shifted(FILMS, np.random.default_rng(1), 3)
    assert moved.shape == FILMS.shape and moved.dtype == np.float32
    for film, original in zip(moved, FILMS, strict=True):
        inner = film[3:-3, 3:-3]
        places = [(i, j) for i in range(7) for j in range(7)]
        assert any(np.array_equal(inner, original[i : i + 58, j : j + 58]) for i, j in places)


def test_shifts_go_every_way_alike_and_as_far_as_asked():
    film = np.zeros((1, 64, 64), np.float32)
    film[0, 32, 32] = 1
    moved = shifted(np.repeat(film, 500, 0), np.random.default_rng(2), 3)
    rows, columns = (moved.reshape(500, -1).argmax(1) // 64, moved.reshape(500, -1).argmax(1) % 64)
    for place in (rows, columns):
        assert set(place) == set(range(29, 36))
        assert abs(place.mean() - 32) < 0.3


def test_no_shift_asked_for_changes_nothing_and_the_originals_stay():
    before = FILMS.copy()
    assert np.array_equal(shifted(FILMS, np.random.default_rng(0), 0), FILMS)
    moved = shifted(FILMS, np.random.default_rng(0), 3)
    moved += 1
    assert np.array_equal(before, FILMS)


def test_the_same_generator_gives_the_same_films():
    one = shifted(FILMS, np.random.default_rng(3), 3)
    assert np.array_equal(one, shifted(FILMS, np.random.default_rng(3), 3))
