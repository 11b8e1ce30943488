"""The deployment `local`: everything embedded on one machine (Delta, SQLite, subprocesses)."""

from xray_assets.catalog import PROMOTION_DECISION
from xray_assets.resources.images import S3Access
from xray_assets.resources.local.feedback import LocalInbox
from xray_assets.resources.local.images import LocalVolume, S3Volume
from xray_assets.resources.local.inference_log import LocalLog
from xray_assets.resources.local.registry import LocalRegistry
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.resources.local.training import LocalTraining
from xray_assets.resources.roles import Roles
from xray_assets.resources.serving.endpoint import ModelServing
from xray_assets.resources.training import training_settings
from xray_assets.resources.witness import DecisionWitness
from xray_assets.settings import Settings


def roles(settings: Settings) -> Roles:
    """Everything embedded on one machine: Delta, SQLite, subprocesses, the local endpoint."""
    environment = settings.environment
    volume_root = (
        settings.lake_uri + "/volumes" if "://" in settings.lake_uri else str(settings.volumes)
    )
    volume = S3Volume if "://" in volume_root else LocalVolume
    more = {"s3": S3Access()} if volume is S3Volume else {}
    return Roles(
        tables=LocalDelta(root=settings.lake, environment=environment),
        volume=volume(root=volume_root, environment=environment, **more),
        registry=LocalRegistry(
            tracking_uri=settings.mlflow_uri, cache=str(settings.artifact_cache)
        ),
        training=LocalTraining(
            **training_settings(settings), folder=str(settings.state / "training")
        ),
        serving=ModelServing(
            host=settings.endpoint_url,
            token=settings.token,
            token_file=str(settings.state / "token"),
        ),
        inference_log=LocalLog(
            path=str(settings.inference_log),
            follow_seconds=settings.follow_seconds,
            counted_purpose=settings.catalog.counted_purpose,
        ),
        inbox=LocalInbox(
            path=str(settings.feedback_inbox), pending_seconds=settings.feedback_pending_seconds
        ),
        decision_witness=DecisionWitness(
            tracking_uri=settings.mlflow_uri,
            experiment_name=settings.catalog.table(PROMOTION_DECISION),
        ),
    )
