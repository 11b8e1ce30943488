"""What a person may choose about judging days."""

from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg

from xray_assets import clock


class MonitoringDesk(dg.ConfigurableResource):
    """`timezone` of days; most `films` a day and site; days and patients of a baseline."""

    timezone: str = "UTC"
    films: int = 2000
    baseline_days: int = 28
    baseline_patients: int = 2000

    def now(self) -> datetime:
        """The present moment in the time zone of the days."""
        return clock.now().astimezone(ZoneInfo(self.timezone))
