"""The role "training": where the script of `xray_assets.training` runs, and how it is set.

The asset asks for a training; this room knows the process. No gate, metric or model here.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import dagster as dg
import polars as pl

from xray_assets.catalog import CANDIDATES, FAMILIES, Catalog
from xray_assets.settings import Settings
from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.training.gates import GATES, PARITY
from xray_assets.training.request import TrainingRequest
from xray_assets.training.search.request import SearchRequest

if TYPE_CHECKING:
    from xray_assets.serving.hot_path.case_keys import CaseKeys

Result = dg.MaterializeResult | dg.AssetCheckResult


class RetrainingDesk(dg.ConfigurableResource):
    """What retraining may do by itself, and the key of the patients' pseudonyms.

    mode: off, recommend or shadow. mix: cumulative or 70/30. endpoint_folder: where the endpoint
    keeps the key.
    """

    mode: str = "recommend"
    mix: str = "cumulative"
    endpoint_folder: str

    def case_keys(self) -> "CaseKeys":
        """The key; made by whoever asks first, here or the endpoint."""
        from xray_assets.serving.hot_path.case_keys import CaseKeys

        folder = Path(self.endpoint_folder)
        folder.mkdir(parents=True, exist_ok=True)
        return CaseKeys(folder)


class Left(NamedTuple):
    """What a training left to be judged: its folder, MLflow's run, its largest difference between
    framework and export, and what it measured.
    """

    folder: str
    run_id: str
    parity: float
    metadata: dict[str, Any]


class Training(dg.ConfigurableResource, ABC):
    """Trains one family in another process. `plan` is the default of every training."""

    environment: str = "dev"
    tracking_uri: str = ""
    artifacts_uri: str = ""
    mlflow_url: str = ""
    studies: str = ""
    """Folder of the studies of searches: a killed one is continued."""
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

    def search_request(self, family: str, tries: int, films: str) -> SearchRequest:
        """One search by the plan; what it finds is a candidate."""
        return SearchRequest(
            family=family,
            tries=tries,
            films=films,
            folder=self.studies,
            model_name=Catalog(self.environment).table(CANDIDATES),
            tracking_uri=self.tracking_uri,
            artifacts_uri=self.artifacts_uri,
            mlflow_url=self.mlflow_url,
            plan=TrainingPlan(**self.plan),
        )

    @abstractmethod
    def search(self, context: dg.AssetExecutionContext, request: SearchRequest) -> Iterator[Result]:
        """Run a search and yield what it reports, as `train` does."""

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

    @abstractmethod
    def left_by(self, context: dg.AssetExecutionContext, request: TrainingRequest) -> Left:
        """Run the script for a candidate that is left to be judged (`request.leave_in`).

        Raises dg.Failure when the script ended without telling what it left.
        """

    @abstractmethod
    def candidate_folder(self, run_id: str) -> str:
        """Where the candidate of a run is left."""


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


def left_behind(messages: Any, request: TrainingRequest) -> Left:
    """What a script's messages tell of a candidate. Raises dg.Failure where they tell nothing."""
    told = [message for message in messages if "gates" in message]
    if len(told) != 1:
        raise dg.Failure(
            f"the {request.family} training ended without telling what it left: look at its log "
            "above, and ask again"
        )
    (message,) = told
    parity = float(message["gates"][PARITY]["value"])
    return Left(request.leave_in, message["run_id"], parity, message["metadata"])


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
        "studies": str(settings.search_folder),
        "plan": settings.model_dump(include=set(TrainingPlan.model_fields)),
    }
