"""Opening, stepping and ending experiments: the changes that a run of `gold/endpoint_config` makes.

What a step is, is decided in `rollout/`; here it is read, applied and saved. Serving and aliases
are carried out by the asset, from the saved state.
"""

from datetime import UTC, datetime
from typing import Literal

import dagster as dg

from xray_assets.resources.control import RolloutControl
from xray_assets.resources.registry import Registry
from xray_assets.rollout.experiment import CLOSED, PROMOTED, ROLLED_BACK, Candidate, Experiment
from xray_assets.rollout.reconcile import Step, apply_step, next_step


class EndpointChange(dg.Config):
    """What a run of `gold/endpoint_config` is asked to do.

    reassert: carry out the wanted state as it is. step: also take the reconciler's next step, if
    the experiment still stands at `from_stage`. approve: as step, by a person. rollback: all
    traffic back to the champion, after a promotion to the previous one. close: a person ends the
    experiment. open: a person opens one.
    """

    action: Literal["reassert", "step", "approve", "rollback", "close", "open"] = "reassert"
    from_stage: int | None = None
    by: str = "dagster"
    reason: str = ""
    model: str = ""
    version: int = 0


def changed_experiment(
    change: EndpointChange, control: RolloutControl, registry: Registry
) -> Experiment | None:
    """The experiment after the asked change, saved; None where there never was one and there is
    nothing to compare. Raises Failure or ExperimentError where the change cannot be made.
    """
    experiment = control.experiment()
    if experiment is None or change.action == "open":
        changed = _opened(change, control, registry, experiment)
    elif change.action in ("rollback", "close"):
        changed = _ended(experiment, change)
    else:
        changed = apply_step(experiment, _step(change, control, experiment), now=datetime.now(UTC))
    if changed is not None and changed != experiment:
        control.save(changed)
    return changed


def sole_champion(control: RolloutControl, registry: Registry) -> Candidate:
    """The model that serves while there is no experiment; Keras before PyTorch. Raises Failure when
    nothing is registered.
    """
    for name in control.model_names:
        if champion := _latest(registry, name):
            return champion
    raise dg.Failure("no registered model: materialize the classifiers first")


def _opened(
    change: EndpointChange, control: RolloutControl, registry: Registry, last: Experiment | None
) -> Experiment | None:
    """The first experiment (Keras champion, PyTorch challenger) or the next one; a person opens
    that.
    """
    from xray_assets.statistics.promotion import PromotionRule

    if last is not None and not last.is_settled:
        raise dg.Failure(
            f"experiment {last.experiment_id} is {last.state}: end it with `xray experiment close`"
        )
    if change.action == "open":
        champion = last.winner if last else sole_champion(control, registry)
        challenger = _verified(registry, change.model, change.version)
    else:
        champion, challenger = (_latest(registry, name) for name in control.model_names)
        if champion is None or challenger is None:
            return None
        if champion.artifact_sha256 == challenger.artifact_sha256:
            return None
    return Experiment.open(
        champion,
        challenger,
        rule_hash=PromotionRule().sha256,
        starting_share=control.starting_share,
        now=datetime.now(UTC),
        by=change.by,
        cause=change.reason or f"{challenger.served_name} challenges {champion.served_name}",
    )


def _ended(experiment: Experiment, change: EndpointChange) -> Experiment:
    """The experiment ended by a person; unchanged where its champion serves everything already."""
    if not experiment.is_running and (experiment.state != PROMOTED or change.action == "close"):
        return experiment
    state = ROLLED_BACK if change.action == "rollback" else CLOSED
    cause = f"{change.action} by {change.by}: {change.reason}"
    return experiment.ended(state, now=datetime.now(UTC), cause=cause)


def _step(change: EndpointChange, control: RolloutControl, experiment: Experiment) -> Step:
    if change.action == "reassert" or change.from_stage not in (None, experiment.stage):
        return Step("reassert", experiment.stage, experiment.cause)
    approved_by = change.by if change.action == "approve" else None
    return next_step(control.observe(experiment), control.policy, approved_by=approved_by)


def _latest(registry: Registry, model: str) -> Candidate | None:
    found = registry.latest(model)
    return _verified(registry, model, found.version) if found else None


def _verified(registry: Registry, model: str, version: int) -> Candidate:
    """A registered version as a candidate. Its artifact is fetched and verified: what an experiment
    freezes is what was seen, and the local endpoint finds it in the cache.
    """
    artifact = registry.fetch(model, version)
    return Candidate(model, version, artifact.sha256, artifact.threshold)
