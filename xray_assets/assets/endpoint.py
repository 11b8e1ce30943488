"""Gold, part one: experiments, and what the endpoint serves.

Steps of the ramp are decided in `rollout/reconcile.py` and carried out by `rollout/carry_out.py`.
A launch from the UI can only ask for what a decision or an authenticated row wants already; what
people decide comes from `xray rollback | promote | experiment`.
"""

from collections.abc import Iterator
from typing import Literal

import dagster as dg

from xray_assets.assets.entries import spec
from xray_assets.audit.coverage import CHAIN_HEAD, configs_head, experiments_head
from xray_assets.catalog import ENDPOINT_CONFIG, EXPERIMENTS, FAMILIES
from xray_assets.checks.table_metadata import table_metadata
from xray_assets.resources.ramp import Ramp
from xray_assets.rollout.acts import reconcile


class EndpointChange(dg.Config):
    """What a run of `gold/endpoint_config` is asked to do.

    reassert: carry out the wanted state as it is. step: also take the reconciler's next step, if
    gold.experiments is still at `generation`.
    """

    action: Literal["reassert", "step"] = "reassert"
    generation: int = 0


@dg.multi_asset(
    name="endpoint_config",
    specs=[
        spec(EXPERIMENTS, deps=[family.model for family in FAMILIES.values()]),
        spec(ENDPOINT_CONFIG, deps=[EXPERIMENTS]),
    ],
    pool="endpoint",
)
def endpoint_config(
    context: dg.AssetExecutionContext, config: EndpointChange, ramp: Ramp
) -> Iterator[dg.MaterializeResult]:
    """Carry out what the experiment wants: traffic, record, aliases."""
    at = config.generation if config.action == "step" else None
    wanted, served = reconcile(ramp, generation=at)
    said = f"config version {served.config_version} serves {served.traffic}: {wanted.cause}"
    context.log.info(said)
    facts = {
        "cause": wanted.cause,
        "config_version": served.config_version,
        "traffic": served.traffic,
    }
    heads = {EXPERIMENTS: experiments_head, ENDPOINT_CONFIG: configs_head}
    for key, head in heads.items():
        yield dg.MaterializeResult(
            asset_key=dg.AssetKey(key),
            metadata=table_metadata(ramp.tables, key)
            | facts
            | {CHAIN_HEAD: str(head(ramp.tables))},
        )
