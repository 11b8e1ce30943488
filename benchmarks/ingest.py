"""Ingest and curate images/s, against a bare loop of decode and hash over the same files.

    S=../shared/xray_sample
    .venv/bin/python benchmarks/ingest.py $S/chest_xray $S/originals

The bare loop reads each file once, hashes its bytes, decodes it and hashes its pixels, in one
thread. Ingest copies and hashes; curate reads, hashes, decodes, hashes pixels, scores the quality,
removes duplicates and draws splits. Both as the assets do it, without Dagster's and Delta's share.
"""

import argparse
import datetime as dt
import hashlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from xray_assets.catalog import KAGGLE_XRAY_METADATA
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.curation.candidates import candidates
from xray_assets.curation.curate import Known, curate
from xray_assets.curation.films import read_films
from xray_assets.imaging.decode import decode
from xray_assets.imaging.digest import pixel_sha256
from xray_assets.sources.ingest import ingest
from xray_assets.sources.ingested_rows import new_rows
from xray_assets.sources.manifest import read_volume
from xray_assets.sources.source_films import films_in
from xray_assets.storage.film_folder import FilmFolder
from xray_assets.storage.opening import open_folder

NOW = dt.datetime.now(dt.UTC)
SHARES = {"train": 0.7, "val": 0.1, "test": 0.2}


def bare_loop(folder: FilmFolder, paths: list[str]) -> None:
    for path in paths:
        data = folder.read(path)
        hashlib.sha256(data).hexdigest()
        pixel_sha256(decode(data))


def ingest_all(source: FilmFolder, volume: FilmFolder, threads: int) -> None:
    films = films_in(source.files(), address=source.address)
    ingest(
        films,
        source=source,
        volume=volume,
        content=read_volume(volume),
        batch_id="benchmark",
        now=NOW,
        threads=threads,
    )


def curate_all(volume: FilmFolder, threads: int) -> None:
    bronze = CONTRACTS[KAGGLE_XRAY_METADATA]
    rows = new_rows(read_volume(volume), bronze.empty().lazy(), volume)
    empty = rows.clear().select("image_id").with_columns(reason=rows.clear()["sha256"])
    outcomes = read_films(
        candidates(rows, empty, empty), read=volume.read_location, threads=threads
    )
    curate(outcomes, known=Known(), shares=SHARES, seed=0, now=NOW)


def seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def one_round(source: FilmFolder, paths: list[str], threads: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="ingest-benchmark-") as scratch:
        volume = open_folder(scratch)
        return {
            "bare loop": seconds(lambda: bare_loop(source, paths)),
            "ingest": seconds(lambda: ingest_all(source, volume, threads)),
            "curate": seconds(lambda: curate_all(volume, threads)),
        }


def measure(folder: Path, threads: int, rounds: int) -> None:
    source = open_folder(str(folder))
    paths = [film.path for film in films_in(source.files(), address=source.address)]
    bare_loop(source, paths)
    measured = [one_round(source, paths, threads) for _ in range(rounds)]
    times = {name: [taken[name] for taken in measured] for name in measured[0]}
    bare = statistics.median(times["bare loop"])
    print(f"{folder}: {len(paths)} films, {threads} threads, median of {rounds} rounds")
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"  {name:10s} {len(paths) / median:8.0f} images/s   {bare / median:5.2f} of bare")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("folders", nargs="+", type=Path)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--rounds", type=int, default=3)
    asked = arguments.parse_args(sys.argv[1:])
    for folder in asked.folders:
        measure(folder, asked.threads, asked.rounds)


if __name__ == "__main__":
    main()
