"""From a person's word to traffic: observe -> decide -> save -> serve -> record.

In the process that asks: without Dagster's queue, pools or daemon. Who may ask is decided before,
by `web/accounts`. What a run does by itself is in `tick`.

`seen` is the generation of gold.experiments that the person looked at when they decided: where it
has gone on, their word is not said (StaleWrite). None: it is said of whatever stands now.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from xray_assets import clock
from xray_assets.errors import StaleWrite
from xray_assets.rollout import changes
from xray_assets.rollout.approval import approved_step
from xray_assets.rollout.candidates import present_champion, verified_candidate
from xray_assets.rollout.carry_out import serve, settle, wanted_of
from xray_assets.rollout.changes import Changed
from xray_assets.rollout.experiment import Experiment, ExperimentError
from xray_assets.rollout.observe import observe
from xray_assets.rollout.reconcile import apply_step
from xray_assets.rollout.served import (
    EndpointMismatch,
    EndpointUnreachable,
    ServedConfig,
    StaleGeneration,
    Wanted,
)
from xray_assets.rollout.state import State, read_state, save, waiting
from xray_assets.rollout.tick import RECONCILER, opened
from xray_assets.rollout.word import Approval

if TYPE_CHECKING:  # Dagster comes with it
    from xray_assets.resources.ramp import Ramp

SAVE_ATTEMPTS = 5
"""Of a person's word, while runs save in between."""


@dataclass(frozen=True)
class Outcome:
    """What came of an act: the wanted state, what serves it, or why that is not yet so; and what is
    left to the reconciler although it is served.
    """

    wanted: Wanted
    experiment: Experiment | None
    served: ServedConfig | None = None
    not_served: str = ""
    left: str = ""


def roll_back(
    ramp: "Ramp", *, by: str, reason: str, to_previous: bool = False, seen: int | None = None
) -> Outcome:
    """All traffic to the champion; with `to_previous` to the one before the last promotion,
    whatever came after it. Said again it carries out what still waits.
    """
    change = changes.restored if to_previous else changes.rolled_back
    return _said(ramp, lambda state: change(state, now=clock.now(), by=by, reason=reason), seen)


def close(ramp: "Ramp", *, by: str, reason: str, seen: int | None = None) -> Outcome:
    """End the running experiment; its champion serves everything."""
    return _said(
        ramp, lambda state: changes.closed(state, now=clock.now(), by=by, reason=reason), seen
    )


def set_share(
    ramp: "Ramp", share: int, *, by: str, reason: str, seen: int | None = None
) -> Outcome:
    """The challenger's share of the traffic, by hand; never above what evidence allowed so far."""

    def change(state: State) -> Changed:
        return changes.share_set(state, share, now=clock.now(), by=by, reason=reason)

    return _said(ramp, change, seen)


def withdraw(ramp: "Ramp", *, by: str, reason: str, seen: int | None = None) -> Outcome:
    """Take back a person's last word that is not served yet."""

    def change(state: State) -> Changed:
        return changes.withdrawn(
            state,
            serves_wanted=_serves_wanted(ramp, state),
            now=clock.now(),
            by=by,
            reason=reason,
        )

    return _said(ramp, change, seen)


def open_experiment(
    ramp: "Ramp", model: str, version: int, *, by: str, reason: str, seen: int | None = None
) -> Outcome:
    """Open an experiment of the present champion against a registered version."""
    challenger = verified_candidate(ramp.registry, model, version)

    def change(state: State) -> Changed:
        champion = present_champion(
            state.last and state.last.winner, ramp.registry, ramp.model_names
        )
        (made,) = opened(ramp, state, champion, challenger, by, reason)
        return (made.withdrawable(None),)

    return _said(ramp, change, seen)


def approve(
    ramp: "Ramp",
    *,
    experiment_id: str,
    stage: int,
    by: str,
    reason: str,
    named: bool,
    seen: int | None = None,
) -> Outcome:
    """A person approves the step that they saw recommended, of that experiment at that stage.

    named: an account's token said who it is, which two approvers must have.
    """
    if ramp.policy.approvers > 1 and not named:
        raise ExperimentError(
            "where two people must approve, each says it with the token of an account of their "
            "own: `xray user add NAME --role approver` and `xray user token NAME`, then "
            "--token-file or XRAY_TOKEN"
        )

    def change(state: State) -> Changed:
        last = state.last
        if last is None or (last.experiment_id, last.stage) != (experiment_id, stage):
            now = f"{last.experiment_id} stands at {last.stage}" if last else "there is none"
            raise ExperimentError(
                f"the approval is of experiment {experiment_id} at stage {stage}, now {now}: look "
                "again with `xray promote`"
            )
        approval = Approval(by.strip(), reason.strip(), clock.now())
        step = approved_step(observe(ramp, last), ramp.policy, approval)
        after = apply_step(last, step, now=clock.now(), by=by)
        return (after.withdrawable(last) if step.kind == "advance" else after,)

    return _said(ramp, change, seen)


def _said(ramp: "Ramp", change: Callable[[State], Changed], seen: int | None) -> Outcome:
    """A person's word, saved and carried out; decided anew where a run saved in between."""
    for attempt in range(SAVE_ATTEMPTS):
        state = read_state(ramp.tables)
        if seen not in (None, state.generation):
            raise StaleWrite(f"this has changed since you looked, nothing was done: {state}")
        try:
            if changed := change(state):
                state = save(ramp.tables, changed, seen=state.generation)
            break
        except StaleWrite:
            if attempt == SAVE_ATTEMPTS - 1:
                raise
    for _ in range(SAVE_ATTEMPTS):
        outcome = Outcome(wanted_of(ramp, state, RECONCILER), state.last)
        try:
            return _carried_out(ramp, outcome)
        except (StaleGeneration, StaleWrite):  # a run was first: carry out what stands now
            state = read_state(ramp.tables)
    return replace(outcome, not_served="runs keep changing what is wanted")


def _carried_out(ramp: "Ramp", outcome: Outcome) -> Outcome:
    """Raises StaleGeneration and StaleWrite where the state has gone on."""
    try:
        outcome = replace(outcome, served=serve(ramp, outcome.wanted))
    except (EndpointUnreachable, EndpointMismatch, TimeoutError) as error:
        return replace(outcome, not_served=str(error))
    try:
        settle(ramp, outcome.wanted, outcome.experiment)
    except (StaleGeneration, StaleWrite):
        raise
    except Exception as error:  # whatever the registry's: it is served, the reconciler goes on
        return replace(outcome, left=f"{type(error).__name__}: {error}")
    return outcome


def _serves_wanted(ramp: "Ramp", state: State) -> bool:
    """Whether the wanted state is served; where nothing answers, whether it was seen to be."""
    if state.last is None:
        return False
    wanted = Wanted.by(state.last, generation=state.generation)
    try:
        served = ramp.serving.served()
    except EndpointUnreachable:
        return not waiting(ramp.tables)
    return served is not None and served.is_of(wanted.entities, wanted.experiment_id)
