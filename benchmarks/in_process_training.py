"""The project's own training of one classifier, without its process, MLflow and registration."""

import tempfile
from pathlib import Path

from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.training.cross_fitting import cross_fitted, fitted
from xray_assets.training.films import load_splits
from xray_assets.training.judging import Judgement, judged
from xray_assets.training.request import TrainingRequest


def trained(family: str, manifest: Path, limit: int | None, seed: int, epochs: int) -> Judgement:
    """How a classifier trained on `limit` films does on the test films, on one thread; the
    artifact's folder is gone on return.
    """
    with tempfile.TemporaryDirectory() as folder:
        return trained_into(Path(folder), family, manifest, limit, seed, epochs)


def trained_into(
    folder: Path, family: str, manifest: Path, limit: int | None, seed: int, epochs: int
) -> Judgement:
    """The same, with the artifact left below a folder."""
    plan = TrainingPlan(
        seed=seed,
        epochs=epochs,
        gate_min_auc=0,
        gate_min_sensitivity=0,
        gate_max_parity=1,
        gates_cause="benchmark",
    )
    request = TrainingRequest(
        family=family, films=str(manifest), model_name="m", tracking_uri="", artifacts_uri="",
        plan=plan,
    )  # fmt: skip
    splits = load_splits(str(manifest), seed=seed, limit=limit, threads=1)
    scored = cross_fitted(family, splits.learned, plan, on_epoch=lambda *_: None)
    ensemble, _ = fitted(family, splits.learned, plan, on_epoch=lambda *_: None)
    return judged(ensemble, scored.logits, splits, request, folder)
