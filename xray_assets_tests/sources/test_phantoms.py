"""Synthetic phantoms: reproducible, resumable, labelled as such, and not given away by trifles."""

import io
import json
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from xray_assets.curation.patients import patient_of
from xray_assets.errors import XrayError
from xray_assets.imaging.decode import decode
from xray_assets.imaging.preprocess import model_input
from xray_assets.imaging.quality import quality_score
from xray_assets.sources.phantoms.folder import (
    LAYOUT_ROOT,
    MANIFEST_NAME,
    draw_film,
    planned_films,
    write_phantoms,
)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def area_under_curve(scores: np.ndarray, sick: np.ndarray) -> float:
    return float((scores[sick][:, None] > scores[~sick][None, :]).mean())


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("first", 7), ("again", 7), ("other", 8)):
        write_phantoms(tmp_path / name, count=12, seed=seed)
    first, again, other = (contents(tmp_path / name) for name in ("first", "again", "other"))
    assert first == again
    assert not {data for path, data in first.items() if path.endswith("jpeg")} & set(other.values())


def test_half_of_the_films_are_of_each_class_in_the_public_layout(tmp_path: Path) -> None:
    write_phantoms(tmp_path, count=60, seed=1)
    films = list(tmp_path.rglob("*.jpeg"))
    parts = [film.relative_to(tmp_path).parts for film in films]
    assert all(len(part) == 4 and part[0] == LAYOUT_ROOT for part in parts)
    assert Counter(part[2] for part in parts) == {"NORMAL": 30, "PNEUMONIA": 30}
    assert {part[1] for part in parts} == {"train", "test", "val"}


def test_a_killed_run_is_finished_by_the_next_and_nothing_is_drawn_twice(tmp_path: Path) -> None:
    class KilledError(Exception):
        pass

    def kill(done: int, total: int) -> None:
        if done == 5:
            raise KilledError

    with pytest.raises(KilledError):
        write_phantoms(tmp_path / "cut", count=12, seed=3, progress=kill)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "cut").rglob("*.jpeg")}
    assert len(kept) == 5
    write_phantoms(tmp_path / "cut", count=12, seed=3)
    write_phantoms(tmp_path / "whole", count=12, seed=3)
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())


def test_progress_counts_every_film(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_phantoms(
        tmp_path, count=4, seed=1, progress=lambda done, total: seen.append((done, total))
    )
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


@settings(max_examples=40, deadline=None)
@given(small=st.integers(1, 60), more=st.integers(0, 60), seed=st.integers(0, 2**32))
def test_a_larger_count_only_adds_films(small: int, more: int, seed: int) -> None:
    fewer = {film.path for film in planned_films(count=2 * small, seed=seed)}
    larger = {film.path for film in planned_films(count=2 * (small + more), seed=seed)}
    assert len(fewer) == 2 * small
    assert fewer <= larger


def test_a_patient_has_one_class_one_split_and_one_to_four_films() -> None:
    films = list(planned_films(count=2000, seed=5))
    places, counts = defaultdict(set), Counter[str]()
    for film in films:
        patient, source = patient_of(film.path.name)
        assert source == "file_name"
        assert patient is not None
        places[patient].add(film.path.parent)
        counts[patient] += 1
    assert all(len(folders) == 1 for folders in places.values())
    assert set(counts.values()) == {1, 2, 3, 4}
    assert len(films) / len(counts) == pytest.approx(1.35, abs=0.06)


def test_the_number_of_a_patient_does_not_tell_the_class() -> None:
    films = list(planned_films(count=2000, seed=5))
    odd = {film.category for film in films if film.patient % 2}
    assert odd == {"NORMAL", "PNEUMONIA"}
    sick = np.array([film.category == "PNEUMONIA" for film in films])
    parity = np.array([film.patient % 2 for film in films])
    assert abs(np.corrcoef(sick, parity)[0, 1]) < 0.1


def test_films_of_two_seeds_never_share_a_folder(tmp_path: Path) -> None:
    write_phantoms(tmp_path, count=2, seed=1)
    with pytest.raises(XrayError, match=r"seed 1.*asked for seed 2.*another folder"):
        write_phantoms(tmp_path, count=2, seed=2)


@pytest.mark.parametrize(("count", "seed"), [(0, 1), (3, 1), (-2, 1), (4, -1)])
def test_a_senseless_order_is_refused(tmp_path: Path, count: int, seed: int) -> None:
    with pytest.raises(XrayError, match="must"):
        write_phantoms(tmp_path, count=count, seed=seed)
    assert list(tmp_path.iterdir()) == []


def test_every_film_says_that_it_is_synthetic(tmp_path: Path) -> None:
    write_phantoms(tmp_path, count=6, seed=1)
    note = json.loads((tmp_path / LAYOUT_ROOT / MANIFEST_NAME).read_text())["note"]
    for film in tmp_path.rglob("*.jpeg"):
        assert film.name.startswith("phantom-")
        picture = Image.open(io.BytesIO(film.read_bytes()))
        assert picture.info["comment"] == note.encode() == b"SYNTHETIC PHANTOM"
        corner = decode(film.read_bytes())[-20:, 4:60]
        assert np.median(corner) < 60
        assert corner.max() > 120


def test_films_have_the_size_and_quality_of_small_real_ones() -> None:
    for film in planned_films(count=40, seed=2):
        pixels = decode(draw_film(film, seed=2))
        assert 224 <= min(pixels.shape) <= max(pixels.shape) <= 320
        assert quality_score(pixels) > 0.6


def test_neither_brightness_nor_contrast_nor_file_size_gives_the_label_away() -> None:
    films = list(planned_films(count=300, seed=11))
    files = [draw_film(film, seed=11) for film in films]
    pixels = [decode(data) for data in files]
    sick = np.array([film.category == "PNEUMONIA" for film in films])
    for giveaway in (
        [film.mean() for film in pixels],
        [film.std() for film in pixels],
        [film.size for film in pixels],
        [len(data) for data in files],
        [len(data) / film.size for data, film in zip(files, pixels, strict=True)],
    ):
        assert 0.40 < area_under_curve(np.array(giveaway, dtype=float), sick) < 0.60


def test_films_of_one_patient_look_more_alike_than_films_of_two() -> None:
    inputs = defaultdict(list)
    for film in planned_films(count=300, seed=4):
        inputs[film.patient].append(model_input(decode(draw_film(film, seed=4))).ravel())
    own = [np.corrcoef(films[0], films[1])[0, 1] for films in inputs.values() if len(films) > 1]
    first = [films[0] for films in inputs.values()]
    others = [np.corrcoef(a, b)[0, 1] for a, b in pairwise(first)]
    assert np.mean(own) > np.mean(others) + 0.02
