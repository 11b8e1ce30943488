"""From the saved wanted state to traffic: serve -> record -> aliases -> settle.

The order of writes is what makes a crash harmless: the wanted state was saved before; then the
endpoint, the record, the aliases, and last the mark that all of it is done. A config that is served
but not recorded is recorded before it is changed, so that no traffic is ever under an unknown
split. Whoever holds an older generation than the stored one does none of it.
"""

from typing import TYPE_CHECKING

from xray_assets import clock
from xray_assets.rollout.candidates import sole_champion
from xray_assets.rollout.experiment import Experiment
from xray_assets.rollout.served import ServedConfig, StaleGeneration, Wanted
from xray_assets.rollout.state import State, is_recorded, read_state, record, save

if TYPE_CHECKING:  # Dagster comes with it
    from xray_assets.resources.ramp import Ramp


def wanted_of(ramp: "Ramp", state: State, by: str) -> Wanted:
    """What a state wants; before the first experiment, one model alone, wanted by `by`."""
    if state.last:
        return Wanted.by(state.last, generation=state.generation)
    champion = sole_champion(ramp.registry, ramp.model_names)
    return Wanted.alone(champion, generation=state.generation, by=by)


def serve(ramp: "Ramp", wanted: Wanted) -> ServedConfig:
    """Make the endpoint serve what is wanted, and record it.

    Raises StaleGeneration when the state or the endpoint has gone on, EndpointUnreachable,
    EndpointMismatch and TimeoutError when the endpoint does not do it.
    """
    found = ramp.serving.served()
    _demand_newest(ramp, wanted)
    if found and found.generation > wanted.generation:
        raise StaleGeneration(
            f"the endpoint serves generation {found.generation}, gold.experiments is at "
            f"{wanted.generation}: were the tables restored from an older backup? `xray experiment "
            "show` tells what is wanted"
        )
    is_wanted = found is None or found.is_of(wanted.entities, wanted.experiment_id)
    if found and not is_wanted and not is_recorded(ramp.tables, found):
        cause = "found at the endpoint, then replaced"
        record(ramp.tables, found, decided_by="unknown", cause=cause)
    served = ramp.serving.ensure(
        wanted.entities, experiment_id=wanted.experiment_id, generation=wanted.generation
    )
    if not is_recorded(ramp.tables, served):
        record(
            ramp.tables,
            served,
            decided_by=wanted.decided_by,
            cause=wanted.cause,
            decision_id=wanted.decision_id,
            endpoint_name=ramp.serving.endpoint_name,
        )
    return served


def settle(ramp: "Ramp", wanted: Wanted, experiment: Experiment | None) -> None:
    """What follows once it is served: the registry's aliases, and the mark of an ended experiment.

    Raises StaleGeneration and StaleWrite when the state has gone on.
    """
    _demand_newest(ramp, wanted)
    ramp.registry.reconcile_aliases(wanted.aliases, ramp.registered_models)
    if experiment and not experiment.is_running and not experiment.is_settled:
        settled = experiment.settled(now=clock.now())
        save(ramp.tables, [settled], seen=wanted.generation)


def _demand_newest(ramp: "Ramp", wanted: Wanted) -> None:
    stored = read_state(ramp.tables).generation
    if stored != wanted.generation:
        raise StaleGeneration(
            f"gold.experiments is at generation {stored}, this run holds {wanted.generation}: "
            "somebody decided otherwise meanwhile, and this run serves nothing"
        )
