"""What is done about judged days: laws over any order of days, words, restarts and waiting."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.contracts.tables.days import (
    CONCEPT,
    LEVELS,
    MAJOR,
    MINOR,
    MODERATE,
    NONE,
    UNKNOWN,
)
from xray_assets.contracts.tables.monitoring_record import ALERTS, MONITORING_RECORD
from xray_assets.monitoring.response.evidence import Evidence, Word, rank
from xray_assets.monitoring.response.respond import respond
from xray_assets.monitoring.response.state import Row, State, summed
from xray_assets.monitoring.response.transitions import QUIET_DAYS
from xray_assets_tests.monitoring.response.days import a_day, days, over

NOTHING = Evidence()


@dataclass
class Hospital:
    """A response, and the rows that it wrote."""

    rows: list[Row] = field(default_factory=list)
    state: State = field(default_factory=State)

    def answer(self, now: datetime, evidence: Evidence = NOTHING, *words: Word) -> tuple[Row, ...]:
        self.state, written = respond(self.state, evidence, words, now)
        self.rows += written
        return written

    def alerts(self, *kinds: str) -> list[Row]:
        return [row for row in self.rows if row["alert"] in (kinds or ALERTS)]


def judged(*levels: str) -> Hospital:
    """Each day answered five minutes after it was over."""
    made = Hospital()
    for number, level in enumerate(levels):
        made.answer(over(number), days(level, start=number))
    return made


@dataclass(frozen=True)
class Step:
    """Time passes; then a day may be judged, and a person may speak."""

    level: str | None
    new_baseline: bool
    word: str | None
    hours: int


steps = st.lists(
    st.builds(
        Step,
        st.none() | st.sampled_from(LEVELS) | st.just(NONE),
        st.integers(0, 15).map(lambda drawn: drawn == 0),
        st.sampled_from([None, None, None, "ack", "snooze", "resolve"]),
        st.integers(1, 30),
    ),
    max_size=25,
)


@dataclass
class Walk:
    """A walk of steps: before and after each, what was answered."""

    hospital: Hospital = field(default_factory=Hospital)
    answers: list[tuple[State, Step, tuple[Row, ...], State]] = field(default_factory=list)


def walked(asked: Sequence[Step], *, words: bool = True) -> Walk:
    walk, number, baseline, now = Walk(), 0, 1, over(0)
    for step in asked:
        now = max(now + timedelta(hours=step.hours), over(number))
        evidence, said = NOTHING, []
        if step.level is not None:
            baseline += step.new_baseline
            evidence = Evidence((a_day(number, step.level, baseline_id=f"b{baseline}"),))
            number += 1
        if step.word and (words or step.word != "snooze"):
            said = [Word(step.word, "ada", "seen", until=now + timedelta(days=9))]
        before = walk.hospital.state
        rows = walk.hospital.answer(now, evidence, *said)
        walk.answers.append((before, step, rows, walk.hospital.state))
    return walk


@given(steps)
def test_levels_rise_at_once_and_fall_slowly_or_by_a_persons_word(asked: list[Step]) -> None:
    for before, step, _, after in walked(asked).answers:
        known = NONE if step.word == "resolve" else before.known
        evidence = step.level if step.level not in (None, UNKNOWN) else NONE
        given_up = step.new_baseline and step.level is not None and before.baseline_id
        if given_up or rank(evidence) >= rank(known):
            assert after.known == evidence
        elif rank(known) >= rank(MAJOR):
            assert after.known == known
        else:
            assert rank(known) - rank(after.known) in (0, 1)
            if after.known != known:
                assert before.quiet_days == QUIET_DAYS - 1 and step.level == NONE


@given(steps)
def test_a_fresh_process_that_adds_up_the_rows_knows_the_same(asked: list[Step]) -> None:
    hospital = walked(asked).hospital
    assert summed(hospital.rows) == hospital.state


@given(steps)
def test_unknown_is_shown_as_long_as_a_day_cannot_be_judged_and_keeps_the_level(
    asked: list[Step],
) -> None:
    for before, step, rows, after in walked(asked).answers:
        if step.level == UNKNOWN:
            assert after.level == UNKNOWN
        elif step.level is not None and not any(row["event"] == "unjudged" for row in rows):
            assert after.level == after.known
        if step.level == UNKNOWN and step.word != "resolve" and not step.new_baseline:
            assert after.known == before.known


@given(steps)
def test_of_each_kind_there_is_one_alert_a_day_and_its_id_is_its_own(asked: list[Step]) -> None:
    alerts = walked(asked).hospital.alerts()
    assert len({(row["alert"], row["recorded_at"].date()) for row in alerts}) == len(alerts)
    assert len({row["alert_id"] for row in alerts}) == len(alerts)


@given(steps)
def test_a_snooze_silences_alerts_and_changes_no_level(asked: list[Step]) -> None:
    snoozed, spoken = walked(asked), walked(asked, words=False)
    for one, other in zip(snoozed.answers, spoken.answers, strict=True):
        assert (one[3].level, one[3].known, one[3].unknown_at) == (
            other[3].level,
            other[3].known,
            other[3].unknown_at,
        )
    for before, step, rows, after in snoozed.answers:
        if after.snoozed_until and rows and before.is_snoozed(rows[0]["recorded_at"]):
            assert not any(row["event"] == "alert" for row in rows), step


@given(steps)
def test_what_was_answered_once_is_not_answered_again(asked: list[Step]) -> None:
    hospital = walked(asked).hospital
    if rows := list(hospital.rows):
        again = days(*[MAJOR for row in rows if row["event"] == "day"])
        assert hospital.answer(rows[-1]["recorded_at"], again) == ()


@given(steps)
def test_every_row_keeps_the_contract(asked: list[Step]) -> None:
    import polars as pl

    rows = walked(asked).hospital.rows
    links = [
        row | {"chain_position": number, "previous_hash": "0", "row_hash": "0"}
        for number, row in enumerate(rows, 1)
    ]
    MONITORING_RECORD.conform(pl.DataFrame(links, schema=MONITORING_RECORD.schema))


def test_a_level_falls_by_one_after_seven_quiet_days() -> None:
    hospital = judged(MODERATE, *[NONE] * 6)
    assert hospital.state.known == MODERATE
    hospital.answer(over(7), days(NONE, start=7))
    assert hospital.state.known == MINOR
    assert judged(MODERATE, *[NONE] * 14).state.known == NONE
    assert judged(MODERATE, *[NONE] * 6, MINOR, *[NONE] * 6).state.known == MODERATE


def test_days_that_could_not_be_judged_are_not_quiet_and_no_alarm() -> None:
    assert judged(MINOR, *[NONE] * 6, UNKNOWN, NONE).state.known == NONE
    assert judged(MINOR, *[NONE] * 6, UNKNOWN).state.known == MINOR


@pytest.mark.parametrize("level", [MAJOR, CONCEPT])
def test_major_and_concept_fall_by_a_person_or_another_baseline_alone(level: str) -> None:
    hospital = judged(level, *[NONE] * 40)
    assert hospital.state.level == level
    hospital.answer(over(41), NOTHING, Word("resolve", "ada", "collimator replaced"))
    assert hospital.state.level == NONE and hospital.state.episode_id is None
    promoted = judged(level)
    promoted.answer(over(1), Evidence((a_day(1, baseline_id="b2"),)))
    assert promoted.state.level == NONE


def test_where_no_harm_is_shown_moderate_falls_to_minor_and_rises_with_harm() -> None:
    hospital = judged(MODERATE, MODERATE)
    hospital.answer(over(2), Evidence((a_day(2, MODERATE, no_harm_sites=("b",)),)))
    assert hospital.state.known == MINOR
    elsewhere = a_day(3, MODERATE, sites=("b", "c"), no_harm_sites=("b",))
    hospital.answer(over(3), Evidence((elsewhere,)))
    assert hospital.state.known == MODERATE


def test_an_episode_keeps_its_name_from_none_until_none() -> None:
    hospital = judged(NONE, MINOR, MAJOR, UNKNOWN, NONE)
    assert hospital.state.episode_id == "episode-2026-01-02"
    hospital.answer(over(5), days(MODERATE, start=5), Word("resolve", "ada", "mended"))
    assert hospital.state.episode_id == "episode-2026-01-06"
    ended = next(row for row in hospital.rows if row["event"] == "resolve")
    assert ended["episode_id"] == "episode-2026-01-02"


def test_minor_waits_for_the_digest_and_higher_levels_are_told_at_once() -> None:
    hospital = judged(MINOR, MODERATE, MAJOR)
    told = [(row["alert"], row["recorded_at"]) for row in hospital.alerts()]
    assert told == [("digest", over(0)), (MODERATE, over(1)), (MAJOR, over(2))]
    assert "NONE -> MINOR, at b" in hospital.alerts()[0]["text"]


def test_days_that_are_caught_up_with_raise_one_alert_of_the_level_that_stands() -> None:
    hospital = Hospital()
    hospital.answer(over(4), days(NONE, MODERATE, MAJOR, MAJOR, UNKNOWN))
    assert [row["alert"] for row in hospital.alerts()] == [MAJOR]


def test_unknown_is_told_after_a_day_and_then_daily() -> None:
    hospital = judged(NONE, UNKNOWN)
    assert hospital.alerts() == []
    for hours, said in ((23, 0), (24, 1), (30, 1), (48, 2)):
        hospital.answer(over(1, 60 * hours))
        assert len(hospital.alerts("unknown")) == said
    hospital.answer(over(4), days(UNKNOWN, NONE, start=2))
    assert hospital.state.unknown_at is None
    assert "UNKNOWN -> NONE" in hospital.alerts()[-1]["text"]


def test_waiting_for_a_baseline_alone_is_told_to_nobody() -> None:
    hospital = Hospital()
    for number in range(5):
        waits = a_day(number, UNKNOWN, baseline_id=None, reason_codes=("baseline_incomplete",))
        hospital.answer(over(number, 60), Evidence((waits,)))
    assert hospital.alerts() == [] and hospital.state.level == UNKNOWN
    hospital.answer(
        over(5), Evidence((a_day(5, UNKNOWN, reason_codes=("baseline_incomplete", "no_rows")),))
    )
    hospital.answer(over(6))
    assert [row["alert"] for row in hospital.alerts()] == ["unknown"]


def test_a_day_that_nothing_judges_within_37_hours_is_unknown() -> None:
    hospital = judged(NONE, MINOR)
    assert hospital.answer(over(2, 37 * 60)) == ()
    (row, *alerts) = hospital.answer(over(2, 37 * 60 + 1))
    assert (row["event"], row["level"], row["known_level"]) == ("unjudged", UNKNOWN, MINOR)
    assert [one["alert"] for one in alerts] == ["unknown"]
    assert hospital.answer(over(2, 38 * 60)) == ()
    hospital.answer(over(3, 30 * 60), days(NONE, NONE, start=2))
    assert hospital.state.level == MINOR


def test_major_that_nobody_acknowledges_in_a_day_is_escalated_once() -> None:
    hospital = judged(MAJOR)
    assert hospital.answer(over(0, 60 * 24)) == ()
    escalation, alert = hospital.answer(over(0, 60 * 25))
    assert escalation["reason_codes"] == "major_unacknowledged"
    assert alert["escalated"] and "episode-2026-01-01" in alert["text"]
    assert not hospital.state.auto_retraining
    assert hospital.answer(over(0, 60 * 30)) == ()
    hospital.answer(over(1, 60 * 31), days(NONE, start=1), Word("resolve", "ada", "mended"))
    assert hospital.state.auto_retraining


def test_an_acknowledgement_answers_until_the_level_rises_again() -> None:
    hospital = judged(MAJOR)
    hospital.answer(over(0, 10), NOTHING, Word("ack", "ada"))
    assert hospital.state.acknowledged_by == "ada"
    assert hospital.answer(over(0, 60 * 25)) == ()
    hospital.answer(over(1, 60 * 2), days(CONCEPT, start=1))
    assert hospital.state.acknowledged_by == ""
    hospital.answer(over(1, 60 * 27))
    assert [row["reason_codes"] for row in hospital.rows if row["event"] == "escalation"] == [
        "major_unacknowledged"
    ]


def test_moderate_for_two_weeks_and_a_third_major_in_30_days_are_escalated() -> None:
    hospital = judged(*[MODERATE] * 16)
    assert hospital.state.escalated == {("moderate_stands", "episode-2026-01-01")}
    often = Hospital()
    for number in range(3):
        words = (Word("resolve", "ada", "mended"), Word("ack", "ada"))
        often.answer(over(2 * number), days(MAJOR, start=2 * number), words[1])
        often.answer(over(2 * number, 30), NOTHING, words[1])
        assert bool(often.state.escalated) == (number == 2)
        often.answer(over(2 * number + 1), days(NONE, start=2 * number + 1), words[0])


def test_two_failed_retrainings_are_escalated_and_a_third_again() -> None:
    hospital = judged(NONE)
    for failed, causes in ((("r1",), 0), (("r2", "r1"), 1), (("r2", "r1"), 1), (("r3", "r2"), 2)):
        hospital.answer(over(0, 60), Evidence(failed_retrainings=failed))
        assert len(hospital.state.escalated) == causes


def test_a_snooze_ends_when_the_level_rises_and_when_days_cannot_be_judged() -> None:
    for worse, kind in ((MAJOR, MAJOR), (UNKNOWN, "unknown")):
        hospital = judged(MODERATE)
        hospital.answer(
            over(0, 9), NOTHING, Word("snooze", "ada", "known", over(0) + timedelta(days=30))
        )
        hospital.answer(over(1), days(worse, start=1))
        hospital.answer(over(2))
        assert kind in [row["alert"] for row in hospital.alerts()]


def test_reviews_are_ordered_at_a_class_of_chances_and_again_before_they_lapse() -> None:
    hospital = Hospital()
    for number in range(6):
        asked = a_day(number, MODERATE, review=(("b", 0.4), ("", 0.1)))
        hospital.answer(over(number), Evidence((asked,)))
    orders = [row for row in hospital.rows if row["event"] == "order"]
    assert {(row["site"], row["chance"]) for row in orders} == {("b", 0.5)}
    for today in range(1, 6):
        at = over(today).date()
        assert any(row["until"] >= at and row["recorded_at"].date() <= at for row in orders)
    assert len(orders) == 3
    lowered = Evidence((a_day(6, MODERATE, review=(("b", 0.2),)),))
    hospital.answer(over(6), lowered)
    assert hospital.rows[-1]["chance"] == 0.2
