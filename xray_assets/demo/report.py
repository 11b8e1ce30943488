"""What the demo prints at its end: the verdict, both models' figures, where to look, and where the
time went.
"""

import json
import os
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from xray_assets.catalog import CHALLENGER, CHAMPION
from xray_assets.reasons import from_columns
from xray_assets.settings import PROJECT, Settings
from xray_assets.terminal import spelled_share

if TYPE_CHECKING:
    from xray_assets.demo.outcome import Outcome


def show_outcome(outcome: "Outcome", settings: Settings, console: Console) -> None:
    """Print an outcome."""
    decision, experiment = outcome.decision, outcome.experiment
    console.rule(f"[bold]{decision['verdict']}[/bold]")
    for reason in from_columns(decision):
        console.print(f"  {reason}")
    console.print(
        f"\nexperiment {experiment.experiment_id} is [bold]{experiment.state}[/bold]; "
        f"the endpoint serves {experiment.wanted_traffic()}\n"
    )
    console.print(_figures(outcome))
    console.print(_places(settings))
    for one in outcome.visitors:
        console.print(
            f"sign in at {settings.room_url} as {one.name}, password {one.password}", markup=False
        )
    console.print(_times(outcome.seconds))


def _figures(outcome: "Outcome") -> Table:
    reported = json.loads(outcome.decision["report"])
    reviewed = f"{outcome.decision['n_reviewed']} reviewed cases"
    table = Table(title=f"{reviewed}, weighted by their chance of review: value [95 % interval]")
    table.add_column("")
    for role in (CHAMPION, CHALLENGER):
        name = getattr(outcome.experiment, role).served_name
        table.add_column(f"{name}\n({role} of the experiment)", justify="right")
    for name in ("accuracy", "sensitivity", "specificity"):
        shares = (reported[role][f"corrected_{name}"] for role in (CHAMPION, CHALLENGER))
        table.add_row(name, *(spelled_share(share) for share in shares))
    return table


def _places(settings: Settings) -> Table:
    table = Table(
        title="where to look (with --keep, or `xray up` on the same state folder)",
        show_header=False,
    )
    table.add_row("lineage, runs, sensors", settings.dagster_url)
    table.add_row("reading room, dashboard", settings.room_url)
    table.add_row("endpoint", settings.endpoint_url)
    table.add_row("feedback API", settings.feedback_url)
    table.add_row("state folder", os.path.relpath(settings.state, PROJECT))
    return table


def _times(seconds: dict[str, float]) -> Table:
    table = Table(title="where the time went (seconds)", show_header=False)
    for name, value in seconds.items():
        table.add_row(name, f"{value:.1f}")
    return table
