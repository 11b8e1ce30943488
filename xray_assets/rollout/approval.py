"""What a person's approval leads to in `recommend` mode: the step, or the first of two words."""

from dataclasses import replace

from xray_assets.rollout.experiment import ExperimentError
from xray_assets.rollout.reconcile import Observation, RampPolicy, Step, next_step
from xray_assets.rollout.word import Approval


def approved_step(seen: Observation, policy: RampPolicy, approval: Approval) -> Step:
    """The recommended step, taken by a person; with two approvers, the first approval is kept and
    the second one takes the step.

    Raises ExperimentError when there is nothing to approve, without a name or a reason, and when
    the same person approves twice; the message says what to do.
    """
    if not approval.by.strip():
        raise ExperimentError("an approval needs a name: add --by NAME")
    if not approval.reason.strip():
        raise ExperimentError('an approval needs a reason: add --reason "..."')
    if policy.mode == "auto":
        raise ExperimentError(
            "nothing to approve: steps are taken without approval (XRAY_PROMOTION=auto); "
            "set XRAY_PROMOTION=recommend where the stack runs to decide them"
        )
    step = next_step(seen, replace(policy, mode="auto"))
    if step.kind != "advance":
        raise ExperimentError(f"nothing to approve: {step.cause}")
    first = seen.standing_approval
    if policy.approvers == 1:
        return _taken(step, approval)
    if first is None:
        return Step("approve", seen.experiment.stage, step.cause, approval=approval)
    if first.is_by(approval):
        raise ExperimentError(
            f"{first.by} approved this step already, at {first.at:%Y-%m-%d %H:%M} UTC: another "
            "person must approve it too"
        )
    return _taken(step, first, approval)


def _taken(step: Step, *approvals: Approval) -> Step:
    said = ", ".join(f"approved by {one.by}: {one.reason}" for one in approvals)
    return replace(step, cause=f"{step.cause}, {said}", by=" and ".join(a.by for a in approvals))
