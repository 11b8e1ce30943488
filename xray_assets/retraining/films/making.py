"""Sets and golden versions from the tables: reads, keeps films, writes. What is in them is decided
in `training_set` and `golden`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import polars as pl

from xray_assets.catalog import GOLDEN_FILMS, TRAINING_FILMS, XRAY_METADATA
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.contracts.tables.retraining import PRODUCTION
from xray_assets.lake.tables import Tables
from xray_assets.retraining.candidate import numbers_before
from xray_assets.retraining.deciding.gather import truths
from xray_assets.retraining.films import golden
from xray_assets.retraining.films.kept import keep, with_patient_keys
from xray_assets.retraining.films.training_set import (
    FEW_FOR_A_MIX,
    MIX,
    digest,
    of_dataset,
    of_production,
    sides_shared,
    training_set,
)
from xray_assets.retraining.judging import HeldOut
from xray_assets.retraining.requests import Row, read_requests, save
from xray_assets.review.ordering import present_floor
from xray_assets.serving.hot_path.case_keys import CaseKeys
from xray_assets.storage.film_folder import FilmFolder


@dataclass(frozen=True)
class Films:
    """What sets are made of. metadata: silver.xray_metadata with patient keys. truths: countable.
    production: asked for once, as it copies films: `training_set.FILM`.
    """

    metadata: pl.DataFrame
    truths: pl.DataFrame
    production: Callable[[], pl.DataFrame]


@dataclass(frozen=True)
class MadeSet:
    """What a set came to, for people."""

    shown: dict[str, Any]
    warnings: list[str] = field(default_factory=list)


def films_of(
    tables: Tables, volume: FilmFolder, image: Callable[[str], bytes | None], keys: CaseKeys
) -> Films:
    """Data set and production, as they are now."""
    metadata = dataset(tables, keys)
    found, floor = truths(tables), present_floor(tables)

    @cache
    def production() -> pl.DataFrame:
        places = keep(volume, image, found["image_sha256"])
        return of_production(found, of_dataset(metadata), places, floor=floor)

    return Films(metadata, found, production)


def dataset(tables: Tables, keys: CaseKeys) -> pl.DataFrame:
    """silver.xray_metadata with `patient_key`."""
    return with_patient_keys(tables.read(XRAY_METADATA).collect(), keys)


def freeze_golden(tables: Tables, films: Films, *, now: datetime) -> int:
    """Freeze version 1 where there is none, and the next one where the last has judged enough;
    returns how many films were added.
    """
    held = tables.read(GOLDEN_FILMS).collect()
    if held.is_empty():
        version, new = 1, golden.first_version(films.metadata)
    else:
        newest = int(held["golden_version"].to_numpy().max())
        if numbers_before(read_requests(tables)).get(newest, 0) < golden.ENOUGH_CANDIDATES:
            return 0
        version = newest + 1
        new = golden.next_version(films.metadata, films.production(), held)
    rows = new.with_columns(golden_version=pl.lit(version, pl.Int64), since=pl.lit(now))
    if rows.height:
        contract = CONTRACTS[GOLDEN_FILMS]
        tables.merge(GOLDEN_FILMS, rows.select(contract.schema.names()), insert_only=True)
    return rows.height


def make_set(tables: Tables, request: Row, films: Films, *, mix: str, now: datetime) -> MadeSet:
    """Write the set of a request, and its digest to the request."""
    golden_films = tables.read(GOLDEN_FILMS).collect()
    production = films.production()
    chosen = training_set(of_dataset(films.metadata), production, mix).join(
        golden_films, on="patient_key", how="anti"
    )
    rows = chosen.with_columns(request_id=pl.lit(request["request_id"]), since=pl.lit(now))
    names = CONTRACTS[TRAINING_FILMS].schema.names()
    tables.merge(TRAINING_FILMS, rows.select(names))
    save(
        tables,
        request,
        training_set_sha256=digest(chosen),
        training_films=chosen.height,
        reads_to=films.truths["read_rank"].max() or 0,
    )
    new = chosen.filter(source=PRODUCTION).height
    gone = films.truths.height - production.height
    warnings = []
    if mix == MIX and new < FEW_FOR_A_MIX:
        warnings.append(f"70/30 with {new} new films throws old films away: {FEW_FOR_A_MIX} do not")
    counts = chosen.group_by("source", "label", "dataset_split").len().sort(pl.all())
    shown = {
        "request": request["request_id"],
        "films": chosen.height,
        "new_films": new,
        "truths_without_a_film_of_their_own": gone,
        "counts": counts.to_dicts(),
    }
    return MadeSet(shown, warnings)


def held_out_of(tables: Tables, films: Films, read: Callable[[str], bytes]) -> HeldOut:
    """The films that judge a candidate."""
    golden_films = tables.read(GOLDEN_FILMS).collect()
    of_test = films.production().filter(dataset_split="test")
    test = films.metadata.filter(dataset_split="test")
    return HeldOut(
        golden=golden_films,
        production=of_test.join(golden_films, on="patient_key", how="anti").select(
            "image_id", "source", "file_path", "label", "site", "patient_key"
        ),
        test=test.join(golden_films, on="patient_key", how="anti"),
        read=read,
    )


def sides(tables: Tables, keys: CaseKeys) -> dict[str, int]:
    """`training_set.sides_shared` of the newest set."""
    columns = ("patient_key", "pixel_sha256")
    test = dataset(tables, keys).filter(dataset_split="test")
    held_out = [frame.select(columns) for frame in (test, tables.read(GOLDEN_FILMS).collect())]
    newest = tables.read(TRAINING_FILMS).filter(pl.col("since") == pl.col("since").max())
    return sides_shared(newest.collect(), pl.concat(held_out))
