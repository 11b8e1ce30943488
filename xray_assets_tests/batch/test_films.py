"""Which files of a folder and which rows of a table are films to score."""

from pathlib import Path

import polars as pl
import pytest

from xray_assets.batch.films import PAGE, FolderFilms, ListedFilm, TableFilms, named_like_a_film
from xray_assets.storage.opening import open_folder


@pytest.mark.parametrize(
    "path", ["a.jpeg", "b/A.JPG", "c.png", "d.dcm", "IM0001", "1.2.840.113619.2.55", "x.y/IM2"]
)
def test_films_are_known_by_their_suffix_or_by_having_none(path: str) -> None:
    assert named_like_a_film(path)


@pytest.mark.parametrize("path", ["README.txt", "manifest.csv", "scores.parquet", "a.jpeg.bak"])
def test_other_suffixes_are_no_films(path: str) -> None:
    assert not named_like_a_film(path)


def test_a_folder_is_listed_with_its_sub_folders_and_what_is_left_out_is_counted(
    tmp_path: Path,
) -> None:
    for name in ("a.jpeg", "deep/er/b.png", "deep/IM1", "notes.txt", ".hidden.jpeg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    films = FolderFilms(open_folder(str(tmp_path)))
    assert films.count() == 3
    listed = [film for page in films.pages() for film in page]
    expected = {str(tmp_path / name) for name in ("a.jpeg", "deep/er/b.png", "deep/IM1")}
    assert {film.file_path for film in listed} == expected
    assert films.left_out == 1


def test_pages_of_folder_and_table_are_bounded_and_hold_every_film_once(tmp_path: Path) -> None:
    count = PAGE + 10
    for number in range(count):
        (tmp_path / f"{number}.jpeg").touch()
    paths = [str(tmp_path / f"{number}.jpeg") for number in range(count)]
    table = pl.LazyFrame({"image_id": [f"i{n}" for n in range(count)], "file_path": paths})
    for films in (FolderFilms(open_folder(str(tmp_path))), TableFilms(table, str(tmp_path))):
        pages = list(films.pages())
        assert max(map(len, pages)) <= PAGE
        assert sorted(film.file_path for page in pages for film in page) == sorted(paths)
        assert films.count() == count


def test_a_table_gives_the_ids_it_has_and_rows_without_a_path_are_no_films() -> None:
    table = pl.LazyFrame({"file_path": ["a", None, "b"], "image_id": ["i1", "i2", "i3"]})
    assert list(TableFilms(table, "").pages()) == [[ListedFilm("a", "i1"), ListedFilm("b", "i3")]]
    without_ids = TableFilms(table.drop("image_id"), "")
    assert list(without_ids.pages()) == [[ListedFilm("a", None), ListedFilm("b", None)]]
    assert TableFilms(table, "").count() == 2
