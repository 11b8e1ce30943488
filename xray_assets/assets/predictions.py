"""Gold, part two: what the endpoint answered, and both models' scores of it."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from xray_assets import clock
from xray_assets.assets.entries import asset
from xray_assets.catalog import (
    ENDPOINT_CONFIG,
    EXPERIMENTS,
    PAIRED_PREDICTIONS,
    PREDICTIONS,
)
from xray_assets.checks.source_fits import source_fits
from xray_assets.checks.table_metadata import table_metadata
from xray_assets.contracts.tables import PAIRED_PREDICTIONS as PAIRED_CONTRACT
from xray_assets.resources.inference_log import InferenceLog
from xray_assets.resources.serving.shadow import ShadowScorer
from xray_assets.resources.tables import Tables
from xray_assets.rollout.experiment_rows import experiment_of
from xray_assets.storage.list_identity import PAIRING, TABLES

LOG, BATCH = "inference_log", 250_000
"""Rows a commit: 10 million rows then take 40 commits and some 200 MB."""


@asset(PREDICTIONS, deps=[ENDPOINT_CONFIG])
def pneumonia_classifier_predictions(
    context: dg.AssetExecutionContext, tables: Tables, inference_log: InferenceLog
) -> dg.MaterializeResult:
    """What the endpoint answered, moved from its inference log into Delta exactly once."""
    moved = 0
    for rows in move(tables, inference_log):
        moved += rows
        context.log.info(f"moved {moved} predictions")
    end = inference_log.resume(tables).position
    return dg.MaterializeResult(
        metadata=table_metadata(tables, PREDICTIONS) | {"new_rows": moved, "log_position": end}
    )


@dg.asset_check(asset=dg.AssetKey(PREDICTIONS))
def is_of_this_log(tables: Tables, inference_log: InferenceLog) -> dg.AssetCheckResult:
    """The endpoint's log is the one that the table took from."""
    return source_fits(inference_log, tables)


def move(tables: Tables, inference_log: InferenceLog) -> Iterator[int]:
    """Move what is new, a batch a commit; yields each batch's rows.

    Raises SourceChanged when it is not the log that the table took from.
    """
    cursor = inference_log.resume(tables)
    for rows, upto in inference_log.batches(cursor, BATCH):
        cursor = upto
        tables.append(PREDICTIONS, rows, source=cursor.source, position=cursor.position)
        yield rows.height
    inference_log.acknowledge(TABLES, cursor.position)


@asset(PAIRED_PREDICTIONS, deps=[PREDICTIONS, EXPERIMENTS, ENDPOINT_CONFIG])
def paired_predictions(
    context: dg.AssetExecutionContext, tables: Tables, shadow: ShadowScorer
) -> dg.MaterializeResult:
    """Every answered request of an experiment, scored by both of its models: the model that served
    it is not asked again, the other one scores the stored film.
    """
    paired, end = 0, tables.position(PREDICTIONS, LOG)
    position = tables.position(PAIRED_PREDICTIONS, LOG)
    while position < end:
        upto = min(position + BATCH, end)
        rows = (
            tables.read(PREDICTIONS)
            .filter(pl.col("log_position").is_between(position, upto, closed="right"))
            .collect()
        )
        pairs = _pair(rows, tables, shadow)
        tables.append(PAIRED_PREDICTIONS, pairs, source=LOG, position=upto)
        paired, position = paired + pairs.height, upto
        context.log.info(f"paired {paired} predictions, up to log position {position}")
    shadow.inference_log.acknowledge(PAIRING, position)
    return dg.MaterializeResult(
        metadata=table_metadata(tables, PAIRED_PREDICTIONS) | {"new_rows": paired}
    )


def _pair(rows: pl.DataFrame, tables: Tables, shadow: ShadowScorer) -> pl.DataFrame:
    """Pair a batch of predictions, experiment by experiment."""
    from xray_assets.cases.pairing import SEEN_COLUMNS, eligible, missing_scores, pair

    pairs = [PAIRED_CONTRACT.empty()]
    experiments = tables.read(EXPERIMENTS).filter(
        pl.col("experiment_id").is_in(rows["experiment_id"].unique().implode())
    )
    even = (
        tables.read(ENDPOINT_CONFIG)
        .filter(pl.col("traffic_percentage") == 50)
        .select("config_version")
        .collect()
    )
    for row in experiments.collect().iter_rows(named=True):
        experiment = experiment_of(row)
        its_rows = eligible(rows, experiment, counted=tables.counted_purpose)
        pairs_of = tables.read(PAIRED_PREDICTIONS).filter(
            pl.col("experiment_id") == experiment.experiment_id
        )
        hashes = its_rows["case_hash"].unique().implode()
        seen = pairs_of.filter(pl.col("case_hash").is_in(hashes)).select(SEEN_COLUMNS)
        scores = shadow.scores(
            (experiment.champion, experiment.challenger), missing_scores(its_rows, experiment)
        )
        pairs.append(
            pair(
                its_rows,
                experiment,
                scores,
                seen=seen.collect(engine="streaming"),
                even_configs=set() if experiment.logs_chances else set(even["config_version"]),
                now=clock.now(),
            )
        )
    return pl.concat(pairs, how="diagonal_relaxed")
