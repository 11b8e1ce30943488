"""The lake as the feedback process and Python users read it. The only place in this room that loads
Dagster, and only when asked.
"""

from typing import TYPE_CHECKING

from xray_assets.resources.databricks.unconnected import NotYetOnDatabricks
from xray_assets.settings import Settings

if TYPE_CHECKING:
    from xray_assets.resources.tables import Tables


def lake(settings: Settings) -> "Tables":
    """The tables of the local deployment; credentials of an s3:// lake come from the
    environment.
    """
    demand_local(settings, "reading tables for feedback")
    from xray_assets.resources.local.tables import LocalDelta

    return LocalDelta(root=settings.lake, environment=settings.environment)


def demand_local(settings: Settings, call: str) -> None:
    """Raise NotYetOnDatabricks unless the deployment is local."""
    if settings.deployment != "local":
        raise NotYetOnDatabricks(call)
