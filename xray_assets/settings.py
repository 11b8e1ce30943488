"""Every setting of the project, typed, with its default and its environment variable
(`XRAY_<NAME>`).

Read by every process (Dagster, the endpoint, the feedback API, the CLI), so it knows neither
Dagster nor tables. Nothing is read at import: a process calls `Settings()` once.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from xray_assets.catalog import Catalog

PROJECT = Path(__file__).resolve().parent.parent
"""The checkout this package runs from; relative paths in settings start here."""


class Settings(BaseSettings):
    """What a person may choose. `xray settings` prints them; the README explains the ones that
    matter.
    """

    model_config = SettingsConfigDict(env_prefix="XRAY_", frozen=True, extra="ignore")

    deployment: Literal["local", "databricks"] = "local"
    environment: Literal["dev", "pilot", "prod"] = "dev"
    state: Path = Path(".state")
    lake_uri: str = Field(
        default="",
        description="Root of the Delta tables (s3://... or a folder); empty: <state>/lake",
    )

    source: str = Field(
        default="auto",
        description="auto | phantom | kaggle | folder:PATH | folder:s3://BUCKET/PREFIX",
    )
    image_limit: int | Literal["all"] = 1000
    seed: int = 0
    split_shares: Annotated[tuple[float, float, float], NoDecode] = (0.7, 0.1, 0.2)
    decode_threads: Annotated[int, Field(ge=1)] = 2

    epochs: Annotated[int, Field(ge=1)] = 16
    train_limit_keras: int | Literal["all"] = "all"
    train_limit_pytorch: int | Literal["all"] = "all"
    training_threads: Annotated[int, Field(ge=1)] = 1
    gate_min_auc: Annotated[float, Field(ge=0, le=1)] = 0.90
    gate_min_sensitivity: Annotated[float, Field(ge=0, le=1)] = 0.85
    gate_max_parity: Annotated[float, Field(gt=0)] = 1e-5
    gates_cause: str = Field(
        default="default floors",
        description="Recorded with the gates: why the floors are what they are",
    )

    starting_share: Annotated[int, Field(ge=0, lt=100)] = Field(
        default=50, description="Challenger's share when an experiment opens; 0 is shadow"
    )
    ramp: Annotated[tuple[int, ...], NoDecode] = (50, 70, 90, 100)
    ramp_dwell_seconds: Annotated[float, Field(ge=0)] = 3600.0
    ramp_dwell_requests: Annotated[int, Field(ge=0)] = 200
    promotion: Literal["auto", "recommend"] = "auto"
    approvers: Annotated[int, Field(ge=1, le=2)] = Field(
        default=1,
        description="Different people who must approve a promotion step (promotion=recommend)",
    )
    experiment_max_days: Annotated[float, Field(gt=0)] = 90.0

    guard_max_error_rate: Annotated[float, Field(ge=0, le=1)] = 0.02
    guard_max_fallback_rate: Annotated[float, Field(ge=0, le=1)] = 0.02
    guard_max_p95_ms: Annotated[float, Field(gt=0)] = 500.0
    guard_min_requests: Annotated[int, Field(ge=1)] = 20

    host: str = "127.0.0.1"
    dagster_port: int = 3000
    endpoint_port: int = 8600
    feedback_port: int = 8601
    mlflow_port: int = 8602
    endpoint_workers: Annotated[int, Field(ge=1)] = 1
    endpoint_body_bytes: Annotated[int, Field(ge=1)] = 16 * 1024 * 1024
    endpoint_batch_limit: Annotated[int, Field(ge=1)] = 64
    endpoint_concurrency: Annotated[int, Field(ge=1)] = 256
    endpoint_rate_limit: Annotated[float, Field(ge=0)] = 0.0
    challenger_deadline_ms: Annotated[float, Field(gt=0)] = 250.0
    log_synchronous: Literal["NORMAL", "FULL"] = "NORMAL"
    log_retention_days: Annotated[float, Field(ge=0)] = 0.0
    token: str = Field(
        default="",
        repr=False,
        description="Bearer token; empty: the file <state>/token, made with mode 0600",
    )
    client_tokens: str = Field(
        default="",
        repr=False,
        description="Tokens that may only predict, by commas; empty: <state>/client_token",
    )
    feedback_pending_seconds: Annotated[float, Field(ge=0)] = 3600.0

    @field_validator("split_shares", mode="before")
    @classmethod
    def _shares(cls, value: object) -> object:
        """Accept `70/10/20` (percent or fractions) and demand that the three shares sum to one."""
        if isinstance(value, str):
            try:
                value = tuple(float(part) for part in value.split("/"))
            except ValueError:
                raise ValueError(
                    "write the split as train/val/test, for example 70/10/20"
                ) from None
        if not isinstance(value, tuple | list) or len(value) != 3:
            raise ValueError("a split has three shares: train/val/test, for example 70/10/20")
        total = sum(value)
        if total <= 0 or min(value) < 0 or (abs(total - 1) > 1e-9 and abs(total - 100) > 1e-9):
            raise ValueError(f"the split shares {value} must be non-negative and sum to 100")
        # Fractions stay as they are, so that a setting reads back as it was written.
        return tuple(value) if abs(total - 1) <= 1e-9 else tuple(part / 100 for part in value)

    @field_validator("ramp", mode="before")
    @classmethod
    def _ramp(cls, value: object) -> object:
        """Accept `50,70,90,100`: rising shares of the challenger that end at 100."""
        if isinstance(value, str):
            value = tuple(int(part) for part in value.split(","))
        if (
            not isinstance(value, tuple | list)
            or list(value) != sorted(set(value))
            or value[-1] != 100
        ):
            raise ValueError(f"the ramp {value} must rise and end at 100, for example 50,70,90,100")
        return tuple(value)

    @field_validator("state", mode="after")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value if value.is_absolute() else PROJECT / value

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
    def artifact_cache(self) -> Path:
        """Serving artifacts by digest: one folder each."""
        return self.state / "artifacts"

    @property
    def endpoint_folder(self) -> Path:
        """The endpoint's config and inference log."""
        return self.state / "endpoint"

    @property
    def feedback_inbox(self) -> Path:
        """SQLite file of the feedback inbox."""
        return self.state / "feedback" / "inbox.sqlite"

    @property
    def endpoint_url(self) -> str:
        """Base URL of the local endpoint."""
        return f"http://{self.host}:{self.endpoint_port}"

    @property
    def feedback_url(self) -> str:
        """Base URL of the feedback API."""
        return f"http://{self.host}:{self.feedback_port}"

    @property
    def dagster_url(self) -> str:
        """Base URL of the Dagster webserver."""
        return f"http://{self.host}:{self.dagster_port}"
