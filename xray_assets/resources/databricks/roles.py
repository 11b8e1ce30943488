"""The deployment `databricks`: the same roles there; host and token come from the environment when
a run starts.
"""

import dagster as dg

from xray_assets.catalog import PROMOTION_DECISION
from xray_assets.resources.databricks.feedback import FeedbackTable
from xray_assets.resources.databricks.images import UnityCatalogVolume
from xray_assets.resources.databricks.inference_log import InferenceTable
from xray_assets.resources.databricks.registry import DatabricksRegistry
from xray_assets.resources.databricks.tables import UnityCatalog
from xray_assets.resources.databricks.training import DatabricksTraining
from xray_assets.resources.roles import Roles
from xray_assets.resources.serving.endpoint import ModelServing
from xray_assets.resources.training import training_settings
from xray_assets.resources.witness import DecisionWitness
from xray_assets.settings import Settings


def roles(settings: Settings) -> Roles:
    """The same roles on Databricks; host and token come from the environment when a run starts."""
    environment = settings.environment
    return Roles(
        tables=UnityCatalog(environment=environment),
        volume=UnityCatalogVolume(environment=environment),
        registry=DatabricksRegistry(),
        training=DatabricksTraining(**training_settings(settings)),
        serving=ModelServing(
            host=dg.EnvVar("DATABRICKS_HOST"), token=dg.EnvVar("DATABRICKS_TOKEN")
        ),
        inference_log=InferenceTable(follow_seconds=settings.follow_seconds),
        inbox=FeedbackTable(),
        decision_witness=DecisionWitness(
            tracking_uri="databricks",
            experiment_name=f"/Shared/{settings.catalog.table(PROMOTION_DECISION)}",
        ),
    )
