"""The roles that every deployment fills, typed: what Dagster and the CLI are handed."""

from dataclasses import dataclass, fields
from typing import Any

from xray_assets.resources.alerts import Alerts
from xray_assets.resources.feedback import FeedbackInbox
from xray_assets.resources.images import FilmSettings, ImageSource, ImageVolume
from xray_assets.resources.inference_log import InferenceLog
from xray_assets.resources.monitoring import MonitoringDesk
from xray_assets.resources.ramp import Ramp
from xray_assets.resources.registry import Registry
from xray_assets.resources.review import ReviewDesk
from xray_assets.resources.serving.endpoint import ModelServing
from xray_assets.resources.serving.shadow import ShadowScorer
from xray_assets.resources.tables import Tables
from xray_assets.resources.training import RetrainingDesk, Training
from xray_assets.resources.witness import DecisionWitness


@dataclass(frozen=True)
class Roles:
    """What differs between deployments: one implementation of each role."""

    tables: Tables
    volume: ImageVolume
    registry: Registry
    training: Training
    serving: ModelServing
    inference_log: InferenceLog
    inbox: FeedbackInbox
    decision_witness: DecisionWitness


@dataclass(frozen=True)
class Resources(Roles):
    """Every resource, by the name that assets and sensors ask for."""

    films: FilmSettings
    source: ImageSource
    shadow: ShadowScorer
    review_desk: ReviewDesk
    ramp: Ramp
    alerts: Alerts
    monitoring_desk: MonitoringDesk
    retraining_desk: RetrainingDesk

    def by_name(self) -> dict[str, Any]:
        """As Dagster's definitions take them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
