"""One gate's answer, and the names of all of them: they are the names of asset checks."""

from dataclasses import dataclass, field
from typing import Any

GOLDEN = "no_worse_on_golden_films"
ROBUST = "no_less_robust_to_corruptions"
FAIR = "no_slice_loses"
FAST = "no_slower_through_the_endpoint"

DEMANDS = {
    GOLDEN: "On every golden version, sensitivity and specificity are no worse than the champion's "
    "and the anchor's: the lower bound of the paired difference is within the margin.",
    ROBUST: "Under each of eight corruptions the AUC falls no more than 0.03 beyond the "
    "champion's fall.",
    FAIR: "In no slice of 50 films or more is the lower 95 % bound of candidate - champion below "
    "the margin.",
    FAST: "The 95th percentile of 200 requests through the endpoint is within 1.2 of the "
    "champion's.",
}
"""Each gate and what it demands."""


@dataclass(frozen=True)
class GateResult:
    """What one gate said: the worst value against its limit, and every figure behind it."""

    name: str
    passed: bool
    value: float
    limit: float
    said: str
    figures: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For a row, a tag, a page."""
        return {
            "passed": self.passed,
            "value": self.value,
            "limit": self.limit,
            "said": self.said,
            "figures": self.figures,
        }
