"""Which films a folder offers, what their ids are, and which are taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.sources.source_films import SourceFilm, chosen, films_in, image_id
from xray_assets.storage.film_folder import StoredFile


def listed(*paths: str) -> list[StoredFile]:
    return [StoredFile(path, 10) for path in paths]


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("/data/chest_xray", "train/NORMAL/a.jpeg"),
        ("/data", "chest_xray/train/NORMAL/a.jpeg"),
        ("/data/chest_xray/train", "NORMAL/a.jpeg"),
        ("/data/chest_xray/train/NORMAL", "a.jpeg"),
        ("s3://bucket/films/chest_xray", "train/NORMAL/a.jpeg"),
        ("s3://bucket/train", "NORMAL/a.jpeg"),
        ("/state/kaggle.zip", "chest_xray/chest_xray/train/NORMAL/a.jpeg"),
        ("/data/lower", "train/normal/a.JPG"),
    ],
)
def test_a_film_keeps_its_id_whichever_folder_of_the_layout_is_given(
    address: str, path: str
) -> None:
    (film,) = films_in(listed(path), address=address)
    assert film.image_id == image_id("train/NORMAL/a")
    assert (film.category, film.dataset_split) == ("NORMAL", "train")


def test_the_id_of_a_film_is_the_same_in_every_release() -> None:
    assert image_id("train/NORMAL/IM-0115-0001") == "2315c40bcbe8625fad6fca24a6fd847a"


def test_films_of_two_splits_or_classes_with_one_name_have_two_ids() -> None:
    films = films_in(
        listed("train/NORMAL/a.jpeg", "test/NORMAL/a.jpeg", "train/PNEUMONIA/a.jpeg"),
        address="/data",
    )
    assert len({film.image_id for film in films}) == 3


def test_what_is_no_film_of_a_class_is_left_out_and_copies_count_once() -> None:
    films = films_in(
        listed(
            "chest_xray/__MACOSX/train/NORMAL/._a.jpeg",
            "chest_xray/__MACOSX/train/NORMAL/b.jpeg",
            "chest_xray/train/NORMAL/.DS_Store",
            "chest_xray/train/NORMAL/._a.jpeg",
            "chest_xray/train/NORMAL/notes.txt",
            "chest_xray/train/OTHER/a.jpeg",
            "chest_xray/chest_xray/train/NORMAL/a.jpeg",
            "chest_xray/train/NORMAL/a.jpeg",
            "chest_xray/train/NORMAL/a.png",
            "manifest.csv",
        ),
        address="/data",
    )
    assert [film.path for film in films] == ["chest_xray/chest_xray/train/NORMAL/a.jpeg"]


def test_folders_without_a_split_are_taken_as_train() -> None:
    (film,) = films_in(listed("NORMAL/IM-1-1.png"), address="/data/originals")
    assert film.dataset_split == "train"
    assert film.volume_path == f"normal/{film.image_id}.png"


def offered(normal: int, pneumonia: int) -> list[SourceFilm]:
    paths = [f"train/NORMAL/n{n}.jpeg" for n in range(normal)]
    paths += [f"train/PNEUMONIA/p{n}.jpeg" for n in range(pneumonia)]
    return films_in(listed(*paths), address="/data")


def ids(films: list[SourceFilm]) -> set[str]:
    return {film.image_id for film in films}


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 40), st.integers(0, 40))
def test_a_larger_limit_drops_no_film(normal: int, pneumonia: int, small: int, more: int) -> None:
    films = offered(normal, pneumonia)
    first = ids(chosen(films, limit=small, seed=0, ingested=set()))
    assert first <= ids(chosen(films, limit=small + more, seed=0, ingested=set()))
    assert first <= ids(chosen(films, limit=small + more, seed=1, ingested=first))
    assert first <= ids(chosen(films, limit=None, seed=0, ingested=first))


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 40))
def test_half_of_the_limit_is_taken_of_each_class(normal: int, pneumonia: int, limit: int) -> None:
    picked = chosen(offered(normal, pneumonia), limit=limit, seed=0, ingested=set())
    by_class = [film.category for film in picked]
    assert by_class.count("NORMAL") == min(normal, (limit + 1) // 2)
    assert by_class.count("PNEUMONIA") == min(pneumonia, limit // 2)


def test_new_films_in_the_source_replace_no_ingested_one() -> None:
    held = ids(chosen(offered(10, 10), limit=10, seed=0, ingested=set()))
    assert ids(chosen(offered(500, 500), limit=10, seed=0, ingested=held)) == held


def test_the_seed_and_not_the_order_of_files_decides() -> None:
    films = offered(40, 40)
    picked = ids(chosen(films, limit=20, seed=0, ingested=set()))
    assert ids(chosen(films[::-1], limit=20, seed=0, ingested=set())) == picked
    assert ids(chosen(films, limit=20, seed=1, ingested=set())) != picked
