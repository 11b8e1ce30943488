"""Training as a serverless Databricks task."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from xray_assets.resources.databricks.unconnected import NotYetOnDatabricks
from xray_assets.resources.training import Result, Training
from xray_assets.training.request import TrainingRequest


class DatabricksTraining(Training):
    """The same script as a serverless Databricks task."""

    def stage(self, run_id: str, family: str, films: pl.DataFrame) -> str:
        """See Training."""
        raise NotYetOnDatabricks("staging the films of a training")

    def train(
        self, context: dg.AssetExecutionContext, request: TrainingRequest
    ) -> Iterator[Result]:
        """See Training."""
        raise NotYetOnDatabricks("training")
