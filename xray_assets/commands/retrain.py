"""`xray retrain`: a person asks for a retraining, or to move the champion's operating point."""

import json
from typing import Annotated, Any

import typer

from xray_assets.commands.people.person import By, TokenFile
from xray_assets.terminal import console, error_console, read_settings, shown_table


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(retrain)


def retrain(
    reason: Annotated[str, typer.Option(help="Why; kept with the request")] = "asked by hand",
    recalibrate: Annotated[
        bool, typer.Option(help="Move the champion's operating point, and train nothing")
    ] = False,
    by: By = "",
    token_file: TokenFile = None,
) -> None:
    """Train a candidate on all countable truths, judge it, register it, and backtest it.

    A broken feed, too few truths, a retraining under way or an experiment stand against it too.
    Exit code 1 where no candidate was registered. Traffic never moves: XRAY_RETRAIN=shadow opens an
    experiment at share 0, otherwise `xray experiment open` does.
    """
    from xray_assets.commands.people.person import person
    from xray_assets.commands.run_job import run_job
    from xray_assets.contracts.tables.retraining import OPENED, RECOMMENDED
    from xray_assets.deployments import resources
    from xray_assets.retraining.requests import read_requests
    from xray_assets.web.roles import Act

    settings = read_settings()
    who = person(settings, Act.EXPERIMENT, by=by, token_file=token_file)
    tables = resources(settings).tables
    asked = {"ask": "manual", "by": who.name, "reason": reason, "recalibrate": recalibrate}
    run_id = _run(settings, run_job, asked)
    rows = [row for row in read_requests(tables) if row["run_id"] == run_id]
    if not rows:
        error_console().print("nothing was done: `xray runs` shows the run, and why", markup=False)
        raise typer.Exit(1)
    if rows[-1]["state"] == "registered":
        _run(settings, run_job, {"ask": "due"})
    row = next(one for one in read_requests(tables) if one["request_id"] == rows[-1]["request_id"])
    _show(row)
    if row["state"] not in (RECOMMENDED, OPENED, "registered"):
        raise typer.Exit(1)


def _run(settings: Any, run_job: Any, asked: dict[str, Any]) -> str:
    from xray_assets.catalog import RETRAINING_REQUESTS

    config = {"ops": {"__".join(RETRAINING_REQUESTS): {"config": asked}}}
    return str(run_job(settings, "retrain", config=config, console=error_console()))


def _show(row: dict[str, Any]) -> None:
    out = console()
    for attempt in json.loads(row["gates"])["attempts"] if row["gates"] else []:
        if attempt["not_made"]:
            out.print(f"{attempt['method']}: not tried ({attempt['not_made']})", markup=False)
            continue
        table = shown_table(attempt["method"], "gate", "why")
        for name, gate in attempt["gates"].items():
            table.add_row(name, "passed" if gate["passed"] else "FAILED", gate["said"])
        out.print(table)
    out.print(f"{row['request_id']}: {row['state']}; {row['reason']}", markup=False)
