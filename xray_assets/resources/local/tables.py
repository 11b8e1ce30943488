"""Delta tables on a disk or S3."""

import dagster as dg
from pydantic import PrivateAttr
from typing_extensions import override

from xray_assets.lake.delta import DeltaTables
from xray_assets.resources.tables import Tables


class LocalDelta(Tables, DeltaTables):
    """`lake.delta.DeltaTables` as a resource: what it writes names the run."""

    root: str
    environment: str = "dev"
    storage_options: dict[str, str] = {}

    _run_id: str = PrivateAttr("")

    @override
    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        self._run_id = context.run_id or ""

    @override
    def run_id(self) -> str:
        return self._run_id
