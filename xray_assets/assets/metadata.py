"""Silver: the films that can be used, and those that cannot, with the reason.

One pass over the new films writes both tables. Not here: how a film is judged (`curation/`).
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from xray_assets import clock
from xray_assets.assets.entries import spec
from xray_assets.automation import follows_good_upstreams
from xray_assets.catalog import KAGGLE_XRAY_METADATA, XRAY_METADATA, XRAY_REJECTS, Key
from xray_assets.checks.table_metadata import data_version, table_metadata
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.progress import LoggedProgress
from xray_assets.resources.images import FilmSettings, ImageVolume
from xray_assets.resources.tables import Tables


class Curation(dg.Config):
    """What a launch may ask for."""

    full_refresh: bool = False
    """Curate every film again, draw every patient's split again, and replace both tables."""


@dg.multi_asset(
    name="curated_films",
    specs=[
        spec(key, deps=[KAGGLE_XRAY_METADATA], automation_condition=follows_good_upstreams)
        for key in (XRAY_METADATA, XRAY_REJECTS)
    ],
)
def curated_films(
    context: dg.AssetExecutionContext,
    config: Curation,
    tables: Tables,
    volume: ImageVolume,
    films: FilmSettings,
) -> Iterator[dg.MaterializeResult]:
    """Curate the films that are in neither table yet."""
    from xray_assets.curation.candidates import candidates
    from xray_assets.curation.curate import Known, curate
    from xray_assets.curation.films import read_films

    metadata, rejects = (_stored(tables, key, config) for key in (XRAY_METADATA, XRAY_REJECTS))
    new = candidates(tables.read(KAGGLE_XRAY_METADATA).collect(), metadata, rejects)
    outcomes = read_films(
        new,
        read=volume.open().read_location,
        threads=films.threads,
        limits=films.limits,
        progress=LoggedProgress(context.log, "curate films"),
    )
    curated = curate(
        outcomes,
        known=Known.from_metadata(metadata),
        shares=films.shares,
        seed=films.seed,
        now=clock.now(),
    )
    if curated.waiting:
        context.log.warning(f"{curated.waiting} films are not in the volume: run the ingest again")
    _write(tables, XRAY_METADATA, curated.metadata, config)
    _write(tables, XRAY_REJECTS, curated.rejects, config)
    yield _result(tables, XRAY_METADATA, curated.metadata.height, _shown(tables, films))
    yield _result(tables, XRAY_REJECTS, curated.rejects.height, _reasons(tables))


@dg.asset_check(asset=dg.AssetKey(XRAY_METADATA), blocking=True)
def splits_share_nothing(tables: Tables) -> dg.AssetCheckResult:
    """No patient, no file and no picture is in two splits: a test film was never trained on."""
    from xray_assets.curation.leaks import leaks

    found = leaks(tables.read(XRAY_METADATA).collect())
    return dg.AssetCheckResult(
        passed=not any(found.values()),
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={f"{column}_in_two_splits": count for column, count in found.items()},
    )


@dg.asset_check(asset=dg.AssetKey(XRAY_REJECTS), additional_deps=[dg.AssetKey(XRAY_METADATA)])
def few_films_are_refused(tables: Tables) -> dg.AssetCheckResult:
    """At most a tenth of the films is refused; more means that the source is not what it was."""
    refused, used = (
        tables.read(key).select(pl.len()).collect().item() for key in (XRAY_REJECTS, XRAY_METADATA)
    )
    return dg.AssetCheckResult(
        passed=refused * 10 <= refused + used,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"refused": refused, "used": used},
    )


def _stored(tables: Tables, key: Key, config: Curation) -> pl.DataFrame:
    return CONTRACTS[key].empty() if config.full_refresh else tables.read(key).collect()


def _write(tables: Tables, key: Key, rows: pl.DataFrame, config: Curation) -> None:
    if config.full_refresh:
        tables.overwrite(key, rows)
    else:
        tables.merge(key, rows, insert_only=True)


def _result(tables: Tables, key: Key, new: int, more: dict[str, Any]) -> dg.MaterializeResult:
    return dg.MaterializeResult(
        asset_key=dg.AssetKey(key),
        metadata=table_metadata(tables, key, new_rows=new, **more),
        data_version=data_version(tables, key),
    )


def _shown(tables: Tables, films: FilmSettings) -> dict[str, Any]:
    from xray_assets.curation.overview import class_picture, reached_shares, size_picture

    metadata = tables.read(XRAY_METADATA).collect()
    return {
        "patients": metadata["patient_id"].n_unique(),
        "mean_quality": metadata["quality_score"].mean() or 0.0,
        "shares_asked": films.shares,
        "shares_reached": reached_shares(metadata),
        "classes": dg.MetadataValue.md(class_picture(metadata)),
        "sizes": dg.MetadataValue.md(size_picture(metadata)),
    }


def _reasons(tables: Tables) -> dict[str, Any]:
    from xray_assets.curation.overview import reasons

    return {"reasons": reasons(tables.read(XRAY_REJECTS).collect())}
