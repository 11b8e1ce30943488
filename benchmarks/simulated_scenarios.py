"""Every scenario of `xray simulate`, by the real paths, against the level that it is expected to
reach; and what a simulated day costs.

    python -m benchmarks.simulated_scenarios [SCENARIO ...] [--days 90] [--films-a-day 60]

A row a scenario; exit code 1 when one reached another level, or alarmed before anything changed.
All run in one state folder (XRAY_STATE, else .state/simulation), whose model is trained once.
"""

import argparse
import sys

from rich.console import Console

from xray_assets.simulation.days import simulate
from xray_assets.simulation.outcome import Outcome
from xray_assets.simulation.scenarios import SCENARIOS, scenario_of
from xray_assets.simulation.state import simulation_settings
from xray_assets.terminal import shown_table

COLUMNS = (
    *("scenario", "expected", "reached", "days to alarm", "days to harm", "alarms before"),
    *("drawn", "reads", "seconds"),
)


def main() -> int:
    """Simulate and print; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenarios", nargs="*", default=list(SCENARIOS))
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--films-a-day", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    out, table, wrong = Console(highlight=False), shown_table(*COLUMNS), 0
    for name in asked.scenarios:
        outcome = simulate(
            simulation_settings(),
            scenario_of(name),
            days=asked.days,
            films_a_day=asked.films_a_day,
            seed=asked.seed,
            progress=out.print,
        )
        wrong += not as_expected(outcome)
        found = outcome.document()
        values = [found[column.replace(" ", "_")] for column in COLUMNS]
        table.add_row(*("-" if value is None else str(value) for value in values))
        out.print(f"{name}: reached {outcome.reached}, {outcome.levels()}", markup=False)
    out.print(table)
    return int(wrong > 0)


def as_expected(outcome: Outcome) -> bool:
    """True when the highest level is the expected one, and nothing was said before the change."""
    return outcome.reached == outcome.scenario.expected and not outcome.alarms_before


if __name__ == "__main__":
    sys.exit(main())
