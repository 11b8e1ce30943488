"""What a person may choose about judging days."""

import dagster as dg


class MonitoringDesk(dg.ConfigurableResource):
    """`timezone` of days; most `films` a day and site; days and patients of a baseline."""

    timezone: str = "UTC"
    films: int = 2000
    baseline_days: int = 28
    baseline_patients: int = 2000
