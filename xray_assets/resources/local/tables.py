"""Delta tables on a disk or S3."""

from xray_assets.lake.delta import DeltaTables
from xray_assets.resources.tables import Tables


class LocalDelta(Tables, DeltaTables):
    """`lake.delta.DeltaTables` as a resource."""

    root: str
    environment: str = "dev"
    storage_options: dict[str, str] = {}
