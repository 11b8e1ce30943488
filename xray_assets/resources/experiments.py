"""Opening, stepping and ending experiments: the changes that a run of `gold/endpoint_config` makes.

What a step is, is decided in `rollout/`; here it is read, applied and saved. Serving and aliases
are carried out by the asset, from the saved state.
"""

from datetime import UTC, datetime
from typing import Literal

import dagster as dg

from xray_assets.resources.control import RolloutControl
from xray_assets.resources.registry import Registry
from xray_assets.rollout.approval import approved_step
from xray_assets.rollout.experiment import (
    CLOSED,
    PROMOTED,
    ROLLED_BACK,
    Approval,
    Candidate,
    Experiment,
    ExperimentError,
)
from xray_assets.rollout.reconcile import Step, apply_step, next_step


class EndpointChange(dg.Config):
    """What a run of `gold/endpoint_config` is asked to do.

    reassert: carry out the wanted state as it is. step: also take the reconciler's next step, if
    the experiment still stands at `from_stage`. approve: a person approves the recommended step of
    `experiment_id` at `from_stage`. rollback: all traffic back to the champion, after a promotion
    to the previous one; with `to_previous` also where other experiments came after the promotion.
    close: a person ends the experiment. open: a person opens one. `by` and `reason` are kept with
    the experiment.
    """

    action: Literal["reassert", "step", "approve", "rollback", "close", "open"] = "reassert"
    to_previous: bool = False
    experiment_id: str = ""
    from_stage: int | None = None
    by: str = "dagster"
    reason: str = ""
    model: str = ""
    version: int = 0


def changed_experiment(
    change: EndpointChange, control: RolloutControl, registry: Registry
) -> Experiment | None:
    """The experiment after the asked change, saved; None where there never was one and there is
    nothing to compare. Raises ExperimentError where the change cannot be made.
    """
    experiment = control.experiment()
    if change.action == "open":
        changed = _opened(change, control, registry, experiment)
    elif experiment is None:
        if change.action not in ("reassert", "step"):
            raise ExperimentError(
                f"{change.action}: there is no experiment yet; `xray materialize` opens the first"
            )
        changed = _opened(change, control, registry, experiment)
    elif change.to_previous and experiment.state != PROMOTED:
        changed = _restored(experiment, change, control)
    elif change.action in ("rollback", "close"):
        changed = _ended(experiment, change)
    else:
        step = _step(change, control, experiment)
        changed = apply_step(experiment, step, now=datetime.now(UTC), by=change.by)
    if changed is not None and changed != experiment:
        control.save(changed)
    return changed


def present_champion(control: RolloutControl, registry: Registry) -> Candidate:
    """Who is champion now. Raises as `sole_champion`."""
    last = control.experiment()
    return last.winner if last else sole_champion(control, registry)


def sole_champion(control: RolloutControl, registry: Registry) -> Candidate:
    """The model that serves while there is no experiment; Keras before PyTorch. Raises
    ExperimentError when nothing is registered.
    """
    for name in control.model_names:
        if champion := _latest(registry, name):
            return champion
    raise ExperimentError("no registered model: materialize the classifiers first")


def _opened(
    change: EndpointChange, control: RolloutControl, registry: Registry, last: Experiment | None
) -> Experiment | None:
    """The first experiment (Keras champion, PyTorch challenger) or the next one; a person opens
    that.
    """
    from xray_assets.promotion import PromotionRule

    if last is not None and not last.is_settled:
        raise ExperimentError(
            f"experiment {last.experiment_id} is {last.state}: end it with `xray experiment close`"
        )
    if change.action == "open":
        champion = present_champion(control, registry)
        challenger = verified_candidate(registry, change.model, change.version)
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
    return experiment.ended(state, now=datetime.now(UTC), by=change.by, cause=cause)


def _restored(
    experiment: Experiment, change: EndpointChange, control: RolloutControl
) -> Experiment:
    """An experiment of its own, ended as it is opened, that gives all traffic to the champion
    before the last promotion. A second time there is nothing to go back to.
    """
    promotion, now = control.last_promotion(), datetime.now(UTC)
    present = experiment.winner
    if promotion is None or promotion.challenger != present:
        raise ExperimentError(
            f"nothing to go back to: {present.served_name} is not the last promoted model"
        )
    cause = f"rollback to the previous champion by {change.by}: {change.reason}"
    if experiment.is_running:
        ended = experiment.ended(ROLLED_BACK, now=now, by=change.by, cause=cause)
        control.save(ended.settled(now=now))  # what it leaves open is carried out with the next row
    return Experiment.open(
        promotion.champion,
        present,
        rule_hash=experiment.rule_hash,
        starting_share=0,
        now=now,
        by=change.by,
        cause=cause,
    ).ended(ROLLED_BACK, now=now, by=change.by, cause=cause)


def _step(change: EndpointChange, control: RolloutControl, experiment: Experiment) -> Step:
    if change.action == "approve":
        return _approved(change, control, experiment)
    if change.action == "reassert" or change.from_stage not in (None, experiment.stage):
        return Step("reassert", experiment.stage, experiment.cause)
    return next_step(control.observe(experiment), control.policy)


def _approved(change: EndpointChange, control: RolloutControl, experiment: Experiment) -> Step:
    """The approved step. An approval is of what the person saw, so that a run that is late or done
    again approves nothing else.
    """
    approved, present = (
        (change.experiment_id, change.from_stage),
        (experiment.experiment_id, experiment.stage),
    )
    if approved != present:
        raise ExperimentError(
            f"the approval is of experiment {approved[0] or 'unknown'} at stage {approved[1]}, now "
            f"{present[0]} stands at {present[1]}: look again with `xray promote`"
        )
    approval = Approval(change.by.strip(), change.reason.strip(), datetime.now(UTC))
    return approved_step(control.observe(experiment), control.policy, approval)


def _latest(registry: Registry, model: str) -> Candidate | None:
    found = registry.latest(model)
    return verified_candidate(registry, model, found.version) if found else None


def verified_candidate(registry: Registry, model: str, version: int) -> Candidate:
    """A registered version as a candidate. Its artifact is fetched and verified: what an experiment
    freezes is what was seen, and the local endpoint finds it in the cache.
    """
    artifact = registry.fetch(model, version)
    return Candidate(model, version, artifact.sha256, artifact.threshold)
