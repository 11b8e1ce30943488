"""The gates between a trained network and the registry: a model that fails one is not registered.

Names are predicates and are the asset checks' names; the asset imports them, so this stays light.
"""

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xray_assets.settings.training_plan import TrainingPlan
    from xray_assets.training.evaluation import Evaluation

PARITY = "onnx_matches_native"
AUC = "auc_reaches_floor"
SENSITIVITY = "sensitivity_reaches_floor"
BOTH_CLASSES = "both_classes_are_predicted"

GATES: dict[str, str] = {
    PARITY: "The export's probabilities differ from the framework's by no more than the limit.",
    AUC: "The area under the ROC curve on the test films reaches the floor.",
    SENSITIVITY: "Sensitivity on the test films at the threshold reaches the floor.",
    BOTH_CLASSES: "The classifier answers with both classes on the test films.",
}
"""Each gate and what it demands."""


@dataclass(frozen=True)
class Gate:
    """One gate's answer: the value, its limit, and where the limit comes from."""

    name: str
    passed: bool
    value: float
    limit: float
    cause: str

    def __str__(self) -> str:
        """For people: name, value, limit and cause."""
        return f"{self.name}: {self.value:.6g} against {self.limit:g} ({self.cause})"


def gates(evaluation: "Evaluation", parity: float, plan: "TrainingPlan") -> list[Gate]:
    """All gates, in the order of GATES. A value that is not a number passes none (fail closed)."""
    counts = evaluation.counts
    auc, sensitivity = evaluation.auc.value, float(evaluation.metrics.sensitivity.value)
    rarest = min(counts["tp"] + counts["fp"], counts["tn"] + counts["fn"])
    exact = isfinite(parity) and parity <= plan.gate_max_parity
    auc_floor, sensitivity_floor = plan.gate_min_auc, plan.gate_min_sensitivity
    cause = plan.gates_cause
    return [
        Gate(PARITY, exact, parity, plan.gate_max_parity, cause),
        Gate(AUC, auc >= auc_floor, auc, auc_floor, cause),
        Gate(SENSITIVITY, sensitivity >= sensitivity_floor, sensitivity, sensitivity_floor, cause),
        Gate(BOTH_CLASSES, rarest >= 1, float(rarest), 1.0, "one film of each class"),
    ]
