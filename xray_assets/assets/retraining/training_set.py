"""Silver: the films of a training set, and the golden films that judge what is made of it."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from xray_assets import clock
from xray_assets.assets.entries import spec
from xray_assets.assets.retraining.requests import BY_HAND
from xray_assets.catalog import (
    GOLDEN_FILMS,
    PREDICTION_FEEDBACK,
    RETRAINING_REQUESTS,
    REVIEW_ASSIGNMENTS,
    REVIEW_POLICY,
    TRAINING_FILMS,
    XRAY_METADATA,
    Key,
)
from xray_assets.checks.table_metadata import table_metadata
from xray_assets.resources.images import ImageVolume
from xray_assets.resources.inference_log import InferenceLog
from xray_assets.resources.tables import Tables
from xray_assets.resources.training import RetrainingDesk

_DEPS = (
    RETRAINING_REQUESTS,
    XRAY_METADATA,
    PREDICTION_FEEDBACK,
    REVIEW_ASSIGNMENTS,
    REVIEW_POLICY,
)


@dg.multi_asset(
    name="training_films",
    specs=[spec(key, deps=_DEPS) for key in (TRAINING_FILMS, GOLDEN_FILMS)],
    pool="gold",
)
def training_films(
    context: dg.AssetExecutionContext,
    tables: Tables,
    volume: ImageVolume,
    inference_log: InferenceLog,
    retraining_desk: RetrainingDesk,
) -> Iterator[dg.MaterializeResult]:
    """Freeze the golden films; where this run carries out a request, make its set."""
    from xray_assets.retraining.films.making import films_of, freeze_golden, make_set
    from xray_assets.retraining.requests import of_run

    films = films_of(tables, volume.open(), inference_log.image, retraining_desk.case_keys())
    frozen = freeze_golden(tables, films, now=clock.now())
    request = of_run(tables, context.run_id)
    shown: dict[str, Any] = {"how_to_start": BY_HAND}
    if request:
        made = make_set(tables, request, films, mix=retraining_desk.mix, now=clock.now())
        for warning in made.warnings:
            context.log.warning(warning)
        shown = made.shown
    yield _result(tables, TRAINING_FILMS, shown)
    yield _result(tables, GOLDEN_FILMS, {"new_golden_films": frozen})


def _result(tables: Tables, key: Key, shown: dict[str, Any]) -> dg.MaterializeResult:
    metadata = table_metadata(tables, key) | shown
    return dg.MaterializeResult(asset_key=dg.AssetKey(key), metadata=metadata)


@dg.asset_check(
    asset=dg.AssetKey(TRAINING_FILMS),
    additional_deps=[dg.AssetKey(GOLDEN_FILMS), dg.AssetKey(XRAY_METADATA)],
    blocking=True,
)
def nobody_is_on_two_sides(tables: Tables, retraining_desk: RetrainingDesk) -> dg.AssetCheckResult:
    """No patient of a set is in its train and val films both, and no patient and no picture of a
    set is among test or golden films.
    """
    from xray_assets.retraining.films.making import sides

    found = sides(tables, retraining_desk.case_keys())
    return dg.AssetCheckResult(passed=not any(found.values()), metadata=dict(found))


@dg.asset_check(asset=dg.AssetKey(TRAINING_FILMS))
def the_mix_has_new_films_enough(
    tables: Tables, retraining_desk: RetrainingDesk
) -> dg.AssetCheckResult:
    """A set of 70 % new films has as many as it needs: with fewer it throws old films away."""
    from xray_assets.retraining.films.training_set import FEW_FOR_A_MIX, MIX

    rows = tables.read(TRAINING_FILMS)
    last = rows.filter(pl.col("since") == pl.col("since").max(), source="production")
    new = last.select(pl.len()).collect().item()
    return dg.AssetCheckResult(
        passed=retraining_desk.mix != MIX or new == 0 or new >= FEW_FOR_A_MIX,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"new_films": new, "wanted": FEW_FOR_A_MIX},
    )
