"""The demo of a loop that closes by itself: a site's films change, reads are asked for there, harm
is proven, a model is recalibrated or retrained, judged, tried in shadow and promoted.

Days are simulated (`simulation/`), and nobody says a word. Here: what changes, and what is told.
"""

from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from xray_assets.rollout.experiment import PROMOTED
from xray_assets.settings import PROJECT, Settings
from xray_assets.simulation.days import simulate
from xray_assets.simulation.outcome import Line, Outcome, answers_of
from xray_assets.simulation.scenarios import Change, Scenario
from xray_assets.simulation.state import simulation_settings
from xray_assets.simulation.telling import both, told
from xray_assets.statistics.drift.levels import Level

SITE = "south"
DRIFT = Scenario(
    "drift",
    f"from one day on the lower third of each film of {SITE} is not exposed",
    Level.MAJOR,
    Change("lower_third_lost", site=SITE),
)
DAYS, FILMS_A_DAY = 90, 150
SETTINGS = {
    "state": PROJECT / ".state" / "demo-drift",
    "image_limit": 1600,
    "split_shares": (0.35, 0.05, 0.6),
    "retrain": "shadow",
    "promotion": "auto",
}
"""Beside a simulation's own: what may be done by itself is; and test films enough that the golden
set, half of them, lets an equal candidate pass.
"""

MILESTONES: dict[str, Callable[[Line], bool]] = {
    "films change": lambda line: line.injected > 0,
    "first alarm": lambda line: line.level is not None and line.level.rank > 0,
    "reads are asked for at the site": lambda line: SITE in line.review_shares,
    "harm is proven": lambda line: bool(line.harm_sites),
    "a candidate is tried in shadow": lambda line: bool(line.experiment),
    "it serves patients": lambda line: bool(line.stage),
    "it is promoted": lambda line: line.experiment == PROMOTED,
}
"""What the loop goes through, in its order; the first day of each counts."""


def run_drift(console: Console, *, days: int = DAYS, films_a_day: int = FILMS_A_DAY) -> Outcome:
    """Simulate the loop and show it. Raises what `simulate` raises."""
    settings = simulation_settings(SETTINGS)
    console.rule(f"demo: {DRIFT.name} - {DRIFT.about}")
    outcome = simulate(
        settings,
        DRIFT,
        days=days,
        films_a_day=films_a_day,
        seed=settings.seed,
        on_day=lambda line: console.print(told(line), markup=False),
        progress=console.print,
    )
    show(outcome, settings, console)
    return outcome


def show(outcome: Outcome, settings: Settings, console: Console) -> None:
    """Print the loop's days, and what it did to the answers."""
    console.print(_days(outcome))
    console.print(_answers(outcome))
    state = f"XRAY_STATE={settings.state} XRAY_ENVIRONMENT={settings.environment}"
    console.print(f"look at it: {state} xray up", markup=False)


def is_closed(outcome: Outcome) -> bool:
    """True when the loop came to its end."""
    return all(first(outcome, reached) for reached in MILESTONES.values())


def first(outcome: Outcome, reached: Callable[[Line], bool]) -> Line | None:
    """The first day of which this is true; None where there is none."""
    return next(filter(reached, outcome.lines), None)


def _days(outcome: Outcome) -> Table:
    table = Table(title="the loop", show_edge=False)
    for name in ("", "day", "days since the change", "seconds since the change"):
        table.add_column(name, justify="right" if name else "left")
    change = first(outcome, MILESTONES["films change"])
    for name, reached in MILESTONES.items():
        line = first(outcome, reached)
        if line is None or change is None:
            table.add_row(name, "not in these days", "", "")
            continue
        since, seconds = line.number - change.number, line.seconds - change.seconds
        table.add_row(name, str(line.number), str(since), f"{seconds:.0f}")
    return table


def _answers(outcome: Outcome) -> Table:
    table = Table(title="sensitivity, specificity", show_edge=False)
    for name in ("", SITE, "all"):
        table.add_column(name)
    promoted = first(outcome, MILESTONES["it is promoted"])
    end = promoted.number if promoted else len(outcome.lines)
    parts = {
        "before the change": outcome.before,
        "until the promotion": [line for line in outcome.since if line.number <= end],
        "after it": [line for line in outcome.since if line.number > end],
    }
    for name, lines in parts.items():
        table.add_row(name, both(answers_of(lines, SITE)), both(answers_of(lines)))
    return table
