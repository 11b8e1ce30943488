"""The script's side of Dagster Pipes: opening the session, and reporting what a training came to.

The same code runs as a local subprocess, as a Databricks task, and by hand (nothing is reported
then). It imports `dagster_pipes` only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dagster_pipes import (
    PipesCliArgsParamsLoader,
    PipesContext,
    PipesUnityCatalogVolumesContextLoader,
    PipesUnityCatalogVolumesMessageWriter,
    open_dagster_pipes,
)

from xray_assets.pictures.decisions import confusion_table

if TYPE_CHECKING:
    from xray_assets.training.records.recording import Outcome


@contextmanager
def pipes_session() -> Iterator[PipesContext]:
    """The Pipes session of this process: Databricks passes its parameters as arguments."""
    arguments = PipesCliArgsParamsLoader()
    if arguments.is_dagster_pipes_process():
        session = open_dagster_pipes(
            params_loader=arguments,
            context_loader=PipesUnityCatalogVolumesContextLoader(),
            message_writer=PipesUnityCatalogVolumesMessageWriter(),
        )
    else:
        session = open_dagster_pipes()
    with session as context:
        yield context


def report(context: PipesContext, outcome: "Outcome") -> None:
    """Every gate as an asset check, then the materialization if a version was registered. What is
    left to be judged is told as a message: its checks and its materialization are the caller's.
    """
    if outcome.request.leave_in:
        context.report_custom_message(_left(outcome))
        return
    for gate in outcome.gates:
        context.report_asset_check(
            gate.name,
            passed=gate.passed,
            metadata={"value": gate.value, "limit": gate.limit, "cause": gate.cause},
        )
    if outcome.version is not None:
        context.report_asset_materialization(
            metadata=_metadata(outcome), data_version=str(outcome.version)
        )


def _left(outcome: "Outcome") -> dict[str, Any]:
    gates = {gate.name: {**vars(gate)} for gate in outcome.gates}
    return {"metadata": _metadata(outcome), "gates": gates, "run_id": outcome.run_id}


def _metadata(outcome: "Outcome") -> dict[str, Any]:
    figures = outcome.evaluation.figures()
    return {
        **figures,
        "threshold": outcome.evaluation.threshold,
        "evaluation": {"raw_value": _table(figures, outcome), "type": "md"},
        "roc": {"raw_value": outcome.picture, "type": "md"},
        "confusion": {
            "raw_value": confusion_table("test films", **outcome.evaluation.counts),
            "type": "md",
        },
        "model": outcome.request.model_name,
        "version": outcome.version,
        "artifact_sha256": outcome.artifact_sha256,
        "films_sha256": outcome.films_sha256,
        "train_films": outcome.train_films,
        "gates_cause": outcome.request.plan.gates_cause,
        "mlflow_run_id": outcome.run_id,
        "mlflow_run": {
            "raw_value": f"{outcome.request.mlflow_url}/{outcome.run_path}",
            "type": "url",
        },
    }


def _table(figures: dict[str, float], outcome: "Outcome") -> str:
    rows = []
    for name in ("auc", "sensitivity", "specificity", "accuracy"):
        value, low, high = (figures[f"{name}{end}"] for end in ("", "_low", "_high"))
        rows.append(f"| {name} | {value:.3f} | {low:.3f}-{high:.3f} |")
    rows.append(f"| ECE | {figures['ece']:.3f} | |")
    films = sum(outcome.evaluation.counts.values())
    return "\n".join([f"| {films} test films | value | 95 % interval |", "|---|---|---|", *rows])
