"""The project's own training of one network, without its process, MLflow and registration."""

import tempfile
from pathlib import Path

from xray_assets.settings import Settings
from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.training.families import build
from xray_assets.training.films import load_splits
from xray_assets.training.fitting import fit
from xray_assets.training.judging import Judgement, judged
from xray_assets.training.request import TrainingRequest


def trained(
    family: str, manifest: Path, limit: int | None, seed: int, settings: Settings
) -> Judgement:
    """How a network trained on `limit` train films does on the test films.

    Early stopping, calibration, threshold and export are the product's, on one thread; the
    artifact's folder is gone on return.
    """
    splits = load_splits(str(manifest), seed=seed, limit=limit, threads=1)
    network = build(family, seed=seed, threads=1)
    plan = TrainingPlan(
        seed=seed,
        epochs=settings.epochs,
        gate_min_auc=0,
        gate_min_sensitivity=0,
        gate_max_parity=1,
        gates_cause="benchmark",
    )
    fit(network, splits.train, splits.validation, plan)
    request = TrainingRequest(
        family=family, films=str(manifest), model_name="m", tracking_uri="", artifacts_uri="",
        plan=plan,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        return judged(network, splits, request, Path(folder))
