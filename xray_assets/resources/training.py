"""The role "training": where the script of `xray_assets.training` runs, and how it is set.

The asset asks for a training; this room knows the process. No gate, metric or model here.
"""

import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl

from xray_assets.resources.unconnected import NotYetOnDatabricks
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


class LocalTraining(Training):
    """A subprocess on this machine, through Dagster Pipes."""

    folder: str
    """Films manifests are written below this folder, one folder a run."""
    command: list[str] = []
    """What is run; empty: the script, by this interpreter."""

    def stage(self, run_id: str, family: str, films: pl.DataFrame) -> str:
        """See Training."""
        path = Path(self.folder) / run_id / f"{family}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        films.write_parquet(path)
        return str(path)

    def train(
        self, context: dg.AssetExecutionContext, family: str, extras: Mapping[str, Any]
    ) -> Iterator[Result]:
        """See Training."""
        threads = str(extras.get("threads", self.threads))
        client = dg.PipesSubprocessClient(
            # Frameworks read these when they are loaded; two that contend for the cores crawl.
            env=dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads),
        )
        command = self.command or [sys.executable, "-m", "xray_assets.training"]
        context.log.info(f"training {family} in a process of its own ({threads} threads)")
        invocation = client.run(context=context, command=command, extras=dict(extras))
        yield from demanded(invocation.get_results(implicit_materializations=False), family)


class DatabricksTraining(Training):
    """The same script as a serverless Databricks task."""

    def stage(self, run_id: str, family: str, films: pl.DataFrame) -> str:
        """See Training."""
        raise NotYetOnDatabricks("staging the films of a training")

    def train(
        self, context: dg.AssetExecutionContext, family: str, extras: Mapping[str, Any]
    ) -> Iterator[Result]:
        """See Training."""
        raise NotYetOnDatabricks("training")


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
