"""Events without a run: what a person decided, on the pages of the assets that it changed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dagster import AssetKey, AssetMaterialization, DagsterInstance

from xray_assets.audit.chain import Head
from xray_assets.audit.coverage import CHAIN_HEAD, configs_head, experiments_head
from xray_assets.catalog import ENDPOINT_CONFIG, EXPERIMENTS, Key

if TYPE_CHECKING:
    from xray_assets.lake.tables import Tables
    from xray_assets.rollout.served import Wanted


def show_act(tables: "Tables", wanted: "Wanted") -> None:
    """An act on the ramp: its cause, and the new heads of its tables."""
    heads = {EXPERIMENTS: experiments_head(tables), ENDPOINT_CONFIG: configs_head(tables)}
    show(heads, {"cause": wanted.cause, "decided_by": wanted.decided_by})


def show(heads: Mapping[Key, Head], facts: Mapping[str, str]) -> None:
    """Report new heads of tables, and why they are new, to the instance of DAGSTER_HOME."""
    with DagsterInstance.get() as instance:
        for key, head in heads.items():
            metadata = {**facts, CHAIN_HEAD: str(head)}
            event = AssetMaterialization(AssetKey(key), metadata=metadata)
            instance.report_runless_asset_event(event)
