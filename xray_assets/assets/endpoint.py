"""Gold, part one: experiments, and what the endpoint serves.

Steps of the ramp are decided in `rollout/reconcile.py` and carried out by `rollout/carry_out.py`.
A launch from the UI can only ask for what a decision or an authenticated row wants already; what
people decide comes from `xray rollback | promote | experiment`.

Before anything was ever served nobody misses an endpoint that does not answer: the first experiment
is opened and waits for it. Later that is a failure.
"""

from collections.abc import Iterator
from typing import Any, Literal

import dagster as dg

from xray_assets.assets.entries import spec
from xray_assets.audit.coverage import CHAIN_HEAD, configs_head, experiments_head
from xray_assets.catalog import ENDPOINT_CONFIG, EXPERIMENTS, FAMILIES
from xray_assets.checks.table_metadata import table_metadata
from xray_assets.resources.ramp import Ramp
from xray_assets.rollout.served import EndpointUnreachable
from xray_assets.rollout.state import first_one_waits
from xray_assets.rollout.tick import reconcile


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
    facts = _carry_out(context, ramp, at)
    heads = {EXPERIMENTS: experiments_head, ENDPOINT_CONFIG: configs_head}
    for key, head in heads.items():
        yield dg.MaterializeResult(
            asset_key=dg.AssetKey(key),
            metadata=table_metadata(ramp.tables, key)
            | facts
            | {CHAIN_HEAD: str(head(ramp.tables))},
        )


def _carry_out(
    context: dg.AssetExecutionContext, ramp: Ramp, generation: int | None
) -> dict[str, Any]:
    """What came of it. Raises what `reconcile` raises, EndpointUnreachable only once anything was
    served.
    """
    try:
        wanted, served = reconcile(ramp, generation=generation)
    except EndpointUnreachable as error:
        if not first_one_waits(ramp.tables):
            raise
        context.log.warning(f"nothing is served yet: {error}")
        return {"not_served_yet": f"{error}; then the sensor promotion_decided carries it out"}
    version, traffic = served.config_version, served.traffic
    context.log.info(f"config version {version} serves {traffic}: {wanted.cause}")
    return {"cause": wanted.cause, "config_version": version, "traffic": traffic}
