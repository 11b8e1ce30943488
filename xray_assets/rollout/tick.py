"""What a run does by itself: from a verdict to traffic, and the opening of the first experiment."""

from typing import TYPE_CHECKING

from xray_assets import clock
from xray_assets.rollout import changes
from xray_assets.rollout.candidates import Candidate, latest_candidate
from xray_assets.rollout.carry_out import serve, settle, wanted_of
from xray_assets.rollout.changes import Changed
from xray_assets.rollout.observe import observe
from xray_assets.rollout.reconcile import apply_step, next_step
from xray_assets.rollout.served import ServedConfig, Wanted
from xray_assets.rollout.state import State, read_state, save

if TYPE_CHECKING:  # Dagster comes with it
    from xray_assets.resources.ramp import Ramp

RECONCILER = "reconciler"
"""Who takes the steps that need no person's word."""


def reconcile(
    ramp: "Ramp", *, generation: int | None, by: str = RECONCILER
) -> tuple[Wanted, ServedConfig]:
    """Carry out what is wanted; and take the reconciler's next step first, if `generation` is still
    that of the state. Opens the very first experiment. Returns what was wanted, and what serves it.

    Raises StaleGeneration and StaleWrite where another was first: nothing is served then.
    """
    state = read_state(ramp.tables)
    if state.last is None:
        state = open_first(ramp, state, by)
    elif generation == state.generation:
        step = next_step(observe(ramp, state.last), ramp.policy)
        changed = apply_step(state.last, step, now=clock.now(), by=by)
        if changed != state.last:
            state = save(ramp.tables, [changed], seen=state.generation)
    wanted = wanted_of(ramp, state, by)
    served = serve(ramp, wanted)
    settle(ramp, wanted, state.last)
    return wanted, served


def open_first(ramp: "Ramp", state: State, by: str) -> State:
    """The first experiment (Keras champion, PyTorch challenger), where both are registered and
    differ.
    """
    models = [latest_candidate(ramp.registry, name) for name in ramp.model_names]
    champion, challenger = models[0], models[1]
    if not champion or not challenger or champion.artifact_sha256 == challenger.artifact_sha256:
        return state
    changed = opened(ramp, state, champion, challenger, by)
    return save(ramp.tables, changed, seen=state.generation)


def opened(
    ramp: "Ramp",
    state: State,
    champion: Candidate,
    challenger: Candidate,
    by: str,
    reason: str = "",
) -> Changed:
    """An experiment under the present rule, review policy and share. Raises ExperimentError where
    one runs.
    """
    from xray_assets.promotion.rule import PromotionRule
    from xray_assets.review.ordering import present_floor
    from xray_assets.review.policy import ReviewPolicy

    return changes.opened(
        state,
        champion,
        challenger,
        rule_hash=PromotionRule().sha256,
        review_policy_hash=ReviewPolicy(floor=present_floor(ramp.tables)).sha256,
        starting_share=ramp.starting_share,
        now=clock.now(),
        by=by,
        reason=reason,
    )
