"""What one training leaves in MLflow, and what it reports back.

Chooses what is recorded; how MLflow takes it is `tracking`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xray_assets.catalog import FAMILIES, XRAY_METADATA
from xray_assets.imaging.preprocess import PREPROCESSING_VERSION
from xray_assets.pictures.drawing import markdown, svg
from xray_assets.scoring.registered import DIGEST_TAG, RUN_TAG
from xray_assets.training.cross_fitting import FOLDS, OutOfFold
from xray_assets.training.evaluation import Evaluation
from xray_assets.training.families.filterbank import BankPlan
from xray_assets.training.families.network import Network
from xray_assets.training.films import FilmSplits, class_counts
from xray_assets.training.fitting import METHOD
from xray_assets.training.gates import Gate
from xray_assets.training.judging import Judgement
from xray_assets.training.records import tracking
from xray_assets.training.records.plots import reliability, roc, training_curve
from xray_assets.training.request import TrainingRequest


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one training came to; `version` is None when a gate was failed."""

    request: TrainingRequest
    evaluation: Evaluation
    gates: list[Gate]
    picture: str
    artifact_sha256: str
    films_sha256: str
    train_films: int
    run_id: str
    run_path: str
    version: int | None


def record(
    tracker: tracking.Tracker,
    request: TrainingRequest,
    splits: FilmSplits,
    out_of_fold: OutOfFold,
    judgement: Judgement,
    losses: Mapping[int, float],
) -> Outcome:
    """Log the run with its native model, and register the artifact if every gate is passed and it
    is not left to be judged. `losses`: out-of-fold loss of each seed.
    """
    evaluation, artifact = judgement.evaluation, judgement.artifact
    on_test = roc(evaluation, splits.test.labels, judgement.test_probabilities)
    pictures = {
        "training_curve": svg(training_curve(out_of_fold.curve)),
        "roc": svg(on_test),
        "calibration": svg(reliability(evaluation)),
    }
    version = None
    name = f"{request.family}, {len(splits.learned)} films, seed {request.plan.seed}"
    network: Network = judgement.members[0]  # type: ignore[assignment]
    with tracking.tracked_run(
        tracker, name, request.artifacts_uri, description=_description(request, splits.counts)
    ) as run:
        tracking.log_films(run, ".".join(XRAY_METADATA), splits.manifest_sha256, splits.counts)
        tracking.log_parameters(run, _parameters(request, network, splits))
        tracking.log_curve(run, out_of_fold.curve)
        run.mlflow.log_metrics(
            {"out_of_fold_loss": out_of_fold.loss} | _metrics(judgement) | _spread(losses)
        )
        tracking.log_pictures(run, pictures)
        native = network.log_native(run.mlflow, splits.test.images)
        verdict = "passed" if judgement.passed else "failed"
        known = {"gates": verdict, "native_model": native, DIGEST_TAG: artifact.sha256}
        run.mlflow.set_tags({**request.tags, **known})
        if judgement.passed and not request.leave_in:
            tags = {RUN_TAG: run.path, "gates_cause": request.plan.gates_cause}
            version = tracking.register(run, artifact, request.model_name, tags)
    return Outcome(
        request=request,
        evaluation=evaluation,
        gates=judgement.gates,
        picture=markdown(on_test),
        artifact_sha256=artifact.sha256,
        films_sha256=splits.manifest_sha256,
        train_films=len(splits.learned),
        run_id=run.run_id,
        run_path=run.path,
        version=version,
    )


def _description(request: TrainingRequest, films: Mapping[str, int]) -> str:
    return (
        f"Pneumonia classifier in {FAMILIES[request.family].framework}, a candidate for "
        f"`{request.model_name}`: a network and a filter bank, trained on "
        f"{films['train'] + films['val']} films, calibrated and thresholded on their out-of-fold "
        f"scores, judged on {films['test']} (`test_*`). Gates: {request.plan.gates_cause}."
    )


def _parameters(request: TrainingRequest, network: Network, splits: FilmSplits) -> dict[str, Any]:
    normal, pneumonia = class_counts(splits.learned.labels)
    return {
        "family": request.family,
        "train_limit": request.limit,
        **request.plan.model_dump(exclude={"train_limits"}),
        **vars(METHOD),
        **network.describe(),
        **{f"bank_{name}": value for name, value in vars(BankPlan()).items()},
        "folds": FOLDS,
        "train_normal": normal,
        "train_pneumonia": pneumonia,
        "films_sha256": splits.manifest_sha256,
        "preprocessing_version": PREPROCESSING_VERSION,
    }


def _spread(losses: Mapping[int, float]) -> dict[str, float]:
    """How far seeds lie apart; nothing of a training from one."""
    if len(losses) < 2:
        return {}
    by_seed = {f"out_of_fold_loss_seed_{seed}": loss for seed, loss in losses.items()}
    return by_seed | {"out_of_fold_loss_spread": max(losses.values()) - min(losses.values())}


def _metrics(judgement: Judgement) -> dict[str, float]:
    test = {f"test_{name}": value for name, value in judgement.evaluation.figures().items()}
    return test | {
        **{f"test_{cell}": float(count) for cell, count in judgement.evaluation.counts.items()},
        "threshold": judgement.artifact.threshold,
        "logit_scale": judgement.calibration.scale,
        "logit_shift": judgement.calibration.shift,
        "parity": judgement.parity,
    }
