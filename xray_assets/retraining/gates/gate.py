"""One gate's answer."""

from dataclasses import dataclass, field
from typing import Any


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
