"""Every setting, typed, with its default and its environment variable (`XRAY_<NAME>`).

Nothing is read at import: a process calls `Settings()` once.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from xray_assets.settings.monitoring_plan import MonitoringPlan
from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.settings.written import (
    Addresses,
    Folder,
    Modalities,
    Networks,
    RisingShares,
    Sites,
    SourcePlace,
    SplitShares,
    Uri,
    refuse_misspelt,
)

PROJECT = Path(__file__).resolve().parents[2]
"""The checkout this package runs from."""

OTHER_VARIABLES = ("XRAY_READER_TOKEN", "XRAY_SERVING_SETTINGS")
"""Variables that are no settings: a reader's token for the CLI, the endpoint's to its workers."""


class EverySetting(TrainingPlan, MonitoringPlan, BaseSettings):
    """What a person may choose, the plans of training and monitoring included."""

    model_config = SettingsConfigDict(
        env_prefix="XRAY_",
        frozen=True,
        extra="ignore",
        enable_decoding=False,  # validators read the few settings that are no single value
    )

    deployment: Literal["local", "databricks"] = "local"
    """local | databricks: the same graph with other resources"""
    environment: Literal["dev", "pilot", "prod", "simulation"] = "dev"
    """dev | pilot | prod | simulation: part of the catalog's name; simulated requests count in the
    last one, and there alone"""
    state: Folder = PROJECT / ".state"
    """Folder of everything a stack keeps; unset: .state in the checkout"""
    lake_uri: Uri = ""
    """Root of the Delta tables (s3://... or a folder); empty: <state>/lake"""

    source: SourcePlace = "auto"
    """auto | phantom | kaggle | folder:PATH | folder:s3://BUCKET/PREFIX"""
    image_limit: int | Literal["all"] = 1000
    """Films to ingest, half of each class, or all"""
    split_shares: SplitShares = (0.7, 0.1, 0.2)
    """Patients in train/val/test"""
    decode_threads: Annotated[int, Field(ge=1)] = 2
    """Threads that decode films in assets"""
    dicom_modalities: Modalities = ("CR", "DX")
    """DICOM modalities that are accepted, by commas; `none`: also a file that names none"""

    starting_share: Annotated[int, Field(ge=0, lt=100)] = 50
    """Challenger's share when an experiment opens, percent; 0 is shadow"""
    ramp: RisingShares = (50, 70, 90, 100)
    """Challenger's shares, step by step, percent"""
    ramp_dwell_seconds: Annotated[float, Field(ge=0)] = 3600.0
    """Shortest time at a step"""
    ramp_dwell_requests: Annotated[int, Field(ge=0)] = 200
    """Fewest requests at a step"""
    promotion: Literal["auto", "recommend"] = "auto"
    """auto | recommend: a step is taken, or waits for `xray promote --approve`"""
    approvers: Annotated[int, Field(ge=1, le=2)] = 1
    """Different people who must approve a promotion step (promotion=recommend)"""
    experiment_max_days: Annotated[float, Field(gt=0)] = 90.0
    """Then an undecided experiment is inconclusive"""

    guard_max_error_rate: Annotated[float, Field(ge=0, le=1)] = 0.02
    """Red guard: share of the challenger's requests that failed"""
    guard_max_fallback_rate: Annotated[float, Field(ge=0, le=1)] = 0.02
    """Red guard: share that fell back to the champion"""
    guard_max_p95_ms: Annotated[float, Field(gt=0)] = 500.0
    """Red guard: 95th percentile of the challenger's latency"""
    guard_min_requests: Annotated[int, Field(ge=1)] = 20
    """Fewer requests are too few to judge rates and latency"""

    host: str = "127.0.0.1"
    """Address of the servers that ask who calls: endpoint, feedback API and reading room"""
    dagster_host: str = "127.0.0.1"
    """Address of the pages without a token: Dagster's webserver and MLflow's UI"""
    allowed_hosts: str = ""
    """More names that clients may use for this machine (in the header Host), by commas"""
    dagster_port: int = 3000
    """Dagster's webserver"""
    endpoint_port: int = 8600
    """The endpoint; 0 takes a free port"""
    feedback_port: int = 8601
    """The feedback API"""
    mlflow_port: int = 8602
    """MLflow's UI (`xray up --mlflow`)"""
    room_port: int = 8700
    """The reading room"""
    room_https: bool = False
    """The reading room is reached through https alone: its cookies are sent over nothing else"""
    forwarded_identity: str = ""
    """Header in which a proxy names who signed in, for example X-Forwarded-Email; empty: none"""
    trusted_peers: Networks = ()
    """Addresses or networks of the proxies whose word on that header counts, by commas"""
    endpoint_workers: Annotated[int, Field(ge=1)] = 1
    """Processes of the endpoint"""
    endpoint_body_bytes: Annotated[int, Field(ge=1)] = 16 * 1024 * 1024
    """Largest body of a request"""
    endpoint_batch_limit: Annotated[int, Field(ge=1)] = 64
    """Most films of a request"""
    endpoint_film_pixels: Annotated[int, Field(ge=1_000_000)] = 40_000_000
    """Most pixels of a film, and of the films that a worker decodes at a time"""
    endpoint_request_pixels: Annotated[int, Field(ge=1_000_000)] = 400_000_000
    """Most pixels of a request's films together"""
    endpoint_concurrency: Annotated[int, Field(ge=1)] = 256
    """Most requests in work in a worker; more are 429"""
    endpoint_rate_limit: Annotated[float, Field(ge=0)] = 0.0
    """Requests a second and token; 0: no limit"""
    challenger_deadline_ms: Annotated[float, Field(gt=0)] = 250.0
    """Then the champion answers instead"""
    sites: Sites = ()
    """Sites that requests may name, by commas, at most 32; any other counts as `other`"""
    log_synchronous: Literal["NORMAL", "FULL"] = "NORMAL"
    """NORMAL | FULL: the log survives the death of the process, or of the machine"""
    log_retention_days: Annotated[float, Field(ge=0)] = 0.0
    """Older log rows that are in Delta are deleted with their films; 0: never"""
    token: str = Field(default="", repr=False)
    """Bearer token; empty: the file <state>/token, made with mode 0600"""
    client_tokens: str = Field(default="", repr=False)
    """Tokens that may only predict, by commas; empty: <state>/client_token"""
    feedback_pending_seconds: Annotated[float, Field(ge=0)] = 3600.0
    """How long feedback waits for its prediction before it is rejected"""
    follow_seconds: Annotated[float, Field(ge=0)] = 60.0
    """How long the log may be ahead of the tables before a run moves, pairs and counts it"""
    review_budget: Annotated[int, Field(ge=1)] = 100
    """Reads a day that the reading room can give; each morning's review policy fits it"""

    report_email: Addresses = ()
    """Addresses that get the daily report, by commas"""
    report_webhook: str = Field(default="", repr=False)
    """URL that gets the daily report's text as JSON"""
    smtp_host: str = ""
    """The mail server that e-mail is handed to"""
    smtp_port: int = 587
    """Its port"""
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    """starttls | tls | none: how the connection to it is secured"""
    smtp_user: str = ""
    """Name to sign in there with; empty: without"""
    smtp_password: str = Field(default="", repr=False)
    """Password to sign in there with"""
    smtp_sender: str = ""
    """Address that e-mail comes from"""

    @model_validator(mode="after")
    def _forwarded_by_somebody(self) -> Self:
        """Refuse a header that anybody, or nobody, could set."""
        if self.forwarded_identity and not self.trusted_peers:
            raise ValueError("XRAY_FORWARDED_IDENTITY needs XRAY_TRUSTED_PEERS: name the proxies")
        return self

    @model_validator(mode="after")
    def _alerts_have_a_way(self) -> Self:
        """Refuse addresses that no mail server is set for: nobody would hear of it."""
        if (self.alert_email or self.escalation_email) and not (
            self.smtp_host and self.smtp_sender
        ):
            raise ValueError(
                "XRAY_ALERT_EMAIL and XRAY_ESCALATION_EMAIL need XRAY_SMTP_HOST and "
                "XRAY_SMTP_SENDER"
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _no_misspelt_variable(cls, values: Any) -> Any:
        """Refuse a variable that nothing reads: whoever wrote it wants something else than runs."""
        known = [f"XRAY_{name.upper()}" for name in cls.model_fields] + [*OTHER_VARIABLES]
        refuse_misspelt("XRAY_", known)
        return values
