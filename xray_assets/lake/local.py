"""The tables that the settings name, for processes that no deployment hands its resources: the
feedback API, Python users, the command line.
"""

from xray_assets.errors import NotYetOnDatabricks
from xray_assets.lake.delta import DeltaTables
from xray_assets.settings import Settings


def local_tables(settings: Settings, call: str) -> DeltaTables:
    """The tables of the local deployment; credentials of an s3:// lake come from the environment.
    Raises NotYetOnDatabricks, naming the call, on the other one.
    """
    demand_local(settings, call)
    return DeltaTables(root=settings.lake, environment=settings.environment)


def demand_local(settings: Settings, call: str) -> None:
    """Raise NotYetOnDatabricks unless the deployment is local."""
    if settings.deployment != "local":
        raise NotYetOnDatabricks(call)
