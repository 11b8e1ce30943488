"""Settings become resources; the only place that branches on the deployment.

What a deployment is made of stands in its folder: `resources/local/roles.py`,
`resources/databricks/roles.py`. Nothing is opened, read or asked: resources connect inside their
methods.
"""

from dataclasses import replace

from xray_assets.resources.alerts import Alerts
from xray_assets.resources.databricks.roles import roles as databricks_roles
from xray_assets.resources.images import ConfiguredSource, FilmSettings, S3Access
from xray_assets.resources.kaggle import KaggleDataset
from xray_assets.resources.local.roles import roles as local_roles
from xray_assets.resources.monitoring import MonitoringDesk
from xray_assets.resources.ramp import Ramp
from xray_assets.resources.review import ReviewDesk
from xray_assets.resources.roles import Resources, Roles
from xray_assets.resources.serving.shadow import ShadowScorer
from xray_assets.resources.training import RetrainingDesk
from xray_assets.settings import Settings

HTTP_SECONDS, READY_SECONDS = 3.0, 5.0
"""A person waits: an endpoint that does not answer by then gets its config from the next tick."""

DEPLOYMENTS = {"local": local_roles, "databricks": databricks_roles}
"""Each deployment's roles from the settings."""


def resources(settings: Settings) -> Resources:
    """The resources of the settings' deployment."""
    roles = DEPLOYMENTS[settings.deployment](settings)
    films = FilmSettings(
        limit=None if settings.image_limit == "all" else settings.image_limit,
        seed=settings.seed,
        train_share=settings.split_shares[0],
        val_share=settings.split_shares[1],
        test_share=settings.split_shares[2],
        threads=settings.decode_threads,
        modalities=list(settings.dicom_modalities),
    )
    return Resources(
        **vars(roles),
        films=films,
        source=ConfiguredSource(
            setting=settings.source,
            folder=str(settings.state / "sources"),
            films=films,
            kaggle=KaggleDataset(folder=str(settings.state / "sources" / "kaggle")),
            s3=S3Access(),
        ),
        shadow=ShadowScorer(
            registry=roles.registry,
            inference_log=roles.inference_log,
            artifact_cache=str(settings.artifact_cache),
            threads=settings.decode_threads,
        ),
        review_desk=ReviewDesk(budget=settings.review_budget, key_file=str(settings.review_key)),
        ramp=ramp(settings, roles),
        retraining_desk=RetrainingDesk(
            mode=settings.retrain,
            mix=settings.retrain_mix,
            endpoint_folder=str(settings.endpoint_folder),
        ),
        alerts=Alerts(),
        monitoring_desk=MonitoringDesk(
            timezone=settings.timezone,
            films=settings.monitor_films,
            baseline_days=settings.baseline_days,
            baseline_patients=settings.baseline_patients,
        ),
    )


def ramp(settings: Settings, roles: Roles) -> Ramp:
    """The connections and settings of a deployment's ramp."""
    return Ramp(
        tables=roles.tables,
        serving=roles.serving,
        inference_log=roles.inference_log,
        registry=roles.registry,
        environment=settings.environment,
        starting_share=settings.starting_share,
        shares=list(settings.ramp),
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


def ramp_of_a_person(settings: Settings) -> Ramp:
    """The ramp for whoever waits for an answer."""
    roles = DEPLOYMENTS[settings.deployment](settings)
    soon = {"http_seconds": HTTP_SECONDS, "ready_seconds": READY_SECONDS}
    return ramp(settings, replace(roles, serving=roles.serving.model_copy(update=soon)))
