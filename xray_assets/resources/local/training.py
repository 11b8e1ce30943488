"""Training in a subprocess on this machine."""

import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl
from typing_extensions import override

from xray_assets.resources.training import Left, Result, Training, demanded, left_behind
from xray_assets.training.request import TrainingRequest
from xray_assets.training.search.request import SearchRequest


class LocalTraining(Training):
    """A subprocess on this machine, through Dagster Pipes."""

    folder: str
    """Films manifests are written below this folder, one folder a run."""
    command: list[str] = []
    """What is run; empty: the script, by this interpreter."""

    @override
    def export_films(self, run_id: str, family: str, films: pl.DataFrame) -> str:
        path = Path(self.folder) / run_id / f"{family}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        films.write_parquet(path)
        return str(path)

    @override
    def train(
        self, context: dg.AssetExecutionContext, request: TrainingRequest
    ) -> Iterator[Result]:
        invocation = self._run(context, request)
        results = invocation.get_results(implicit_materializations=False)
        yield from demanded(results, request.family)

    @override
    def left_by(self, context: dg.AssetExecutionContext, request: TrainingRequest) -> Left:
        return left_behind(self._run(context, request).get_custom_messages(), request)

    @override
    def candidate_folder(self, run_id: str) -> str:
        return str(Path(self.folder) / run_id / "candidate")

    @override
    def search(self, context: dg.AssetExecutionContext, request: SearchRequest) -> Iterator[Result]:
        invocation = self._run(context, request, module="xray_assets.training.search")
        yield from demanded(invocation.get_results(implicit_materializations=False), request.family)

    def _run(
        self,
        context: dg.AssetExecutionContext,
        request: TrainingRequest | SearchRequest,
        module: str = "xray_assets.training",
    ) -> dg.PipesClientCompletedInvocation:
        threads = str(request.plan.training_threads)
        client = dg.PipesSubprocessClient(
            # Frameworks read these when they are loaded; two that contend for the cores crawl.
            env=dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads),
        )
        command = self.command or [sys.executable, "-m", module]
        context.log.info(f"training {request.family} in a process of its own ({threads} threads)")
        return client.run(context=context, command=command, extras=request.extras())
