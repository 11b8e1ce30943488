"""What may be chosen of monitoring, alerts and retraining. A part of `every.py`, which says how
settings are read.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from xray_assets.settings.written import Addresses, Timezone


class MonitoringPlan(BaseModel):
    """How days are judged, who is told, and what retraining may do by itself."""

    timezone: Timezone = "UTC"
    """Time zone of days, weekdays and schedules (Europe/Berlin); stored times stay UTC"""
    monitor_films: Annotated[int, Field(ge=50)] = 2000
    """Most films a day and site whose features are measured, by the lowest hash of the request"""
    baseline_days: Annotated[int, Field(ge=7)] = 28
    """Closed days of a baseline"""
    baseline_patients: Annotated[int, Field(ge=100)] = 2000
    """Fewest patients of a baseline"""

    alert_email: Addresses = ()
    """Addresses that get alerts, by commas"""
    alert_webhook: str = Field(default="", repr=False)
    """URL that gets alerts as JSON"""
    alert_secret: str = Field(default="", repr=False)
    """Key of the HMAC that signs them (header X-Xray-Signature); empty: unsigned"""
    escalation_email: Addresses = ()
    """Addresses that are told where nobody answers an alert, by commas"""

    retrain: Literal["off", "recommend", "shadow"] = "recommend"
    """off | recommend | shadow: a due retraining is left, asked for, or carried out up to shadow"""
    retrain_mix: Literal["cumulative", "70/30"] = "cumulative"
    """cumulative | 70/30: all earlier films and the new ones, or 70 % new ones"""
