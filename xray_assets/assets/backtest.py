"""Gold, beside the lineage: a candidate judged on past feedback before it meets a patient."""

import json
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from xray_assets import clock
from xray_assets.assets.entries import asset
from xray_assets.catalog import (
    BACKTESTS,
    CANDIDATES,
    EXPERIMENTS,
    PREDICTIONS,
    RETRAINING_REQUESTS,
    REVIEWED_CASES,
    TRAINING_FILMS,
)
from xray_assets.checks.table_metadata import table_metadata
from xray_assets.contracts.tables import BACKTESTS as BACKTESTS_CONTRACT
from xray_assets.contracts.tables.retraining import REGISTERED
from xray_assets.reasons import as_columns
from xray_assets.resources.ramp import Ramp
from xray_assets.resources.registry import Registry
from xray_assets.resources.serving.shadow import ShadowScorer
from xray_assets.resources.tables import Tables
from xray_assets.rollout.candidates import Candidate, present_champion, verified_candidate
from xray_assets.rollout.experiment import ExperimentError
from xray_assets.rollout.state import last_experiment

if TYPE_CHECKING:
    from xray_assets.cases.backtest import Backtest


BY_HAND = "name a candidate: `xray backtest MODEL VERSION`"


class BacktestedModel(dg.Config):
    """The candidate: a registered model's full name, and its version. Without one, that of a
    retraining which waits for it; without that nothing is judged, so that "Materialize all" may be
    pressed.
    """

    model: str = ""
    version: int = 0


@asset(
    BACKTESTS,
    deps=[
        EXPERIMENTS,
        PREDICTIONS,
        REVIEWED_CASES,
        RETRAINING_REQUESTS,
        TRAINING_FILMS,
        CANDIDATES,
    ],
)
def backtests(
    context: dg.AssetExecutionContext,
    config: BacktestedModel,
    tables: Tables,
    ramp: Ramp,
    registry: Registry,
    shadow: ShadowScorer,
) -> dg.MaterializeResult:
    """A candidate and the present champion on every film that readers have settled."""
    from xray_assets.cases.backtest import backtest

    model, version = (config.model, config.version) if config.model else _waiting(tables)
    if not model:
        context.log.info(f"nothing to backtest: {BY_HAND}")
        return dg.MaterializeResult(
            metadata=table_metadata(tables, BACKTESTS) | {"how_to_start": BY_HAND}
        )
    last = last_experiment(tables)
    champion = present_champion(last and last.winner, registry, ramp.model_names)
    candidate = verified_candidate(registry, model, version)
    if candidate.artifact_sha256 == champion.artifact_sha256:
        raise ExperimentError(f"{candidate.served_name} is the champion itself: nothing to compare")
    films = _films(tables, trained_on=_set_of(tables, candidate))
    digests = films["image_sha256"].unique().to_list()
    scores = shadow.scores(
        (champion, candidate), {model.artifact_sha256: digests for model in (champion, candidate)}
    )
    result = backtest(films, scores, champion, candidate)
    row = _row(result, champion, candidate, context.run_id)
    tables.append(BACKTESTS, pl.DataFrame([row], schema=BACKTESTS_CONTRACT.schema))
    return dg.MaterializeResult(metadata=table_metadata(tables, BACKTESTS) | _shown(row, result))


def _waiting(tables: Tables) -> tuple[str, int]:
    """The candidate of a retraining that was registered and not backtested; else no model."""
    done = tables.read(BACKTESTS).select(artifact_sha256="candidate_sha256")
    waits = tables.read(RETRAINING_REQUESTS).filter(state=REGISTERED)
    rows = waits.join(done, on="artifact_sha256", how="anti").sort("asked_at").collect()
    return rows.select("model", "version").row(0) if rows.height else ("", 0)


def _set_of(tables: Tables, candidate: Candidate) -> pl.Series:
    """Pixel digests of the films that a candidate of a retraining was made of."""
    asked = tables.read(RETRAINING_REQUESTS).filter(artifact_sha256=candidate.artifact_sha256)
    films = tables.read(TRAINING_FILMS).join(asked, on="request_id", how="semi")
    return films.select("pixel_sha256").collect()["pixel_sha256"]


def _films(tables: Tables, *, trained_on: pl.Series) -> pl.DataFrame:
    """Reviewed films, without those that the candidate was trained on."""
    from xray_assets.cases.backtest import reviewed_films

    reviewed = (
        tables.read(REVIEWED_CASES)
        .filter(pl.col("truth").is_not_null())
        .select("request_id", "case_key", "truth", "prediction_date")
        .collect()
    )
    predictions = (
        tables.read(PREDICTIONS)
        .filter(
            pl.col("date").is_in(reviewed["prediction_date"].unique().implode()),
            pl.col("request_id").is_in(reviewed["request_id"].implode()),
        )
        .select("request_id", "image_sha256")
    )
    unseen = predictions.filter(~pl.col("image_sha256").is_in(trained_on.implode()))
    return reviewed_films(reviewed, unseen.collect())


def _row(
    result: "Backtest", champion: Candidate, candidate: Candidate, run_id: str
) -> dict[str, Any]:
    decision = result.report.decision
    return {
        "run_id": run_id,
        "made_at": clock.now(),
        "champion_model": champion.served_name,
        "champion_sha256": champion.artifact_sha256,
        "candidate_model": candidate.served_name,
        "candidate_sha256": candidate.artifact_sha256,
        "n_films": result.n_films,
        "n_scored": result.n_scored,
        "passed": result.passed,
        "verdict": str(decision.verdict),
        **as_columns(result.reasons),
        "report": result.report.as_json(),
    }


def _shown(row: dict[str, Any], result: "Backtest") -> dict[str, Any]:
    from xray_assets.pictures.decisions import operating_points, paired_table

    names = ("candidate_model", "champion_model", "n_films", "n_scored", "passed", "verdict")
    return {name: row[name] for name in names} | {
        "reasons": dg.MetadataValue.md("\n\n".join(map(str, result.reasons))),
        "paired": dg.MetadataValue.md(paired_table(result.counts.reviewed)),
        "operating_points": dg.MetadataValue.md(operating_points(result.counts.reviewed)),
    }


@dg.asset_check(asset=dg.AssetKey(BACKTESTS))
def the_candidate_is_no_worse(tables: Tables) -> dg.AssetCheckResult:
    """The gate: the last backtest had enough films and nothing spoke against its candidate."""
    last = tables.read(BACKTESTS).sort("made_at").tail(1).collect()
    if last.is_empty():
        return dg.AssetCheckResult(passed=True, description=f"cannot judge yet: {BY_HAND}")
    row = last.row(0, named=True)
    return dg.AssetCheckResult(
        passed=row["passed"],
        description=f"{row['candidate_model']} on {row['n_scored']} films: {row['reasons']}",
        metadata=json.loads(row["report"])["differences"],
    )
