"""Events without a run: what a person decided, on the pages of the assets that it changed."""

from typing import TYPE_CHECKING

from dagster import AssetKey, AssetMaterialization, DagsterInstance

from xray_assets.audit.coverage import CHAIN_HEAD, configs_head, experiments_head
from xray_assets.catalog import ENDPOINT_CONFIG, EXPERIMENTS

if TYPE_CHECKING:
    from xray_assets.lake.tables import Tables
    from xray_assets.rollout.served import Wanted


def show_act(tables: "Tables", wanted: "Wanted") -> None:
    """Report an act's cause and the new heads of its tables to the instance of DAGSTER_HOME."""
    facts = {"cause": wanted.cause, "decided_by": wanted.decided_by}
    with DagsterInstance.get() as instance:
        for key, head in {EXPERIMENTS: experiments_head, ENDPOINT_CONFIG: configs_head}.items():
            metadata = {**facts, CHAIN_HEAD: str(head(tables))}
            event = AssetMaterialization(AssetKey(key), metadata=metadata)
            instance.report_runless_asset_event(event)
