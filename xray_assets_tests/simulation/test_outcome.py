"""What is said of a simulation, from made-up days."""

import json
from datetime import date, timedelta

import pytest

from xray_assets.demo.drift import MILESTONES, first, is_closed
from xray_assets.simulation.outcome import Answers, Line, Outcome, answers_of
from xray_assets.simulation.scenarios import scenario_of
from xray_assets.simulation.telling import figures, told
from xray_assets.statistics.drift.levels import Level


def line(number: int, level: str = "NONE", **more) -> Line:
    values = {
        "films": 10,
        "refused": 0,
        "injected": 0,
        "drawn": 1,
        "reads": 1,
        "is_compared": True,
        "kind": "",
        "sites": (),
        "harm_sites": (),
        "reasons": (),
        "review_shares": {},
        "answers": {"north": Answers(ill=4, found=3, healthy=2, cleared=1)},
        "experiment": "",
        "stage": None,
        "done": (),
        "seconds": float(number),
    }
    day = date(2026, 1, 5) + timedelta(days=number)
    return Line(number=number, day=day, level=Level(level), **values | more)


def outcome(*levels: str, change_day: int | None = 2, **of_last) -> Outcome:
    last = len(levels) - 1
    lines = [
        line(number, level, **(of_last if number == last else {}))
        for number, level in enumerate(levels)
    ]
    return Outcome(scenario_of("border"), 0, change_day, lines, 1.5)


@pytest.mark.parametrize(
    ("levels", "reached"),
    [
        (("NONE", "NONE", "NONE"), Level.NONE),
        (("NONE", "MAJOR", "NONE"), Level.NONE),
        (("NONE", "NONE", "MINOR", "MAJOR", "NONE"), Level.MAJOR),
        (("NONE", "NONE", "UNKNOWN", "NONE"), Level.UNKNOWN),
        (("NONE", "NONE", "UNKNOWN", "MINOR"), Level.MINOR),
        (("UNKNOWN", "UNKNOWN"), Level.UNKNOWN),
    ],
)
def test_what_was_reached_is_the_highest_level_since_the_change(levels, reached) -> None:
    assert outcome(*levels).reached == reached


def test_alarms_are_counted_from_the_change_and_those_before_it_apart() -> None:
    found = outcome("NONE", "MINOR", "NONE", "NONE", "MODERATE", "MAJOR", harm_sites=("south",))
    assert (found.alarms_before, found.days_to_alarm, found.days_to_harm) == (1, 2, 3)
    never = outcome("NONE", "MINOR", "NONE")
    assert (never.days_to_alarm, never.days_to_harm) == (None, None)
    no_baseline = outcome("UNKNOWN", "UNKNOWN", change_day=None)
    assert no_baseline.since == [] and no_baseline.reached == Level.UNKNOWN


def test_answers_add_up_over_days_and_sites() -> None:
    two = {"north": Answers(4, 3, 2, 1), "south": Answers(1, 0, 0, 0)}
    lines = [line(0, answers=two), line(1, answers=two)]
    assert answers_of(lines) == Answers(10, 6, 4, 2)
    assert answers_of(lines, "south") == Answers(2, 0, 0, 0)
    assert answers_of(lines).sensitivity == 0.6 and answers_of(lines).specificity == 0.5
    assert answers_of(lines, "south").specificity is None


def test_a_simulation_is_told_to_people_and_to_programs() -> None:
    found = outcome("NONE", "NONE", "MAJOR", harm_sites=("",), done=("reads ordered",))
    assert "MAJOR" in told(found.lines[-1]) and "harm at all" in told(found.lines[-1])
    assert "\n        reads ordered" in told(found.lines[-1])
    assert figures(found).row_count == 10
    document = json.loads(json.dumps(found.document(), default=str))
    assert document["reached"] == "MAJOR" and len(document["days"]) == 3


def test_the_loops_days_are_the_first_on_which_each_thing_is_so() -> None:
    found = outcome(
        *("NONE", "NONE", "MODERATE", "MAJOR"),
        **{"harm_sites": ("south",), "review_shares": {"south": 0.5}, "injected": 4},
    )
    days = {name: first(found, reached) for name, reached in MILESTONES.items()}
    numbers = [one and one.number for one in days.values()]
    assert numbers == [3, 2, 3, 3, None, None, None] and not is_closed(found)
    end = {"experiment": "promoted", "stage": 100, "injected": 4, "harm_sites": ("south",)}
    assert is_closed(outcome("MAJOR", **end, review_shares={"south": 0.5}))
