from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.reasons import Reason
from xray_assets.rollout.experiment import Experiment, ExperimentError
from xray_assets.rollout.experiment_rows import experiment_of, row_of
from xray_assets.rollout.reconcile import Observation, RampPolicy, apply_step, next_step
from xray_assets.rollout.served import wanted_aliases
from xray_assets.rollout.word import Approval
from xray_assets_tests.rollout.examples import KERAS, OPENED, TORCH, an_experiment, seen

POLICY = RampPolicy(dwell=timedelta(0), dwell_requests=0)
INCONCLUSIVE = Reason("inconclusive", "5000 reads")
PROMOTE = {"verdict": "PROMOTE", "decision_id": "d1", "reasons": (Reason("better", "yes"),)}


def ramped(stage: int) -> Experiment:
    return replace(an_experiment(), state="ramping", stage=stage)


def test_a_promotion_climbs_each_stage_once_and_ends_promoted() -> None:
    experiment, stages = an_experiment(), []
    while experiment.is_running:
        step = next_step(seen(experiment, **PROMOTE), POLICY)
        experiment = apply_step(experiment, step, now=OPENED, by="sensor")
        stages.append((experiment.stage, experiment.state))
    assert stages == [(70, "ramping"), (90, "ramping"), (100, "promoted")]
    assert experiment.wanted_traffic() == {TORCH.served_name: 100}
    assert wanted_aliases(experiment) == {
        "champion": (TORCH.model, 2),
        "challenger": None,
        "previous_champion": (KERAS.model, 1),
    }


def test_a_shadow_start_enters_the_ramp_at_its_first_share() -> None:
    assert next_step(seen(an_experiment(starting_share=0), **PROMOTE), POLICY).stage == 50


def test_a_red_guard_in_shadow_holds_although_promote_stands() -> None:
    step = next_step(
        seen(an_experiment(0), red=(Reason("log_gaps", "1 position"),), **PROMOTE), POLICY
    )
    assert (step.kind, step.stage) == ("hold", 0)
    assert "log_gaps" in step.cause


def test_a_rollback_verdict_ends_a_shadow() -> None:
    shadow = an_experiment(0)
    step = next_step(seen(shadow, verdict="ROLLBACK"), POLICY)
    after = apply_step(shadow, step, now=OPENED, by="sensor")
    assert after.state == "rolled_back"
    assert after.wanted_traffic() == {KERAS.served_name: 100}


def test_a_lapsed_promotion_holds_the_stage() -> None:
    step = next_step(seen(ramped(70), verdict="KEEP_TESTING"), POLICY)
    assert (step.kind, step.stage) == ("hold", 70)


@pytest.mark.parametrize("verdict", ["ROLLBACK"])
@pytest.mark.parametrize("stage", [50, 70, 90])
def test_a_rollback_returns_all_traffic_from_every_stage(verdict: str, stage: int) -> None:
    experiment = ramped(stage)
    step = next_step(seen(experiment, verdict=verdict), POLICY)
    after = apply_step(experiment, step, now=OPENED, by="sensor")
    assert (after.state, after.decided_by) == ("rolled_back", "sensor")
    assert after.wanted_traffic() == {KERAS.served_name: 100}


def test_a_red_guard_rolls_back_without_any_feedback() -> None:
    step = next_step(seen(an_experiment(), red=(Reason("errors", "50 %"),)), POLICY)
    assert step.kind == "roll_back"
    assert "errors" in step.cause


def test_a_red_guard_wins_over_a_promotion() -> None:
    assert (
        next_step(seen(ramped(90), red=(Reason("latency", "slow"),), **PROMOTE), POLICY).kind
        == "roll_back"
    )


def test_a_step_waits_for_time_and_for_requests() -> None:
    patient = RampPolicy(dwell=timedelta(hours=1), dwell_requests=100)
    experiment = an_experiment()
    early = seen(experiment, **PROMOTE, now=OPENED + timedelta(minutes=59))
    quiet = seen(experiment, **PROMOTE, requests=99)
    assert next_step(early, patient).kind == "hold"
    assert next_step(quiet, patient).kind == "hold"
    assert next_step(seen(experiment, **PROMOTE, requests=100), patient).kind == "advance"


def test_recommend_mode_waits_for_a_person_but_rolls_back_by_itself() -> None:
    policy = replace(POLICY, mode="recommend")
    waiting = next_step(seen(an_experiment(), **PROMOTE), policy)
    assert waiting.kind == "hold"
    assert "xray promote --approve" in waiting.cause
    assert next_step(seen(an_experiment(), verdict="ROLLBACK"), policy).kind == "roll_back"


def test_an_endpoint_that_serves_something_else_is_put_right_before_any_step() -> None:
    for served in (None, {KERAS.served_name: 100}, {KERAS.served_name: 30, TORCH.served_name: 70}):
        assert next_step(seen(an_experiment(), served=served, **PROMOTE), POLICY).kind == "reassert"
    assert (
        next_step(seen(an_experiment(), served_experiment="another", **PROMOTE), POLICY).kind
        == "reassert"
    )


def test_a_final_state_is_carried_out_until_it_is_settled() -> None:
    promoted = replace(an_experiment(), state="promoted", stage=100)
    assert next_step(seen(promoted), POLICY).kind == "reassert"
    settled = promoted.settled(now=OPENED)
    assert next_step(seen(settled), POLICY).kind == "hold"
    assert next_step(seen(settled, served={KERAS.served_name: 100}), POLICY).kind == "reassert"


def test_an_ended_experiment_leaves_no_shadow_behind() -> None:
    ended = an_experiment(0).ended("rolled_back", now=OPENED, by="x", cause="x")
    ended = ended.settled(now=OPENED)
    shadow = {KERAS.served_name: 100, TORCH.served_name: 0}
    assert next_step(seen(ended), POLICY).kind == "hold"
    assert next_step(seen(ended, served=shadow), POLICY).kind == "reassert"
    still_counted = seen(ended, served_experiment=ended.experiment_id)
    assert next_step(still_counted, POLICY).kind == "reassert"


def test_an_experiment_that_is_too_old_or_inconclusive_ends_with_the_champion() -> None:
    old = next_step(seen(an_experiment(), now=OPENED + timedelta(days=91)), POLICY)
    read_out = next_step(
        seen(an_experiment(), verdict="KEEP_TESTING", reasons=(INCONCLUSIVE,)), POLICY
    )
    assert old.kind == read_out.kind == "give_up"
    after = apply_step(an_experiment(), read_out, now=OPENED, by="sensor")
    assert after.state == "inconclusive"


def test_a_closed_experiment_cannot_be_ramped_or_closed_again() -> None:
    closed = an_experiment().ended("closed", now=OPENED, by="x", cause="enough")
    with pytest.raises(ExperimentError, match="open a new one"):
        closed.ramped_to(70, now=OPENED, by="x", cause="x")
    with pytest.raises(ExperimentError, match="open a new one"):
        closed.ended("closed", now=OPENED, by="x", cause="again")


def test_a_promotion_can_be_rolled_back_to_the_previous_champion() -> None:
    promoted = replace(an_experiment(), state="promoted", stage=100).settled(now=OPENED)
    back = promoted.ended("rolled_back", now=OPENED, by="Ada", cause="by hand")
    assert back.settled(now=OPENED).closed_by == "Ada"
    assert back.wanted_traffic() == {KERAS.served_name: 100}
    assert wanted_aliases(back)["champion"] == (KERAS.model, 1)
    assert next_step(seen(back), POLICY).kind == "reassert"


def test_the_same_artifact_twice_is_no_experiment() -> None:
    with pytest.raises(ExperimentError, match="nothing to compare"):
        Experiment.open(
            KERAS, KERAS, rule_hash="r", starting_share=50, now=OPENED, by="t", cause="c"
        )


def test_an_experiment_survives_its_row() -> None:
    experiment = ramped(90)
    approved = experiment.approved(Approval("Ada", "seen", OPENED))
    assert experiment_of(row_of(experiment)) == experiment
    assert experiment_of(row_of(approved)) == approved


observations = st.builds(
    seen,
    st.sampled_from([an_experiment(), an_experiment(0), ramped(70), ramped(90)]),
    verdict=st.sampled_from([None, "PROMOTE", "KEEP_TESTING", "ROLLBACK"]),
    red=st.sampled_from([(), (Reason("errors", "many"),)]),
    requests=st.integers(0, 500),
    served=st.sampled_from(
        [
            None,
            *({KERAS.served_name: 100 - share, TORCH.served_name: share} for share in (0, 50, 70)),
        ]
    ),
)


@given(observations, st.sampled_from(["auto", "recommend"]))
def test_only_a_held_promotion_ever_raises_the_challengers_share(
    observation: Observation, mode: str
) -> None:
    step = next_step(observation, RampPolicy(dwell=timedelta(0), dwell_requests=100, mode=mode))
    if step.stage > observation.experiment.stage:
        assert observation.verdict == "PROMOTE"
        assert not observation.red
        assert observation.requests >= 100
        assert mode == "auto"
        ramp = (50, 70, 90, 100)
        assert step.stage == next(share for share in ramp if share > observation.experiment.stage)


@given(observations)
def test_a_rolled_back_experiment_never_moves_again(observation: Observation) -> None:
    step = next_step(replace(observation, verdict="ROLLBACK"), POLICY)
    after = apply_step(observation.experiment, step, now=OPENED, by="sensor")
    later = next_step(seen(after, **PROMOTE), POLICY)
    assert later.kind in ("reassert", "hold")
    assert apply_step(after, later, now=OPENED, by="sensor") == after
