"""The settings of a process, with the folders, files and URLs that follow from them.

Read by every process (Dagster, the endpoint, the feedback API, the room, the CLI), so it knows
neither Dagster nor tables.
"""

from pathlib import Path

from xray_assets.catalog import Catalog
from xray_assets.settings.every import EverySetting


class Settings(EverySetting):
    """What a person chose, and where things are because of it. `xray settings` prints them; the
    README explains the ones that matter.
    """

    @property
    def catalog(self) -> Catalog:
        """The names of this environment."""
        return Catalog(self.environment)

    @property
    def lake(self) -> str:
        """Root URI or folder of the Delta tables."""
        return self.lake_uri or str(self.state / "lake")

    @property
    def dagster_home(self) -> Path:
        """Dagster's instance folder."""
        return self.state / "dagster"

    @property
    def volumes(self) -> Path:
        """Folder of the managed image volumes."""
        return self.state / "volumes"

    @property
    def mlflow_folder(self) -> Path:
        """Folder of MLflow's SQLite database and artifacts."""
        return self.state / "mlflow"

    @property
    def mlflow_uri(self) -> str:
        """MLflow's tracking and registry URI."""
        return f"sqlite:///{self.mlflow_folder / 'mlflow.db'}"

    @property
    def search_folder(self) -> Path:
        """The studies of searches, a file each."""
        return self.state / "search"

    @property
    def artifact_cache(self) -> Path:
        """Serving artifacts by digest: one folder each."""
        return self.state / "artifacts"

    @property
    def endpoint_folder(self) -> Path:
        """The endpoint's config and inference log."""
        return self.state / "endpoint"

    @property
    def inference_log(self) -> Path:
        """SQLite file of the endpoint's inference log."""
        return self.endpoint_folder / "log.sqlite"

    @property
    def feedback_inbox(self) -> Path:
        """SQLite file of the feedback inbox."""
        return self.state / "feedback" / "inbox.sqlite"

    @property
    def review_key(self) -> Path:
        """The key that draws cases for review."""
        return self.state / "review_key"

    @property
    def reading_folder(self) -> Path:
        """The reading room's leases, and the key of its opaque ids."""
        return self.state / "reading"

    @property
    def endpoint_url(self) -> str:
        """Base URL of the local endpoint."""
        return f"http://{self.host}:{self.endpoint_port}"

    @property
    def feedback_url(self) -> str:
        """Base URL of the feedback API."""
        return f"http://{self.host}:{self.feedback_port}"

    @property
    def room_url(self) -> str:
        """Base URL of the reading room."""
        return f"http://{self.host}:{self.room_port}"

    @property
    def room_folder(self) -> Path:
        """What the reading room keeps: who did what, and who is signed in."""
        return self.state / "room"

    @property
    def mlflow_url(self) -> str:
        """Base URL of MLflow's UI."""
        return f"http://{self.dagster_host}:{self.mlflow_port}"

    @property
    def dagster_url(self) -> str:
        """Base URL of the Dagster webserver."""
        return f"http://{self.dagster_host}:{self.dagster_port}"
