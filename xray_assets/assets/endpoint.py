"""Gold, part one: experiments, and what the endpoint serves.

The order of writes is what makes a crash harmless: first the wanted state, then the endpoint, then
the record, then the aliases, and last the mark that all of it is done. A config that is served but
not recorded is recorded before it is changed, so that no traffic is ever under an unknown split.
Steps of the ramp are decided in `rollout/reconcile.py`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from xray_assets.assets.entries import spec
from xray_assets.catalog import (
    CHAMPION,
    ENDPOINT_CONFIG,
    EXPERIMENTS,
    FAMILIES,
)
from xray_assets.checks.table_metadata import table_metadata
from xray_assets.resources.control import RolloutControl, wanted_entities
from xray_assets.resources.endpoint import ServedEntity
from xray_assets.resources.experiments import EndpointChange, changed_experiment, sole_champion
from xray_assets.resources.registry import Registry


@dg.multi_asset(
    name="endpoint_config",
    specs=[
        spec(EXPERIMENTS, deps=[family.model for family in FAMILIES.values()]),
        spec(ENDPOINT_CONFIG, deps=[EXPERIMENTS]),
    ],
    pool="gold",
)
def endpoint_config(
    context: dg.AssetExecutionContext,
    config: EndpointChange,
    control: RolloutControl,
    registry: Registry,
) -> Iterator[dg.MaterializeResult]:
    """Carry out what the experiment wants: traffic, record, aliases."""
    experiment = changed_experiment(config, control, registry)
    if experiment is None:
        champion = sole_champion(control, registry)
        by = config.by
        cause = "one model only, or the same artifact twice: the champion serves everything"
        entities = [ServedEntity.of(champion, CHAMPION, 100)]
        aliases = {CHAMPION: (champion.model, champion.version)}
    else:
        by, cause = experiment.decided_by, experiment.cause
        entities = wanted_entities(experiment)
        aliases = experiment.wanted_aliases()
    live_id = experiment.experiment_id if experiment and experiment.is_running else None
    found = control.serving.served()
    if found and not found.is_of(entities, live_id) and not control.is_recorded(found):
        control.record(found, decided_by="unknown", cause="found at the endpoint, then replaced")
    served = control.serving.ensure(entities, experiment_id=live_id)
    if not control.is_recorded(served):
        control.record(served, decided_by=by, cause=cause)
    registry.reconcile_aliases(aliases, control.model_names)
    if experiment and not experiment.is_running and not experiment.is_settled:
        control.save(experiment.settled(now=datetime.now(UTC)))
    context.log.info(f"config version {served.config_version} serves {served.traffic}: {cause}")
    facts = {"cause": cause, "config_version": served.config_version, "traffic": served.traffic}
    for key in (EXPERIMENTS, ENDPOINT_CONFIG):
        yield dg.MaterializeResult(
            asset_key=dg.AssetKey(key), metadata=table_metadata(control.tables, key) | facts
        )
