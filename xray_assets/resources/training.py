"""The role "training": where the script of `xray_assets.training` runs, and how it is set.

The asset asks for a training; this room knows the process. No gate, metric or model here.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import polars as pl

from xray_assets.settings import Settings
from xray_assets.training.gates import GATES

Result = dg.MaterializeResult | dg.AssetCheckResult


class Training(dg.ConfigurableResource, ABC):
    """Trains one family in another process. The fields are the defaults of every training.

    `limits` bounds the films of the train split by family; a family without a limit uses them all.
    """

    environment: str = "dev"
    tracking_uri: str = ""
    artifacts_uri: str = ""
    mlflow_url: str = ""
    seed: int = 0
    epochs: int = 16
    threads: int = 1
    limits: dict[str, int] = {}
    gate_min_auc: float = 0.90
    gate_min_sensitivity: float = 0.85
    gate_max_parity: float = 1e-5
    gates_cause: str = "default floors"

    @abstractmethod
    def stage(self, run_id: str, family: str, films: pl.DataFrame) -> str:
        """Put the films manifest where the script can read it; returns its path."""

    @abstractmethod
    def train(
        self, context: dg.AssetExecutionContext, family: str, extras: Mapping[str, Any]
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
    limits = {"keras": settings.train_limit_keras, "pytorch": settings.train_limit_pytorch}
    return {
        "environment": settings.environment,
        "tracking_uri": settings.mlflow_uri,
        "artifacts_uri": (settings.mlflow_folder / "artifacts").as_uri(),
        "mlflow_url": settings.mlflow_url,
        "seed": settings.seed,
        "epochs": settings.epochs,
        "threads": settings.training_threads,
        "limits": {family: limit for family, limit in limits.items() if limit != "all"},
        "gate_min_auc": settings.gate_min_auc,
        "gate_min_sensitivity": settings.gate_min_sensitivity,
        "gate_max_parity": settings.gate_max_parity,
        "gates_cause": settings.gates_cause,
    }
