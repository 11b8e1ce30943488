"""Films reach the volume once and whole, whatever fails on the way."""

import datetime as dt

import polars as pl
import pytest

from xray_assets.catalog import KAGGLE_XRAY_METADATA
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.sources.ingest import MAX_FAILURES, Ingest, IngestFailed, ingest
from xray_assets.sources.ingested_rows import new_rows
from xray_assets.sources.manifest import (
    MANIFEST,
    MixedSources,
    claim,
    origin_of,
    read_volume,
)
from xray_assets.sources.source_films import SourceFilm
from xray_assets.storage.disk_space import NoSpace
from xray_assets_tests.sources.film_folders import MemoryFolder, source_of

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def run(
    films: list[SourceFilm], source: MemoryFolder, volume: MemoryFolder, batch: str = "batch"
) -> Ingest:
    content = read_volume(volume)
    return ingest(
        films, source=source, volume=volume, content=content, batch_id=batch, now=NOW, threads=2
    )


def films_of(volume: MemoryFolder) -> set[str]:
    return {path for path in volume.stored if not path.startswith(MANIFEST)}


def test_each_film_is_read_once_and_a_second_run_reads_and_writes_nothing() -> None:
    source, films = source_of(20)
    volume = MemoryFolder()
    assert len(run(films, source, volume).copied) == 20
    assert sorted(source.reads) == sorted(film.path for film in films)
    assert films_of(volume) == {f"normal/{film.image_id}.jpeg" for film in films}
    source.reads.clear()
    volume.writes.clear()
    again = run(films, source, volume, "again")
    assert (again.copied, again.already_there) == ([], 20)
    assert (source.reads, volume.writes) == ([], [])


def test_a_source_that_fails_midway_loses_nothing_and_is_continued() -> None:
    source, films = source_of(40)
    volume = MemoryFolder()
    source.broken = {film.path for film in films[10:]}
    with pytest.raises(IngestFailed, match=r"the line is cut.*10 of 40 are in the volume"):
        run(films, source, volume)
    assert len(read_volume(volume).intact) == 10
    source.broken.clear()
    source.reads.clear()
    assert len(run(films, source, volume, "again").copied) == 30
    assert len(source.reads) == 30


def test_a_few_unreadable_films_stop_no_other_film_but_fail_the_run() -> None:
    source, films = source_of(40)
    volume = MemoryFolder()
    source.broken = {film.path for film in films[: MAX_FAILURES - 1]}
    with pytest.raises(IngestFailed, match="4 films"):
        run(films, source, volume)
    assert len(read_volume(volume).intact) == 36


def test_a_bug_is_raised_as_it_is_and_what_was_copied_is_recorded() -> None:
    source, films = source_of(10)
    volume = MemoryFolder()
    del source.stored[films[-1].path]
    source.read = lambda path: source.stored[path]  # type: ignore[method-assign]
    with pytest.raises(KeyError):
        run(films, source, volume)
    assert len(read_volume(volume).intact) == 9


def test_a_lost_or_torn_film_is_brought_again_and_keeps_its_line() -> None:
    source, films = source_of(4)
    volume = MemoryFolder()
    run(films, source, volume, "first")
    torn, lost = (f"normal/{film.image_id}.jpeg" for film in films[:2])
    volume.stored[torn] = b""
    del volume.stored[lost]
    assert len(read_volume(volume).intact) == 2
    run(films, source, volume, "second")
    content = read_volume(volume)
    assert {film.ingestion_batch_id for film in content.intact.values()} == {"first"}
    assert len(content.intact) == 4


def test_a_film_the_source_changed_is_not_taken_again() -> None:
    source, films = source_of(2)
    volume = MemoryFolder()
    run(films, source, volume)
    del volume.stored[f"normal/{films[0].image_id}.jpeg"]
    source.stored[films[0].path] = b"another"
    with pytest.raises(IngestFailed, match="changed"):
        run(films, source, volume, "again")


def test_a_small_disk_is_refused_before_the_first_copy() -> None:
    source, films = source_of(5)
    volume = MemoryFolder(free=10_000_000)
    with pytest.raises(NoSpace, match="10 MB free"):
        run(films, source, volume)
    assert volume.writes == []
    volume.free = 100_000_000
    assert len(run(films, source, volume).copied) == 5


def test_progress_ends_at_the_number_of_films() -> None:
    source, films = source_of(7)
    seen: list[tuple[int, int]] = []
    ingest(
        films,
        source=source,
        volume=(volume := MemoryFolder()),
        content=read_volume(volume),
        batch_id="b",
        now=NOW,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(done, 7) for done in range(1, 8)]


def test_rows_of_the_table_are_those_of_whole_films_not_in_it_yet() -> None:
    source, films = source_of(5)
    volume = MemoryFolder()
    run(films, source, volume)
    contract = CONTRACTS[KAGGLE_XRAY_METADATA]
    rows = contract.conform(new_rows(read_volume(volume), contract.empty().lazy(), volume))
    assert rows["image_id"].to_list() == sorted(film.image_id for film in films)
    assert rows["file_path"][0] == f"/memory/normal/{rows['image_id'][0]}.jpeg"
    assert rows["ingested_at"].to_list() == [NOW] * 5
    known = rows.head(2)
    del volume.stored[f"normal/{rows['image_id'][4]}.jpeg"]
    rest = new_rows(read_volume(volume), known.lazy(), volume)
    assert rest["image_id"].to_list() == rows["image_id"].to_list()[2:4]
    assert new_rows(read_volume(volume), rows.lazy(), volume).is_empty()
    assert isinstance(rest.schema["ingested_at"], pl.Datetime)


def test_phantoms_and_films_are_never_mixed_in_one_volume() -> None:
    volume = MemoryFolder()
    claim(volume, origin="phantoms of seed 0", synthetic=True)
    claim(volume, origin="phantoms of seed 0", synthetic=True)
    assert origin_of(volume) == {"synthetic": True, "origin": "phantoms of seed 0"}
    for origin, synthetic in (("phantoms of seed 1", True), ("kaggle:x/y", False)):
        with pytest.raises(MixedSources, match="XRAY_STATE"):
            claim(volume, origin=origin, synthetic=synthetic)
    films = MemoryFolder()
    claim(films, origin="kaggle:x/y", synthetic=False)
    claim(films, origin="/data/chest_xray", synthetic=False)
