"""What may be chosen of judging days."""

from typing import Protocol


class Plan(Protocol):
    """As `resources.monitoring.MonitoringDesk` has it."""

    @property
    def timezone(self) -> str:
        """Time zone of days."""
        ...

    @property
    def films(self) -> int:
        """Most films a day and site."""
        ...

    @property
    def baseline_days(self) -> int:
        """Closed days of a baseline."""
        ...

    @property
    def baseline_patients(self) -> int:
        """Fewest patients of a baseline."""
        ...
