"""`xray experiment ... | promote | rollback`: what a person may say about experiments.

Reading goes straight to the tables. Every change is a run of the job `deploy`, as the sensors' are:
checked, recorded and visible in Dagster.
"""

import getpass
from typing import Annotated

import typer

from xray_assets.commands.terminal import (
    console,
    error_console,
    folding_table,
    read_settings,
    refuse,
)

app = typer.Typer(help="See, open and close experiments.", no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="Kept with the experiment")]


def add_to(root: typer.Typer) -> None:
    """Add promote and rollback, which are short for steps of the running experiment."""
    root.command()(promote)
    root.command()(rollback)


@app.command(name="list")
def list_experiments() -> None:
    """List all experiments, newest first."""
    from xray_assets.catalog import EXPERIMENTS
    from xray_assets.deployments import resources
    from xray_assets.rollout.experiment import Experiment

    rows = resources(read_settings())["tables"].read(EXPERIMENTS).sort("opened_at", descending=True)
    table = folding_table(
        "experiment", "champion", "challenger", "state", "stage", "opened", "cause"
    )
    for row in rows.collect().iter_rows(named=True):
        one = Experiment.from_row(row)
        table.add_row(
            one.experiment_id, one.champion.served_name, one.challenger.served_name, one.state,
            f"{one.stage} %", f"{one.opened_at:%Y-%m-%d %H:%M}", one.cause,
        )  # fmt: skip
    console().print(table)


@app.command()
def show() -> None:
    """Show the last experiment, its last verdict, what is served, and the next step."""
    from xray_assets.deployments import resources
    from xray_assets.resources.endpoint import EndpointUnreachable
    from xray_assets.rollout.reconcile import next_step

    control = resources(read_settings())["control"]
    experiment = control.experiment()
    if experiment is None:
        refuse("no experiment yet: `xray materialize` opens the first one")
    out = console()
    out.print(
        f"[bold]{experiment.experiment_id}[/bold] is {experiment.state} at {experiment.stage} %"
    )
    out.print(f"champion:   {experiment.champion.served_name}")
    out.print(f"challenger: {experiment.challenger.served_name}")
    out.print(f"cause: {experiment.cause}")
    try:
        seen = control.observe(experiment)
    except EndpointUnreachable as error:
        out.print(f"served: unknown, {error}")
        return
    out.print(f"served: {seen.served}, wanted: {experiment.wanted_traffic()}")
    out.print(f"verdict: {seen.verdict or 'none yet'}")
    for reason in seen.reasons:
        out.print(f"  {reason}")
    step = next_step(seen, control.policy)
    out.print(f"next: {step.kind}, {step.cause}")


@app.command(name="open")
def open_experiment(
    model: Annotated[str, typer.Argument(help="Registered model of the challenger")],
    version: Annotated[int, typer.Argument(help="Its version")],
    reason: Reason = "",
) -> None:
    """Open an experiment of the present champion against a registered version."""
    from xray_assets.catalog import KERAS_CLASSIFIER

    settings = read_settings()
    schema = KERAS_CLASSIFIER[0]
    full_name = model if "." in model else settings.catalog.table((schema, model))
    _change("open", reason, model=full_name, version=version)


@app.command()
def close(reason: Reason = "closed by hand") -> None:
    """End the running experiment; the champion serves everything."""
    _change("close", reason)


def promote(
    approve: Annotated[bool, typer.Option("--approve", help="Apply the recommended step")] = False,
) -> None:
    """Show the recommended step of the ramp; with --approve, apply it."""
    if approve:
        _change("approve", "")
    else:
        show()


def rollback(reason: Reason = "rolled back by hand") -> None:
    """Send all traffic back to the champion; after a promotion, to the previous one."""
    _change("rollback", reason)


def _change(action: str, reason: str, *, model: str = "", version: int = 0) -> None:
    from xray_assets.catalog import ENDPOINT_CONFIG
    from xray_assets.commands.run_job import run_job

    change = {
        "action": action,
        "by": getpass.getuser(),
        "reason": reason,
        "model": model,
        "version": version,
    }
    op = ENDPOINT_CONFIG[1]
    run_job(
        read_settings(), "deploy", config={"ops": {op: {"config": change}}}, console=error_console()
    )
    show()
