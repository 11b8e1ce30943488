"""From a request and its training set to a candidate that passed its gates, or to why none did.

A request that monitoring asked for tries the champion's own network at a new operating point first:
that needs few reads and keeps everything that was proven of the network. Training itself, and what
registers a version, are handed in.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from xray_assets.contracts.tables.retraining import (
    DRIFT,
    PERFORMANCE,
    PRODUCTION,
    RECALIBRATE,
    RETRAIN,
    SEARCH,
)
from xray_assets.retraining import recalibration
from xray_assets.retraining.gates.gate import GateResult
from xray_assets.retraining.judging import HeldOut, inputs_of
from xray_assets.retraining.requests import Row
from xray_assets.scoring.artifact import EMBEDDING_NAME, ServingArtifact
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.statistics.roc import area_under_curve

SEEDS = 3
NOT_INHERITED = frozenset({"seed", "train_limits", "training_threads"})
"""Parts of a plan that a candidate does not take from its champion, beside the gates' floors."""


@dataclass(frozen=True)
class Made:
    """A candidate before it is judged. run_id: MLflow's, of a training; None: of none yet."""

    method: str
    artifact: ServingArtifact
    parity: float
    run_id: str | None
    details: dict[str, Any]


@dataclass(frozen=True)
class Attempt:
    """A candidate and what its gates said; or why it was not made, a code."""

    method: str
    made: Made | None
    gates: list[GateResult]
    not_made: str = ""

    @property
    def passed(self) -> bool:
        """Whether there is a candidate that passed every gate."""
        return self.made is not None and all(gate.passed for gate in self.gates)

    def as_json(self) -> dict[str, Any]:
        """For the request's row."""
        return {
            "method": self.method,
            "not_made": self.not_made,
            "artifact_sha256": self.made.artifact.sha256 if self.made else None,
            "gates": {gate.name: gate.as_json() for gate in self.gates},
        }


def methods_of(request: Row) -> tuple[str, ...]:
    """What is tried for a request, in order."""
    if request["method"] in (RECALIBRATE, SEARCH):
        return (request["method"],)
    if {DRIFT, PERFORMANCE} & set(request["triggers"].split(",")):
        return (RECALIBRATE, RETRAIN)
    return (RETRAIN,)


def attempts(
    request: Row,
    make: Mapping[str, Callable[[], Made | str]],
    judge: Callable[[Made, int], list[GateResult]],
) -> Iterator[Attempt]:
    """Try each method until a candidate passes. make: by method, a candidate or why there is none.
    judge: the gates of a candidate, and the how-many-th of this request it is.
    """
    judged = 0
    for method in methods_of(request):
        made = make[method]()
        if not isinstance(made, str) and made.artifact.sha256 == request["parent_sha256"]:
            made = "same_as_the_champion"
        if isinstance(made, str):
            yield Attempt(method, None, [], made)
            continue
        judged += 1
        attempt = Attempt(method, made, judge(made, judged))
        yield attempt
        if attempt.passed:
            return


def numbers_before(rows: list[Row]) -> dict[int, int]:
    """How many candidates each golden version has judged, from earlier requests."""
    judged: dict[int, int] = {}
    for row in rows:
        tried = json.loads(row["gates"])["attempts"] if row["gates"] else []
        count = sum(1 for attempt in tried if attempt["gates"])
        for version in filter(None, (row["golden_versions"] or "").split(",")):
            judged[int(version)] = judged.get(int(version), 0) + count
    return judged


def inherited_plan(own: TrainingPlan, parameters: Mapping[str, str]) -> TrainingPlan:
    """The champion's hyper-parameters, as its run kept them, under this deployment's floors."""
    knobs = {
        name
        for name in TrainingPlan.model_fields
        if name not in NOT_INHERITED and not name.startswith("gate")
    }
    taken = {name: value for name, value in parameters.items() if name in knobs}
    return TrainingPlan.model_validate({**own.model_dump(), **taken})


def new_reads(films: pl.DataFrame, request: Row) -> pl.DataFrame:
    """The films of the set that tell how the champion does now: since the trigger, and of the
    drifted sites where there are enough of those.
    """
    since = json.loads(request["evidence"])["standing"]["since"]
    recent = films.filter(source=PRODUCTION)
    if since:
        recent = recent.filter(pl.col("scored_at") >= datetime.fromisoformat(since))
    sites = [site for site in (request["sites"] or "").split(",") if site]
    of_sites = recent.filter(pl.col("site").is_in(sites))
    return of_sites if of_sites.height >= recalibration.LEAST_READS else recent


def recalibrate(
    champion: ServingArtifact, reads: pl.DataFrame, held_out: HeldOut, folder: Path
) -> Made | str:
    """The champion at the operating point of these reads; or why that is not tried."""
    from xray_assets.training.families.recalibrated_onnx import recalibrated

    model = OnnxClassifier(champion)
    z = recalibration.log_odds(model.probabilities(inputs_of(held_out, reads)))
    labels = reads["label"].to_numpy().astype(np.float32)
    weights = reads["weight"].to_numpy()
    golden = held_out.golden.filter(pl.col("golden_version") == 1)
    usual = area_under_curve(
        golden["label"].to_numpy(), model.probabilities(inputs_of(held_out, golden))
    ).value
    if why := recalibration.why_not(
        z, labels, weights, threshold=champion.threshold, usual_auc=usual
    ):
        return why
    found = recalibration.fitted(z, labels, weights)
    scale, shift = found.calibration.scale, found.calibration.shift
    artifact = ServingArtifact.write(
        folder,
        onnx=recalibrated(champion.onnx_path.read_bytes(), scale, shift),
        threshold=found.threshold,
        preprocessing_version=champion.preprocessing_version,
        family=champion.family,
        opset=champion.opset,
        embedding=EMBEDDING_NAME in champion.outputs,
    )
    details = {"logit_scale": scale, "logit_shift": shift, "reads": reads.height}
    return Made(RECALIBRATE, artifact, 0.0, None, details)
