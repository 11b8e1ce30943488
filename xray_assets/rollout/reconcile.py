"""The reconciler: from what is wanted, decided, served and observed to the one next step.

Level-triggered and idempotent: it looks only at states, never at events, so a tick that is lost,
doubled or late changes nothing. `next_step` says what to do; `apply_step` is the experiment after
it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from xray_assets import reasons
from xray_assets.reasons import Reason, codes_of
from xray_assets.rollout.experiment import INCONCLUSIVE, ROLLED_BACK, Experiment
from xray_assets.rollout.word import Approval

Kind = Literal["hold", "reassert", "approve", "advance", "roll_back", "give_up"]


@dataclass(frozen=True)
class RampPolicy:
    """How a challenger is ramped. Shares in percent; `approvers` is how many different people must
    approve a step in `recommend` mode.
    """

    ramp: tuple[int, ...] = (50, 70, 90, 100)
    dwell: timedelta = timedelta(hours=1)
    dwell_requests: int = 200
    max_age: timedelta = timedelta(days=90)
    mode: Literal["auto", "recommend"] = "auto"
    approvers: int = 1


@dataclass(frozen=True)
class Observation:
    """Everything the reconciler looks at.

    served: share in percent by served name at the endpoint, None when it serves nothing, or
    something that is not in the record; served_experiment: the experiment id in its config.
    verdict, reasons: the last decision of this experiment, None before the first; verdict_since:
    the first decision of the unbroken row of such verdicts that ends there. requests: answered
    since the stage was entered. red: the red guards. holds: what keeps the stage from rising.
    """

    experiment: Experiment
    served: dict[str, int] | None
    served_experiment: str | None
    verdict: str | None
    reasons: tuple[Reason, ...]
    decision_id: str | None
    requests: int
    red: tuple[Reason, ...]
    now: datetime
    verdict_since: datetime | None = None
    holds: tuple[Reason, ...] = ()

    @property
    def standing_approval(self) -> Approval | None:
        """The first approval of the present stage's step, unless PROMOTE has lapsed since."""
        approval, since = self.experiment.approval, self.verdict_since
        if approval is None or since is None or self.verdict != "PROMOTE":
            return None
        return approval if approval.at >= since else None


@dataclass(frozen=True)
class Step:
    """What to do next, and why. `stage` is the challenger's share after it; `by` are the people who
    approved it; `approval` is the one that an `approve` step keeps. `decision_id`: the decision
    that it follows, if it follows one.
    """

    kind: Kind
    stage: int
    cause: str
    by: str = ""
    approval: Approval | None = None
    decision_id: str | None = None

    @property
    def is_change(self) -> bool:
        """True when something must be done."""
        return self.kind != "hold"


def next_step(seen: Observation, policy: RampPolicy) -> Step:
    """The next step without a person's word; `approval.approved_step` is the one with it."""
    experiment = seen.experiment
    stage = experiment.stage
    if not experiment.is_running:
        if experiment.is_settled and _serves_wanted(seen):
            return Step(
                "hold", stage, f"experiment {experiment.experiment_id} is {experiment.state}"
            )
        return Step("reassert", stage, f"carry out {experiment.state}: {experiment.cause}")
    if seen.verdict == "ROLLBACK":
        cause = f"ROLLBACK by decision {seen.decision_id}: {_said(seen.reasons)}"
        return Step("roll_back", 0, cause, decision_id=seen.decision_id)
    if seen.red and stage > 0:
        return Step("roll_back", 0, "red guard: " + _said(seen.red))
    if reasons.INCONCLUSIVE in codes_of(seen.reasons):
        cause = f"inconclusive by decision {seen.decision_id}: {_said(seen.reasons)}"
        return Step("give_up", 0, cause, decision_id=seen.decision_id)
    if seen.now - experiment.opened_at > policy.max_age:
        return Step("give_up", 0, f"inconclusive: open for more than {policy.max_age.days} days")
    if not _serves_wanted(seen):
        return Step(
            "reassert",
            stage,
            f"the endpoint serves {seen.served}, wanted is {experiment.wanted_traffic()}",
        )
    return _ramp_step(seen, policy)


def apply_step(experiment: Experiment, step: Step, *, now: datetime, by: str) -> Experiment:
    """The experiment after a step that `by` takes, unless the step names who approved it."""
    how: Any = {
        "now": now,
        "by": step.by or by,
        "cause": step.cause,
        "decision_id": step.decision_id,
    }
    if step.kind == "approve" and step.approval:
        return experiment.approved(step.approval)
    if step.kind == "advance":
        return experiment.ramped_to(step.stage, **how)
    if step.kind == "roll_back":
        return experiment.ended(ROLLED_BACK, **how)
    if step.kind == "give_up":
        return experiment.ended(INCONCLUSIVE, **how)
    return experiment


def _ramp_step(seen: Observation, policy: RampPolicy) -> Step:
    experiment = seen.experiment
    stage = experiment.stage
    if seen.red:  # only a shadow comes here: without traffic nothing has to go back
        return Step("hold", stage, "red guard in shadow: " + _said(seen.red))
    if seen.verdict != "PROMOTE":
        return Step("hold", stage, f"verdict {seen.verdict or 'pending'} at stage {stage}")
    if seen.holds:
        return Step("hold", stage, f"held at stage {stage}: " + _said(seen.holds))
    after = next(share for share in policy.ramp if share > stage)
    dwelt = seen.now - experiment.stage_since
    if dwelt < policy.dwell:
        passed, wanted = dwelt.total_seconds(), policy.dwell.total_seconds()
        return Step("hold", stage, f"stage {stage} for {passed:.0f} of {wanted:.0f} s")
    if seen.requests < policy.dwell_requests:
        return Step(
            "hold", stage, f"stage {stage} saw {seen.requests} of {policy.dwell_requests} requests"
        )
    cause = f"PROMOTE by decision {seen.decision_id}: {stage} -> {after}"
    if policy.mode == "recommend":
        first = seen.standing_approval if policy.approvers > 1 else None
        who = f"approved by {first.by}, a second person must" if first else "apply it"
        return Step("hold", stage, f"recommended: {cause}; {who} with `xray promote --approve`")
    return Step("advance", after, cause, decision_id=seen.decision_id)


def _said(reasons: tuple[Reason, ...]) -> str:
    return "; ".join(map(str, reasons))


def _serves_wanted(seen: Observation) -> bool:
    experiment = seen.experiment
    live = experiment.experiment_id if experiment.is_running else None
    return seen.served_experiment == live and seen.served == experiment.wanted_traffic()
