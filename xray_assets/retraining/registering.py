"""What becomes of the last candidate of a request: registered with its lineage record where it
passed every gate, and in any case told in the request's row.
"""

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

import polars as pl

from xray_assets.contracts.tables.retraining import GATED, REGISTERED
from xray_assets.lake.tables import Tables
from xray_assets.retraining.candidate import Attempt, Made
from xray_assets.retraining.lineage_record import lineage_record
from xray_assets.retraining.requests import Row, save
from xray_assets.training.request import TrainingRequest


class Result(NamedTuple):
    """The last candidate, its version where it was registered, and its lineage record."""

    attempt: Attempt
    version: int | None
    record: dict[str, str]


class Origin(NamedTuple):
    """Where candidates of a request come from. asked: the training. search: the study that chose
    its hyper-parameters. films: the set. golden_versions: what judged them.
    """

    asked: TrainingRequest
    search: str
    films: pl.DataFrame
    golden_versions: Sequence[int]


def registered(
    tables: Tables,
    request: Row,
    tried: Sequence[Attempt],
    origin: Origin,
    *,
    say: Callable[[str], None],
) -> Result:
    """Register the last candidate where it passed, and write the request's row."""
    last, asked = tried[-1], origin.asked
    row = request | {
        "method": last.method,
        "gates": json.dumps({"attempts": [one.as_json() for one in tried]}),
        "golden_versions": ",".join(map(str, origin.golden_versions)),
        "artifact_sha256": last.made.artifact.sha256 if last.made else None,
    }
    record = lineage_record(
        row,
        origin.films,
        last,
        hyper_parameters=asked.plan.model_dump(),
        search=origin.search,
        seeds=asked.seeds,
        golden_versions=origin.golden_versions,
    )
    if last.made is None or not last.passed:
        failed = [gate.name for gate in last.gates if not gate.passed]
        code = "gates" if last.made else last.not_made
        said = "failed: " + ", ".join(failed) if failed else f"no candidate: {code}"
        save(tables, row, state=GATED, reason_code=code, reason=said)
        return Result(last, None, record)
    version, run_id = _in_registry(asked, last.made, record)
    save(
        tables,
        row,
        state=REGISTERED,
        reason_code="registered",
        reason="every gate was passed: its backtest comes next",
        model=asked.model_name,
        version=version,
        mlflow_run_id=run_id,
    )
    say(f"registered {asked.model_name} version {version}")
    return Result(last, version, record)


def _in_registry(asked: TrainingRequest, made: Made, record: dict[str, str]) -> tuple[int, str]:
    """Register the artifact with its record; returns version and MLflow's run."""
    from xray_assets.scoring.registered import RUN_TAG
    from xray_assets.training.records import tracking

    tracker = tracking.open_tracker(asked.tracking_uri)
    name = f"{made.method} {made.artifact.family}"
    opened = (
        tracking.gone_on_with(tracker, made.run_id)
        if made.run_id
        else tracking.tracked_run(tracker, name, asked.artifacts_uri)
    )
    with opened as run:
        if made.run_id is None:
            knobs = asked.plan.model_dump(exclude={"train_limits"})
            tracking.log_parameters(run, {"family": asked.family, **knobs, **made.details})
        run.mlflow.set_tags(record)
        tags = {**record, RUN_TAG: run.path, "gates_cause": asked.plan.gates_cause}
        return tracking.register(run, made.artifact, asked.model_name, tags), run.run_id
