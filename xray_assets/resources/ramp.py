"""What a ramp needs, in one place: the connections that it goes through, and its settings.

What is done with them is in `rollout/`.
"""

from datetime import timedelta
from typing import Literal

import dagster as dg

from xray_assets.catalog import Catalog
from xray_assets.resources.inference_log import InferenceLog
from xray_assets.resources.registry import Registry
from xray_assets.resources.serving.endpoint import ModelServing
from xray_assets.resources.tables import Tables
from xray_assets.rollout.guards import GuardLimits
from xray_assets.rollout.reconcile import RampPolicy


class Ramp(dg.ConfigurableResource):
    """Connections and settings of the ramp. Shares in percent, times in seconds."""

    tables: dg.ResourceDependency[Tables]
    serving: dg.ResourceDependency[ModelServing]
    inference_log: dg.ResourceDependency[InferenceLog]
    registry: dg.ResourceDependency[Registry]
    environment: str
    starting_share: int
    shares: list[int]
    dwell_seconds: float
    dwell_requests: int
    max_days: float
    promotion: Literal["auto", "recommend"]
    approvers: int
    max_error_rate: float
    max_fallback_rate: float
    max_p95_ms: float
    min_guard_requests: int

    @property
    def policy(self) -> RampPolicy:
        """How a challenger is ramped."""
        return RampPolicy(
            ramp=tuple(self.shares),
            dwell=timedelta(seconds=self.dwell_seconds),
            dwell_requests=self.dwell_requests,
            max_age=timedelta(days=self.max_days),
            mode=self.promotion,
            approvers=self.approvers,
        )

    @property
    def limits(self) -> GuardLimits:
        """The limits of the guards."""
        return GuardLimits(
            max_error_rate=self.max_error_rate,
            max_fallback_rate=self.max_fallback_rate,
            max_p95_ms=self.max_p95_ms,
            min_requests=self.min_guard_requests,
        )

    @property
    def model_names(self) -> list[str]:
        """Full names of the classifiers, the first champion first."""
        return Catalog(self.environment).classifiers

    @property
    def registered_models(self) -> list[str]:
        """Full names of all that may be served."""
        return Catalog(self.environment).registered_models
