"""What may be chosen of judging days."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """Time zone of days; most films a day and site; closed days and patients of a baseline."""

    timezone: str = "UTC"
    films: int = 2000
    baseline_days: int = 28
    baseline_patients: int = 2000
