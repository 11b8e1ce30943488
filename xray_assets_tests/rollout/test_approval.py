"""Approval by people: what may be approved, by whom, and when an approval lapses."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from xray_assets.reasons import Reason
from xray_assets.rollout.approval import approved_step
from xray_assets.rollout.experiment import Experiment, ExperimentError
from xray_assets.rollout.reconcile import Observation, RampPolicy, apply_step, next_step
from xray_assets.rollout.word import Approval
from xray_assets.settings import Settings
from xray_assets_tests.rollout.examples import OPENED, an_experiment, seen

DECIDED = OPENED + timedelta(hours=1)
LATER = OPENED + timedelta(hours=2)
ONE = RampPolicy(dwell=timedelta(0), dwell_requests=0, mode="recommend")
TWO = replace(ONE, approvers=2)


def promote(experiment: Experiment, *, since: datetime = DECIDED, **changes: object) -> Observation:
    return seen(
        experiment,
        **{"verdict": "PROMOTE", "decision_id": "d1", "verdict_since": since, **changes},
    )


def word(by: str, at: datetime = LATER, reason: str = "looked at the misses") -> Approval:
    return Approval(by, reason, at)


def after(observation: Observation, policy: RampPolicy, approval: Approval) -> Experiment:
    step = approved_step(observation, policy, approval)
    return apply_step(observation.experiment, step, now=LATER, by="run")


def test_one_approval_takes_the_step_and_its_cause_says_who_and_why() -> None:
    experiment = after(promote(an_experiment()), ONE, word("Ada"))
    assert (experiment.stage, experiment.decided_by) == (70, "Ada")
    assert experiment.cause.endswith("50 -> 70, approved by Ada: looked at the misses")


def test_of_two_approvals_the_first_is_kept_and_the_second_takes_the_step() -> None:
    first = after(promote(an_experiment()), TWO, word("Ada"))
    assert (first.stage, first.approval) == (50, word("Ada"))
    second = after(promote(first), TWO, word("Grace", reason="agreed"))
    assert (second.stage, second.decided_by, second.approval) == (70, "Ada and Grace", None)
    assert "approved by Ada: looked at the misses, approved by Grace: agreed" in second.cause


@pytest.mark.parametrize("name", ["Ada", "ada", " ADA  "])
def test_the_same_person_cannot_approve_twice(name: str) -> None:
    first = after(promote(an_experiment()), TWO, word("Ada"))
    with pytest.raises(ExperimentError, match="another person"):
        approved_step(promote(first), TWO, word(name))


def test_an_approval_ends_with_its_stage() -> None:
    experiment = after(promote(an_experiment()), TWO, word("Ada"))
    for ended in (
        experiment.ramped_to(70, now=LATER, by="x", cause="x"),
        experiment.ended("rolled_back", now=LATER, by="x", cause="x"),
    ):
        assert ended.approval is None


def test_an_approval_lapses_when_promote_lapses_and_comes_back() -> None:
    experiment = after(promote(an_experiment()), TWO, word("Ada"))
    lapsed = promote(experiment, since=LATER + timedelta(hours=1))
    assert promote(experiment).standing_approval
    assert lapsed.standing_approval is None
    assert promote(experiment, verdict="KEEP_TESTING").standing_approval is None
    again = after(lapsed, TWO, word("Grace", at=LATER + timedelta(hours=2)))
    assert again.stage == 50
    assert again.approval and again.approval.by == "Grace"


def test_the_reconciler_never_takes_a_step_on_one_of_two_approvals() -> None:
    experiment = after(promote(an_experiment()), TWO, word("Ada"))
    step = next_step(promote(experiment), TWO)
    assert step.kind == "hold"
    assert "approved by Ada" in step.cause


def test_a_promote_that_became_a_rollback_is_rolled_back_whoever_approved() -> None:
    experiment = after(promote(an_experiment()), TWO, word("Ada"))
    assert next_step(promote(experiment, verdict="ROLLBACK"), TWO).kind == "roll_back"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"verdict": None}, "verdict pending"),
        ({"verdict": "KEEP_TESTING"}, "verdict KEEP_TESTING"),
        ({"verdict": "ROLLBACK"}, "ROLLBACK"),
        ({"red": (Reason("errors", "many"),)}, "red guard"),
        ({"served": None}, "the endpoint serves None"),
        ({"now": OPENED}, "for 0 of 3600 s"),
        ({"requests": 9}, "saw 9 of 10 requests"),
    ],
)
def test_where_no_step_is_due_there_is_nothing_to_approve(changes: dict, said: str) -> None:
    policy = replace(ONE, dwell=timedelta(hours=1), dwell_requests=10)
    with pytest.raises(ExperimentError, match="nothing to approve") as refused:
        approved_step(promote(an_experiment(), **changes), policy, word("Ada"))
    assert said in str(refused.value)


def test_in_auto_mode_there_is_nothing_to_approve() -> None:
    with pytest.raises(ExperimentError, match="XRAY_PROMOTION=recommend"):
        approved_step(promote(an_experiment()), replace(ONE, mode="auto"), word("Ada"))


@pytest.mark.parametrize(
    ("by", "reason"), [("Ada", ""), ("Ada", "  "), ("", "good"), (" ", "good")]
)
def test_an_approval_without_a_name_or_a_reason_is_refused(by: str, reason: str) -> None:
    with pytest.raises(ExperimentError, match="needs a"):
        approved_step(promote(an_experiment()), ONE, word(by, reason=reason))


@given(st.lists(st.sampled_from(["Ada", "Grace", "lapse"]), max_size=12))
def test_each_step_has_two_different_people_since_promote_last_came(events: list[str]) -> None:
    experiment, since, now, said = an_experiment(), DECIDED, LATER, set()
    for event in events:
        now += timedelta(minutes=1)
        if event == "lapse":
            since, said = now, set()
            continue
        if not experiment.is_running:
            break
        before = experiment.stage
        try:
            experiment = after(promote(experiment, since=since), TWO, word(event, at=now))
        except ExperimentError:
            assert said == {event}
            continue
        said |= {event}
        assert (experiment.stage > before) == (said == {"Ada", "Grace"})
        if experiment.stage > before:
            said = set()


@pytest.mark.parametrize("wrong", [{"approvers": 0}, {"approvers": 3}, {"starting_share": 100}])
def test_settings_that_no_ramp_can_keep_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Settings(**wrong)
