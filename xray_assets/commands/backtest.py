"""`xray backtest`: judge a candidate on past feedback before it meets a patient."""

import json
from typing import Annotated, Any

import typer

from xray_assets.terminal import (
    console,
    error_console,
    read_settings,
    shown_table,
    spelled_share,
)


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(backtest)


def backtest(
    model: Annotated[str, typer.Argument(help="Registered model of the candidate")],
    version: Annotated[int, typer.Argument(help="Its version")],
) -> None:
    """Score every reviewed film with a candidate and with the champion, and compare.

    Exit code 1 when the gate fails: too few reviewed films, or evidence that the candidate is worse
    or misses more. Nothing of it counts in an experiment.
    """
    import polars as pl

    from xray_assets.catalog import BACKTESTS
    from xray_assets.commands.run_job import run_job
    from xray_assets.deployments import resources

    settings = read_settings()
    config = {"model": settings.catalog.model(model), "version": version}
    run_id = run_job(
        settings,
        "backtest",
        config={"ops": {"__".join(BACKTESTS): {"config": config}}},
        console=error_console(),
    )
    rows = resources(settings).tables.read(BACKTESTS).filter(pl.col("run_id") == run_id)
    row = rows.collect().row(0, named=True)
    _show(row)
    if not row["passed"]:
        raise typer.Exit(1)


def _show(row: dict[str, Any]) -> None:
    from xray_assets.reasons import from_columns

    report = json.loads(row["report"])
    table = shown_table("", row["champion_model"], row["candidate_model"], "difference [95 %]")
    for name in ("accuracy", "sensitivity", "specificity"):
        table.add_row(
            name,
            *(spelled_share(report[role][f"naive_{name}"]) for role in ("champion", "challenger")),
            spelled_share(report["differences"][name]),
        )
    out = console()
    out.print(table)
    out.print(f"films: {row['n_scored']} of {row['n_films']} reviewed ones could be scored")
    for reason in from_columns(row):
        out.print(f"  {reason}", markup=False)
    out.print("gate: passed" if row["passed"] else "gate: failed")
