"""The reconciler: from what is wanted, decided, served and observed to the one next step.

Level-triggered and idempotent: it looks only at states, never at events, so a tick that is lost,
doubled or late changes nothing. `next_step` says what to do; `apply_step` is the experiment after
it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from xray_assets.rollout.experiment import INCONCLUSIVE, ROLLED_BACK, Experiment

Kind = Literal["hold", "reassert", "advance", "roll_back", "give_up"]


@dataclass(frozen=True)
class RampPolicy:
    """How a challenger is ramped. Shares in percent; `approve` is a person's approval of the
    present stage's step.
    """

    ramp: tuple[int, ...] = (50, 70, 90, 100)
    dwell: timedelta = timedelta(hours=1)
    dwell_requests: int = 200
    max_age: timedelta = timedelta(days=90)
    mode: Literal["auto", "recommend"] = "auto"


@dataclass(frozen=True)
class Observation:
    """Everything the reconciler looks at.

    served: share in percent by served name at the endpoint, None when it serves nothing;
    served_experiment: the experiment id in its config. verdict, reasons: the last decision of this
    experiment, None before the first. requests: answered since the stage was entered. red: the red
    guards.
    """

    experiment: Experiment
    served: dict[str, int] | None
    served_experiment: str | None
    verdict: str | None
    reasons: tuple[str, ...]
    decision_id: str | None
    requests: int
    red: tuple[str, ...]
    now: datetime


@dataclass(frozen=True)
class Step:
    """What to do next, and why. `stage` is the challenger's share after it."""

    kind: Kind
    stage: int
    cause: str

    @property
    def is_change(self) -> bool:
        """True when something must be done."""
        return self.kind != "hold"


def next_step(seen: Observation, policy: RampPolicy, *, approved_by: str | None = None) -> Step:
    """The next step; `approved_by` names the person who applies a recommended promotion step."""
    experiment = seen.experiment
    stage = experiment.stage
    if not experiment.is_running:
        if experiment.is_settled and _serves_wanted(seen):
            return Step(
                "hold", stage, f"experiment {experiment.experiment_id} is {experiment.state}"
            )
        return Step("reassert", stage, f"carry out {experiment.state}: {experiment.cause}")
    if seen.verdict == "ROLLBACK":
        return Step(
            "roll_back", 0, f"ROLLBACK by decision {seen.decision_id}: {'; '.join(seen.reasons)}"
        )
    if seen.red and stage > 0:
        return Step("roll_back", 0, "red guard: " + "; ".join(seen.red))
    if any(reason.startswith("inconclusive") for reason in seen.reasons):
        return Step("give_up", 0, f"inconclusive by decision {seen.decision_id}: {seen.reasons[0]}")
    if seen.now - experiment.opened_at > policy.max_age:
        return Step("give_up", 0, f"inconclusive: open for more than {policy.max_age.days} days")
    if not _serves_wanted(seen):
        return Step(
            "reassert",
            stage,
            f"the endpoint serves {seen.served}, wanted is {experiment.wanted_traffic()}",
        )
    return _ramp_step(seen, policy, approved_by)


def apply_step(experiment: Experiment, step: Step, *, now: datetime) -> Experiment:
    """The experiment after a step."""
    if step.kind == "advance":
        return experiment.ramped_to(step.stage, now=now, cause=step.cause)
    if step.kind == "roll_back":
        return experiment.ended(ROLLED_BACK, now=now, cause=step.cause)
    if step.kind == "give_up":
        return experiment.ended(INCONCLUSIVE, now=now, cause=step.cause)
    return experiment


def _ramp_step(seen: Observation, policy: RampPolicy, approved_by: str | None) -> Step:
    experiment = seen.experiment
    stage = experiment.stage
    if seen.verdict != "PROMOTE":
        return Step("hold", stage, f"verdict {seen.verdict or 'pending'} at stage {stage}")
    after = next(share for share in policy.ramp if share > stage)
    dwelt = seen.now - experiment.stage_since
    if dwelt < policy.dwell:
        return Step(
            "hold",
            stage,
            (
                f"stage {stage} for {dwelt.total_seconds():.0f} of "
                f"{policy.dwell.total_seconds():.0f} "
                "s"
            ),
        )
    if seen.requests < policy.dwell_requests:
        return Step(
            "hold", stage, f"stage {stage} saw {seen.requests} of {policy.dwell_requests} requests"
        )
    cause = f"PROMOTE by decision {seen.decision_id}: {stage} -> {after}"
    if policy.mode == "recommend":
        if approved_by is None:
            return Step("hold", stage, f"recommended: {cause}; apply with `xray promote --approve`")
        cause += f", approved by {approved_by}"
    return Step("advance", after, cause)


def _serves_wanted(seen: Observation) -> bool:
    experiment = seen.experiment
    if experiment.is_running and seen.served_experiment != experiment.experiment_id:
        return False
    served = {
        name: share for name, share in (seen.served or {}).items() if share or experiment.is_running
    }
    return served == experiment.wanted_traffic()
