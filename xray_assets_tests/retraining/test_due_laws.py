"""Laws of the decision: whatever the facts are, some things are never done."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from xray_assets.contracts.tables.days import KINDS, LEVELS
from xray_assets.contracts.tables.retraining import REQUEST_STATES
from xray_assets.retraining.deciding.due import NOTHING, RUN, SKIP, due
from xray_assets.retraining.deciding.facts import (
    LIMITS,
    Earlier,
    Facts,
    NewTruths,
    Quality,
    Standing,
    Word,
)
from xray_assets.retraining.deciding.guards import DONE, IN_FLIGHT

NOW = datetime(2026, 6, 1, tzinfo=UTC)
AGO = st.floats(0, 120).map(lambda days: NOW - timedelta(days=days))
TRUTHS = st.tuples(st.integers(0, 400), st.integers(0, 400), st.floats(0.05, 1)).map(
    lambda drawn: NewTruths(
        drawn[0], drawn[1], drawn[0] * drawn[2], drawn[1] * drawn[2],
        (drawn[0] + drawn[1]) * drawn[2], {"A": drawn[0]},
    )
)  # fmt: skip
STANDING = st.builds(
    Standing,
    level=st.sampled_from(LEVELS),
    kind=st.sampled_from(["", *KINDS]),
    sites=st.sampled_from([(), ("A",), ("",)]),
    since=st.none() | AGO,
    harm=st.booleans(),
    reasons=st.sampled_from([("no_rows",), ("baseline_incomplete",)]),
    auto=st.booleans(),
)
EARLIER = st.lists(
    st.builds(
        Earlier,
        request_id=st.just("r"),
        state=st.sampled_from(REQUEST_STATES),
        triggers=st.sampled_from([("age",), ("manual",)]),
        asked_at=AGO,
        updated_at=AGO,
        is_alive=st.booleans(),
    ),
    max_size=6,
).map(lambda all_: tuple(sorted(all_, key=lambda one: one.asked_at)))
FACTS = st.builds(
    Facts,
    mode=st.sampled_from(["off", "recommend", "shadow"]),
    standing=STANDING,
    new=TRUTHS,
    last_set_size=st.none() | st.integers(1, 3000),
    last_trained_at=st.none() | AGO,
    quality=st.sampled_from([Quality(), Quality({"rejects": 0.1}, {"rejects": 0.01})]),
    agreement_fell=st.booleans(),
    experiment_open=st.booleans(),
    earlier=EARLIER,
    word=st.none() | st.builds(Word, by=st.just("ann"), reason=st.just("why")),
)


@settings(max_examples=300)
@given(FACTS)
def test_what_runs_runs_for_a_reason_and_against_nothing(facts: Facts) -> None:
    decision = due(facts, NOW)
    if decision.action != RUN:
        return
    assert decision.triggers
    assert not facts.quality.worse_by(LIMITS.quality_points)
    assert not facts.experiment_open
    assert not any(one.state in IN_FLIGHT and one.is_alive for one in facts.earlier)
    assert min(facts.new.normal, facts.new.pneumonia) >= LIMITS.least_of_a_class
    assert facts.new.count >= LIMITS.least_for_recalibration
    if facts.word is None:
        assert facts.mode == "shadow"
        assert facts.standing.level not in ("CONCEPT",)
        assert facts.standing.auto and not facts.agreement_fell
        recent = [one for one in facts.earlier if one.state in DONE]
        assert not recent or NOW - recent[-1].asked_at >= timedelta(days=LIMITS.days_apart)


@given(FACTS)
def test_a_decision_always_says_why_and_the_same_facts_give_the_same_one(facts: Facts) -> None:
    decision = due(facts, NOW)
    assert decision.reason.code and decision.reason.sentence
    assert decision == due(facts, NOW)
    assert decision.action != NOTHING or not decision.triggers or decision.reason.code in (
        "off",
        "in_flight",
    )  # fmt: skip


@given(FACTS)
def test_a_broken_feed_is_never_learned_from(facts: Facts) -> None:
    broken = Facts(**{**vars(facts), "quality": Quality({"nulls": 0.06}, {"nulls": 0.0})})
    decision = due(broken, NOW)
    assert (decision.action, decision.reason.code) == (SKIP, "data_quality")
