"""The rows that are simulated: the figures that were asked for, and what each rule prevents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks.promotion.queue import without
from benchmarks.promotion.queue.drawing import Run
from benchmarks.promotion.queue.judging import Judged, judge
from benchmarks.promotion.queue.readings import (
    AT_ONCE,
    DELAYED,
    FOLLOWS_THE_EVIDENCE,
    POSITIVES_FIRST,
    RAISED_AT_FIRST,
    SKIPS_FOR_THE_CHALLENGER,
    SKIPS_FOR_THE_CHAMPION,
    TENTH_UNREAD,
    TWENTIETH_UNREAD,
    Reading,
)
from benchmarks.promotion.scenarios import EQUAL, Scenario, everywhere, pair
from xray_assets.promotion import Verdict

RARE = 0.15
"""Prevalence where positives are rare."""

FLOORS = (0.03, 0.05, 0.1)
PROMOTE, ROLLBACK = Verdict.PROMOTE, Verdict.ROLLBACK

BETTER = pair("0.80 to 0.90", 0.8, 0.9, "", common=0.5)
LITTLE_BETTER = pair("0.80 to 0.85", 0.8, 0.85, "", common=0.5)
UNSAFE = Scenario(
    "unsafe: sensitivity 0.90 to 0.85, specificity 0.80 to 0.90", (0.9, 0.85), (0.8, 0.9), 0.5, ""
)
SPECIFIC = Scenario(
    "specificity 0.80 to 0.92, prevalence 0.15", (0.9, 0.9), (0.8, 0.92), 0.5, "", prevalence=RARE
)
KEENER = Scenario(
    "equal 0.80, sensitivity 0.75 to 0.85, specificity 0.85 to 0.75",
    (0.75, 0.85),
    (0.85, 0.75),
    0.5,
    "",
)
"""As accurate, and another operating point: positives alone speak for the challenger."""


@dataclass(frozen=True)
class Row:
    """One line of the first table, and what it must reach.

    promote, rollback: the largest shares of runs; reads: the most mean reads at PROMOTE, of which
    then nearly every run must end with one. None: shown.
    """

    name: str
    scenario: Scenario
    reading: Reading
    promote: float | None = None
    rollback: float | None = None
    reads: int | None = None


@dataclass(frozen=True)
class Trouble:
    """One line of the second table: a rule, and a wrong verdict without it.

    take_away: the run as a decision without the rule sees it, judged by `judge_without`.
    """

    rule: str
    without_it: str
    scenario: Scenario
    reading: Reading
    wrong: Verdict
    take_away: Callable[[Run, without.Randomness], Run] = without.nothing
    judge_without: Callable[[Run], Judged] = judge


def _equal(
    name: str, reading: Reading = AT_ONCE, scenario: Scenario = EQUAL, **changed: float
) -> list[Row]:
    equal = replace(scenario, **changed)  # type: ignore[arg-type]
    return [
        Row(f"{scenario.name}, {name}", each, reading, 0.05, 0.10) for each in everywhere(equal)
    ]


ROWS = [
    *(
        Row(scenario.name, scenario, Reading(floor=floor), reads=reads)
        for scenario, reads in (
            (BETTER, 60),
            (LITTLE_BETTER, 170),
            (replace(LITTLE_BETTER, name="0.80 to 0.85, prevalence 0.15", prevalence=RARE), 400),
        )
        for floor in FLOORS
    ),
    Row("0.80 to 0.85, read after 100 cases", LITTLE_BETTER, DELAYED),
    Row("0.80 to 0.85, 5 % never read", LITTLE_BETTER, TWENTIETH_UNREAD),
    *_equal("challenger at 50 %"),
    *_equal("challenger at 10 %", share=0.1),
    *_equal("challenger at 90 %", share=0.9),
    *_equal("prevalence 0.15", prevalence=RARE),
    *_equal("read after 100 cases", DELAYED),
    *_equal("10 % never read", TENTH_UNREAD),
    *_equal("positives first", POSITIVES_FIRST),
    *_equal("positives first", POSITIVES_FIRST, KEENER),
    *_equal(".30 / .05 skipped where only the champion is right", SKIPS_FOR_THE_CHALLENGER),
    *_equal(".30 / .05 skipped where only the challenger is right", SKIPS_FOR_THE_CHAMPION),
    *_equal("chances that follow the evidence", FOLLOWS_THE_EVIDENCE),
    *(Row(UNSAFE.name, each, AT_ONCE, promote=0.01) for each in everywhere(UNSAFE)),
    Row(f"{UNSAFE.name}, read after 100 cases", UNSAFE, DELAYED, promote=0.01),
]

TROUBLES = [
    *(
        Trouble(
            "1 an unread case pays nothing",
            f"a guess for unread cases; {how}",
            SPECIFIC,
            reading,
            ROLLBACK,
            judge_without=without.judge_with_guess,
        )
        for how, reading in (
            ("read at once", AT_ONCE),
            ("read after 100 cases", DELAYED),
            ("10 % never read", TENTH_UNREAD),
        )
    ),
    Trouble(
        "2 cases count in scoring order",
        "counted as they are read; positives first, the others 400 cases later",
        KEENER,
        POSITIVES_FIRST,
        PROMOTE,
        without.in_order_of_reading,
    ),
    *(
        Trouble(
            "3 unread is the worst case",
            f"unread counts as not drawn; .30 skipped where only the {right} is right, else .05",
            replace(EQUAL, common=0.5),
            reading,
            wrong,
            without.unread_as_not_drawn,
        )
        for right, reading, wrong in (
            ("champion", SKIPS_FOR_THE_CHALLENGER, PROMOTE),
            ("challenger", SKIPS_FOR_THE_CHAMPION, ROLLBACK),
        )
    ),
    Trouble(
        "4 the order tells nothing",
        "served by cell; readers who know it lean to a finding in .15",
        replace(EQUAL, common=0.5),
        AT_ONCE,
        PROMOTE,
        without.served_by_cell,
    ),
    Trouble(
        "5 one draw a film",
        "four draws of each film, the chance of one is logged",
        UNSAFE,
        AT_ONCE,
        PROMOTE,
        without.drawn_again,
    ),
    Trouble(
        "6 the draw alone decides what counts",
        ".30 of undrawn positives come to light and count",
        UNSAFE,
        AT_ONCE,
        PROMOTE,
        without.counted_though_not_drawn,
    ),
    Trouble(
        "7 strata are the chances",
        "agreements drawn at 0.5 at first weigh what the later 0.05 says",
        UNSAFE,
        RAISED_AT_FIRST,
        PROMOTE,
        without.weighed_by_the_present_policy,
    ),
]
