"""The role "training": where the script of `xray_assets.training` runs, and how it is set.

The asset asks for a training; this room knows the process. No gate, metric or model here.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import polars as pl

from xray_assets.catalog import FAMILIES, Catalog
from xray_assets.settings import Settings
from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.training.gates import GATES
from xray_assets.training.request import TrainingRequest

Result = dg.MaterializeResult | dg.AssetCheckResult


class Training(dg.ConfigurableResource, ABC):
    """Trains one family in another process. `plan` is the default of every training."""

    environment: str = "dev"
    tracking_uri: str = ""
    artifacts_uri: str = ""
    mlflow_url: str = ""
    plan: dict[str, Any] = {}

    def request(self, family: str, films: str, choices: Mapping[str, Any]) -> TrainingRequest:
        """One family's training by the plan, but for what a run chooses otherwise."""
        return TrainingRequest(
            family=family,
            films=films,
            model_name=Catalog(self.environment).table(FAMILIES[family].model),
            tracking_uri=self.tracking_uri,
            artifacts_uri=self.artifacts_uri,
            mlflow_url=self.mlflow_url,
            plan=TrainingPlan(**{**self.plan, **choices}),
        )

    @abstractmethod
    def export_films(self, run_id: str, family: str, films: pl.DataFrame) -> str:
        """Put the films manifest where the script can read it; returns its path."""

    @abstractmethod
    def train(
        self, context: dg.AssetExecutionContext, request: TrainingRequest
    ) -> Iterator[Result]:
        """Run the script and yield what it reports: the gates' checks, and a materialization.

        Raises dg.Failure when a gate was failed, and an error when the script failed, was
        cancelled, or ended without reporting anything.
        """


def demanded(results: Any, family: str) -> Iterator[Result]:
    """The results of a script, and an error where silence would look like success.

    Yields the checks first, so that they are recorded also when the asset fails. Raises dg.Failure
    naming each failed gate with value and limit, or saying that nothing was reported.
    """
    checks = [result for result in results if isinstance(result, dg.AssetCheckResult)]
    made = [result for result in results if isinstance(result, dg.MaterializeResult)]
    yield from checks
    if unanswered := GATES.keys() - {check.check_name for check in checks}:
        raise dg.Failure(
            f"the {family} training ended without answering for {sorted(unanswered)}: look at its "
            "log above, and train again"
        )
    failed = [check for check in checks if not check.passed]
    if failed:
        gates = "; ".join(_gate(check) for check in failed)
        raise dg.Failure(
            f"the {family} classifier was not registered: {gates}",
            metadata={check.check_name or "gate": _gate(check) for check in failed},
            allow_retries=False,  # the same seed gives the same figures
        )
    if len(made) != 1:
        raise dg.Failure(
            f"the {family} training passed its gates but reported no registered version: look at "
            "its log above, and train again"
        )
    yield made[0]


def _gate(check: dg.AssetCheckResult) -> str:
    figures = {name: entry.value for name, entry in check.metadata.items()}
    value, limit = figures.get("value"), figures.get("limit")
    return f"{check.check_name} {value:.6g} against {limit:g} ({figures.get('cause')})"


def training_settings(settings: Settings) -> dict[str, Any]:
    """What both deployments train with."""
    return {
        "environment": settings.environment,
        "tracking_uri": settings.mlflow_uri,
        "artifacts_uri": (settings.mlflow_folder / "artifacts").as_uri(),
        "mlflow_url": settings.mlflow_url,
        "plan": settings.model_dump(include=set(TrainingPlan.model_fields)),
    }
