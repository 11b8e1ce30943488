"""`xray status`: what runs, since when, what hangs, and how far everything is."""

import json
import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from xray_assets.terminal import console, read_settings, shown_table

if TYPE_CHECKING:
    from rich.table import Table

    from xray_assets.stack.status import RunStatus, ServiceStatus


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(status)


def status(
    as_json: Annotated[bool, typer.Option("--json", help="For a script")] = False,
) -> None:
    """Show services, runs, positions, and what is wanted and served; exit code 1 unless all is
    well.
    """
    from xray_assets.stack.status import status as look

    seen = look(read_settings())
    if as_json:
        json.dump(seen.as_dict(), sys.stdout, indent=2)
        sys.stdout.write("\n")
        raise typer.Exit(0 if seen.is_well else 1)
    out = console()
    out.print(_services(seen.services))
    for run in seen.runs:
        out.print(_run(run), markup=False)
    for source, rows in seen.behind.items():
        out.print(f"{source}: {rows} rows behind" if rows else f"{source}: up to date")
    if experiment := seen.experiment:
        out.print(
            f"experiment {experiment['experiment_id']} is {experiment['state']} at "
            f"{experiment['stage']} %: {experiment['cause']}\n"
            f"wanted {experiment['wanted']}, served {experiment['served']}",
            markup=False,
        )
    if seen.monitoring:
        out.print("monitoring of {judged_to}: {in_words}".format(**seen.monitoring), markup=False)
    for what, why in seen.unseen.items():
        out.print(f"{what} cannot be seen: {why}", style="red", markup=False)
    raise typer.Exit(0 if seen.is_well else 1)


def _services(services: "tuple[ServiceStatus, ...]") -> "Table":
    table = shown_table("service", "state", "process", "for", "restarts", "looked after by", "at")
    for one in services:
        runs = one.pid is not None
        table.add_row(
            one.name,
            one.state if one.is_well else f"[yellow]{one.state}[/yellow]",
            str(one.pid or ""),
            _ago(one.since) if runs and one.since else "",
            str(one.restarts or ""),
            f"process {one.supervisor}" if one.supervisor else "nobody" if runs else "",
            one.url or "",
        )
    return table


def _run(run: "RunStatus") -> str:
    wrong = "its process is gone" if run.is_dead else "longer than it should be"
    said = f"; {wrong}" if run.is_dead or run.is_overdue else ""
    return f"run {run.run_id} of {run.job}: {run.status} for {_ago(run.since)}{said}"


def _ago(moment: float) -> str:
    seconds = int(time.time() - moment)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
