"""Models: what a retraining makes, judged before it is registered. No traffic or alias moves."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from xray_assets.assets.entries import OWNERS, RETRAINING
from xray_assets.assets.retraining.requests import BY_HAND
from xray_assets.catalog import (
    CANDIDATES,
    EXPERIMENTS,
    GOLDEN_FILMS,
    PREDICTION_FEEDBACK,
    RETRAINING_REQUESTS,
    REVIEW_ASSIGNMENTS,
    REVIEW_POLICY,
    TRAINING_FILMS,
    XRAY_METADATA,
)
from xray_assets.resources.images import ImageVolume
from xray_assets.resources.inference_log import InferenceLog
from xray_assets.resources.ramp import Ramp
from xray_assets.resources.tables import Tables
from xray_assets.resources.training import RetrainingDesk, Training
from xray_assets.retraining.gates.demands import DEMANDS

if TYPE_CHECKING:
    from xray_assets.retraining.registering import Result

KEY = dg.AssetKey(CANDIDATES)

DEPS = (
    RETRAINING_REQUESTS,
    TRAINING_FILMS,
    GOLDEN_FILMS,
    XRAY_METADATA,
    EXPERIMENTS,
    PREDICTION_FEEDBACK,
    REVIEW_ASSIGNMENTS,
    REVIEW_POLICY,
)


@dg.asset(
    key=KEY,
    deps=[dg.AssetKey(key) for key in DEPS],
    group_name=RETRAINING,
    kinds={"onnx", "mlflow"},
    owners=OWNERS,
    pool="training",
    output_required=False,
    description=(
        "One registered version a retraining that passed every gate: the champion at another "
        "operating point, or its family trained anew. Its lineage record says what asked for it, "
        "what it was made of and what it passed. Nothing is served by it."
    ),
    check_specs=[
        dg.AssetCheckSpec(name, asset=KEY, description=demand) for name, demand in DEMANDS.items()
    ],
)
def candidates(
    context: dg.AssetExecutionContext,
    tables: Tables,
    ramp: Ramp,
    volume: ImageVolume,
    inference_log: InferenceLog,
    training: dg.ResourceParam[Training],
    retraining_desk: RetrainingDesk,
) -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """Make the candidate that this run was asked for, judge it, and register it where it passes."""
    from xray_assets.resources.serving.trial_endpoint import request_times
    from xray_assets.retraining.films.making import films_of, held_out_of
    from xray_assets.retraining.making import Workshop, make_candidate
    from xray_assets.retraining.requests import of_run

    request = of_run(tables, context.run_id)
    if request is None:
        context.log.info(f"nothing was asked: {BY_HAND}")
        yield from (
            dg.AssetCheckResult(passed=True, check_name=name, description="nothing to judge")
            for name in DEMANDS
        )
        yield dg.MaterializeResult(metadata={"how_to_start": BY_HAND})
        return
    folder = volume.open()
    films = films_of(tables, folder, inference_log.image, retraining_desk.case_keys())
    workshop = Workshop(
        tables=tables,
        ramp=ramp,
        training=training,
        left_by=lambda asked: training.left_by(context, asked),
        held_out=held_out_of(tables, films, folder.read_location),
        folder=Path(training.candidate_folder(context.run_id)),
        times=request_times,
        say=context.log.info,
    )
    yield from _told(make_candidate(workshop, request))


def _told(result: "Result") -> Iterator[dg.MaterializeResult | dg.AssetCheckResult]:
    """The gates as checks, and the version where one was registered: a candidate that fails is no
    failed run, and leaves nothing behind.
    """
    gates = {gate.name: gate for gate in result.attempt.gates}
    for name in DEMANDS:
        gate = gates.get(name)
        told: dict[str, Any] = {"value": gate.value, "limit": gate.limit} if gate else {}
        yield dg.AssetCheckResult(
            passed=bool(gate and gate.passed),
            check_name=name,
            severity=dg.AssetCheckSeverity.WARN,
            description=gate.said if gate else f"no candidate: {result.attempt.not_made}",
            metadata=told,
        )
    if result.version is not None:
        yield dg.MaterializeResult(
            metadata={"version": result.version, **result.record},
            data_version=dg.DataVersion(str(result.version)),
        )
