"""Training as a serverless Databricks task."""

from collections.abc import Iterator

import dagster as dg
import polars as pl
from typing_extensions import override

from xray_assets.errors import NotYetOnDatabricks
from xray_assets.resources.training import Left, Result, Training
from xray_assets.training.request import TrainingRequest
from xray_assets.training.search.request import SearchRequest


class DatabricksTraining(Training):
    """The same script as a serverless Databricks task."""

    @override
    def export_films(self, run_id: str, family: str, films: pl.DataFrame) -> str:
        raise NotYetOnDatabricks("staging the films of a training")

    @override
    def train(
        self, context: dg.AssetExecutionContext, request: TrainingRequest
    ) -> Iterator[Result]:
        raise NotYetOnDatabricks("training")

    @override
    def left_by(self, context: dg.AssetExecutionContext, request: TrainingRequest) -> Left:
        raise NotYetOnDatabricks("training")

    @override
    def candidate_folder(self, run_id: str) -> str:
        raise NotYetOnDatabricks("keeping a candidate")

    @override
    def search(self, context: dg.AssetExecutionContext, request: SearchRequest) -> Iterator[Result]:
        raise NotYetOnDatabricks("the search")
