"""A person's word on a step of the ramp."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self


@dataclass(frozen=True)
class Approval:
    """A person's word that the present stage's step may be taken. `by` is the name as given."""

    by: str
    reason: str
    at: datetime

    def is_by(self, other: Self) -> bool:
        """True when both are the same person's, whatever the case and spaces of the name."""
        return " ".join(self.by.casefold().split()) == " ".join(other.by.casefold().split())
