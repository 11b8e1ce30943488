"""The floors that every classifier must reach to be registered, asked of a candidate. Pure."""

import numpy as np
from numpy.typing import NDArray

from xray_assets.retraining.gates.demands import FLOORS
from xray_assets.retraining.gates.gate import GateResult
from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.training.evaluation import evaluate
from xray_assets.training.gates import gates


def floors_gate(
    labels: NDArray[np.float32],
    probabilities: NDArray[np.float32],
    threshold: float,
    parity: float,
    plan: TrainingPlan,
) -> GateResult:
    """The answer on (N,) test films: figures, and each of training's gates on them.

    parity: largest difference of probability between framework and export; 0 where no framework
    made it. Without both classes it fails.
    """
    if len(set(labels.tolist())) < 2:
        return GateResult(FLOORS, False, 0.0, plan.gate_min_auc, "test films of both classes")
    evaluation = evaluate(labels, probabilities, threshold)
    found = gates(evaluation, parity, plan)
    return GateResult(
        FLOORS,
        passed=all(gate.passed for gate in found),
        value=evaluation.auc.value,
        limit=plan.gate_min_auc,
        said="; ".join(str(gate) for gate in found if not gate.passed)
        or f"AUC {evaluation.auc.value:.4f} on {len(labels)} test films",
        figures=[evaluation.figures()],
    )
