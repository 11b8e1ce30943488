"""`xray simulate`: a scenario through the real paths, day by day, in a state of its own."""

import json
from enum import StrEnum
from typing import Annotated

import typer

from xray_assets.terminal import console, error_console


class LevelName(StrEnum):
    """Levels that may be expected."""

    NONE = "NONE"
    MINOR = "MINOR"
    MODERATE = "MODERATE"
    MAJOR = "MAJOR"
    CONCEPT = "CONCEPT"
    UNKNOWN = "UNKNOWN"


class ArrivalsName(StrEnum):
    """How requests come."""

    STEADY = "steady"
    WEEKLY = "weekly"
    SURGE = "surge"
    NIGHT_GAP = "night-gap"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(simulate)


def simulate(
    scenario: Annotated[str, typer.Argument(help="What changes; `none`: nothing")],
    days: Annotated[int, typer.Option(min=1, help="Days, those of the baseline included")] = 90,
    films_a_day: Annotated[int, typer.Option(min=1, help="Films on an ordinary day")] = 60,
    seed: Annotated[int, typer.Option(help="Of patients, films, delays and errors")] = 0,
    arrivals: Annotated[
        ArrivalsName | None, typer.Option(help="How requests come; else as the scenario says")
    ] = None,
    expect: Annotated[
        LevelName | None, typer.Option(help="Exit code 1 unless this is the highest level")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document")] = False,
) -> None:
    """Simulate days of traffic, readers and monitoring, and tell each day in a line.

    The state folder (`XRAY_STATE`, else .state/simulation) may hold simulated requests alone.
    """
    from xray_assets.simulation.days import simulate as run
    from xray_assets.simulation.scenarios import scenario_of
    from xray_assets.simulation.state import simulation_settings
    from xray_assets.simulation.telling import figures, told

    chosen, out, settings = scenario_of(scenario), console(), simulation_settings()
    said = error_console() if as_json else out
    said.print(f"{chosen.name}: {chosen.about}; expected {chosen.expected}", markup=False)
    outcome = run(
        settings,
        chosen,
        days=days,
        films_a_day=films_a_day,
        seed=seed,
        arrivals=arrivals.value if arrivals else "",
        on_day=lambda line: said.print(told(line), markup=False),
        progress=said.print,
    )
    if as_json:
        typer.echo(json.dumps(outcome.document(), default=str))
    else:
        out.print(figures(outcome))
        out.print(
            f"look at it: XRAY_STATE={settings.state} XRAY_ENVIRONMENT=simulation xray up",
            markup=False,
        )
    if expect is not None and outcome.reached != expect.value:
        error_console().print(f"expected {expect}, reached {outcome.reached}", style="red")
        raise typer.Exit(1)
