"""What a person may change: the rows of gold.experiments after a word, from the stored ones. Pure.

The step of the ramp that a person approves is in `approval`, the ones taken without a word are in
`reconcile`. Every refusal is an ExperimentError that says what to do.
"""

from dataclasses import replace
from datetime import datetime

from xray_assets.rollout.candidates import Candidate
from xray_assets.rollout.experiment import (
    CLOSED,
    PROMOTED,
    ROLLED_BACK,
    Experiment,
    ExperimentError,
)
from xray_assets.rollout.state import State

Changed = tuple[Experiment, ...]
"""Rows to be saved as one generation; none where nothing changes."""


def opened(
    state: State,
    champion: Candidate,
    challenger: Candidate,
    *,
    rule_hash: str,
    review_policy_hash: str,
    starting_share: int,
    now: datetime,
    by: str,
    reason: str = "",
) -> Changed:
    """A new experiment; at most one runs."""
    if state.last is not None and not state.last.is_settled:
        raise ExperimentError(
            f"experiment {state.last.experiment_id} is {state.last.state}"
            + (
                ": end it with `xray experiment close`"
                if state.last.is_running
                else " and that is not carried out yet: wait for it, `xray experiment show` tells"
            )
        )
    return (
        Experiment.open(
            champion,
            challenger,
            rule_hash=rule_hash,
            review_policy_hash=review_policy_hash,
            starting_share=starting_share,
            now=now,
            by=by,
            cause=reason or f"{challenger.served_name} challenges {champion.served_name}",
        ),
    )


def rolled_back(state: State, *, now: datetime, by: str, reason: str) -> Changed:
    """All traffic to the champion; after a promotion, to the previous one. Only the reason is added
    where the champion has all traffic already.
    """
    last = _last(state, "rollback")
    cause = f"rollback by {by}: {reason}"
    if not last.is_running and last.state != PROMOTED:
        return (replace(last, cause=f"{last.cause}; again {cause}"),)
    return (last.ended(ROLLED_BACK, now=now, by=by, cause=cause).withdrawable(last),)


def closed(state: State, *, now: datetime, by: str, reason: str) -> Changed:
    """The running experiment ended; none where it has ended already."""
    last = _last(state, "close")
    if not last.is_running:
        return ()
    cause = f"close by {by}: {reason}"
    return (last.ended(CLOSED, now=now, by=by, cause=cause).withdrawable(last),)


def share_set(state: State, share: int, *, now: datetime, by: str, reason: str) -> Changed:
    """The running experiment at another share; the ramp goes on from there."""
    last = _last(state, "set-share")
    cause = f"share set to {share} by {by}: {reason}"
    return (last.set_to(share, now=now, by=by, cause=cause).withdrawable(last),)


def restored(state: State, *, now: datetime, by: str, reason: str) -> Changed:
    """All traffic to the champion before the last promotion, whatever was opened since: what runs
    is ended, and an experiment of its own, ended as it is opened, says who serves. A second time
    there is nothing to go back to.
    """
    last = _last(state, "rollback")
    if last.state == PROMOTED:
        return rolled_back(state, now=now, by=by, reason=reason)
    promotion, present = state.last_promotion, last.winner
    if promotion is None or promotion.challenger != present:
        raise ExperimentError(
            f"nothing to go back to: {present.served_name} is not the last promoted model"
        )
    cause = f"rollback to the previous champion by {by}: {reason}"
    back = Experiment.open(
        promotion.champion,
        present,
        rule_hash=last.rule_hash,
        starting_share=0,
        now=now,
        by=by,
        cause=cause,
    ).ended(ROLLED_BACK, now=now, by=by, cause=cause)
    back = back.withdrawable(None)
    if not last.is_running:
        return (back,)
    ended = last.ended(ROLLED_BACK, now=now, by=by, cause=cause).settled(now=now)
    return (ended.withdrawable(last), back)


def withdrawn(state: State, *, serves_wanted: bool, now: datetime, by: str, reason: str) -> Changed:
    """A person's last word taken back, only while it is not served.

    Raises ExperimentError when it is served, and where the last change was no person's word.
    """
    last = _last(state, "withdraw")
    if serves_wanted:
        raise ExperimentError(f"nothing to withdraw: it is served already ({last.cause})")
    cause = f"withdrawn by {by}: {reason} (was: {last.cause})"
    return tuple(row.withdrawn(now=now, by=by, cause=cause) for row in state.of_last_save)


def _last(state: State, act: str) -> Experiment:
    if state.last is None:
        raise ExperimentError(
            f"{act}: there is no experiment yet; `xray materialize` opens the first"
        )
    return state.last
