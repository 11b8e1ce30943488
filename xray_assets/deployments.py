"""The two deployments: the same graph, other resources. The only place that branches on the
deployment.

Settings become constructor arguments of resources here and nowhere else. Nothing is opened, read or
asked: resources connect inside their methods.
"""

from typing import Any

import dagster as dg

from xray_assets.catalog import PROMOTION_DECISION
from xray_assets.resources.control import RolloutControl
from xray_assets.resources.endpoint import ModelServing
from xray_assets.resources.feedback import FeedbackTable, LocalInbox
from xray_assets.resources.images import (
    ConfiguredSource,
    FilmSettings,
    LocalVolume,
    S3Access,
    S3Volume,
    UnityCatalogVolume,
)
from xray_assets.resources.inference_log import InferenceTable, LocalLog
from xray_assets.resources.kaggle import KaggleDataset
from xray_assets.resources.registry import DatabricksRegistry, LocalRegistry
from xray_assets.resources.shadow import ShadowScorer
from xray_assets.resources.tables import LocalDelta, UnityCatalog
from xray_assets.resources.training import DatabricksTraining, LocalTraining
from xray_assets.resources.witness import DecisionWitness
from xray_assets.settings import Settings


def resources(settings: Settings) -> dict[str, Any]:
    """The resources of the settings' deployment, by the names that assets and sensors ask for."""
    roles = local_roles(settings) if settings.deployment == "local" else databricks_roles(settings)
    films = FilmSettings(
        limit=None if settings.image_limit == "all" else settings.image_limit,
        seed=settings.seed,
        train_share=settings.split_shares[0],
        val_share=settings.split_shares[1],
        test_share=settings.split_shares[2],
        threads=settings.decode_threads,
    )
    s3 = S3Access()
    kaggle = KaggleDataset(folder=str(settings.state / "sources" / "kaggle"))
    shared = {
        "films": films,
        "source": ConfiguredSource(
            setting=settings.source,
            folder=str(settings.state / "sources"),
            films=films,
            kaggle=kaggle,
            s3=s3,
        ),
        "shadow": ShadowScorer(
            registry=roles["registry"],
            inference_log=roles["inference_log"],
            artifact_cache=str(settings.artifact_cache),
            threads=settings.decode_threads,
        ),
        "control": control(settings, roles),
    }
    return roles | shared


def local_roles(settings: Settings) -> dict[str, Any]:
    """Everything embedded on one machine: Delta, SQLite, subprocesses, the local endpoint."""
    environment = settings.environment
    volume_root = (
        settings.lake_uri + "/volumes" if "://" in settings.lake_uri else str(settings.volumes)
    )
    volume = S3Volume if "://" in volume_root else LocalVolume
    more = {"s3": S3Access()} if volume is S3Volume else {}
    return {
        "tables": LocalDelta(root=settings.lake, environment=environment),
        "volume": volume(root=volume_root, environment=environment, **more),
        "registry": LocalRegistry(
            tracking_uri=settings.mlflow_uri, cache=str(settings.artifact_cache)
        ),
        "training": LocalTraining(
            **training_settings(settings), folder=str(settings.state / "training")
        ),
        "serving": ModelServing(
            host=settings.endpoint_url,
            token=settings.token,
            token_file=str(settings.state / "token"),
        ),
        "inference_log": LocalLog(path=str(settings.endpoint_folder / "log.sqlite")),
        "inbox": LocalInbox(
            path=str(settings.feedback_inbox), pending_seconds=settings.feedback_pending_seconds
        ),
        "decision_witness": DecisionWitness(
            tracking_uri=settings.mlflow_uri,
            experiment_name=settings.catalog.table(PROMOTION_DECISION),
        ),
    }


def databricks_roles(settings: Settings) -> dict[str, Any]:
    """The same roles on Databricks; host and token come from the environment when a run starts."""
    environment = settings.environment
    return {
        "tables": UnityCatalog(environment=environment),
        "volume": UnityCatalogVolume(environment=environment),
        "registry": DatabricksRegistry(),
        "training": DatabricksTraining(**training_settings(settings)),
        "serving": ModelServing(
            host=dg.EnvVar("DATABRICKS_HOST"), token=dg.EnvVar("DATABRICKS_TOKEN")
        ),
        "inference_log": InferenceTable(),
        "inbox": FeedbackTable(),
        "decision_witness": DecisionWitness(
            tracking_uri="databricks",
            experiment_name=f"/Shared/{settings.catalog.table(PROMOTION_DECISION)}",
        ),
    }


def training_settings(settings: Settings) -> dict[str, Any]:
    """What both deployments train with."""
    limits = {"keras": settings.train_limit_keras, "pytorch": settings.train_limit_pytorch}
    return {
        "environment": settings.environment,
        "tracking_uri": settings.mlflow_uri,
        "artifacts_uri": (settings.mlflow_folder / "artifacts").as_uri(),
        "mlflow_url": f"http://{settings.host}:{settings.mlflow_port}",
        "seed": settings.seed,
        "epochs": settings.epochs,
        "threads": settings.training_threads,
        "limits": {family: limit for family, limit in limits.items() if limit != "all"},
        "gate_min_auc": settings.gate_min_auc,
        "gate_min_sensitivity": settings.gate_min_sensitivity,
        "gate_max_parity": settings.gate_max_parity,
        "gates_cause": settings.gates_cause,
    }


def control(settings: Settings, roles: dict[str, Any]) -> RolloutControl:
    """The control room of a deployment."""
    return RolloutControl(
        tables=roles["tables"],
        serving=roles["serving"],
        inference_log=roles["inference_log"],
        environment=settings.environment,
        starting_share=settings.starting_share,
        ramp=list(settings.ramp),
        dwell_seconds=settings.ramp_dwell_seconds,
        dwell_requests=settings.ramp_dwell_requests,
        max_days=settings.experiment_max_days,
        promotion=settings.promotion,
        approvers=settings.approvers,
        max_error_rate=settings.guard_max_error_rate,
        max_fallback_rate=settings.guard_max_fallback_rate,
        max_p95_ms=settings.guard_max_p95_ms,
        min_guard_requests=settings.guard_min_requests,
    )
