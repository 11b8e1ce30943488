"""`xray audit`: does the record of decisions still say what was decided?"""

import os

import typer

from xray_assets.terminal import console, error_console, read_settings, refuse

app = typer.Typer(help="Audit the record of decisions.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """Keep `verify` a command of its own name."""


@app.command()
def verify() -> None:
    """Compare the record with its hash chain, with Dagster's events, with MLflow's tag and with the
    configs, the state and the reads that its decisions rest on. Exit code 1 when anything does not
    fit.
    """
    from dagster import DagsterInstance

    from xray_assets.audit.verify import verify as verified
    from xray_assets.deployments import resources
    from xray_assets.stack.environment import process_environment

    settings = read_settings()
    if not settings.dagster_home.exists():
        refuse(
            f"nothing to verify: no stack ever ran from {settings.state}. Set XRAY_STATE to the "
            "folder of the stack whose decisions are meant"
        )
    os.environ.update(process_environment(settings))
    room = resources(settings)
    with DagsterInstance.get() as instance:
        seen = verified(
            room.tables, instance, room.decision_witness, review_key=room.review_desk.key()
        )
    for finding in seen.findings:
        error_console().print(f"[bold red]finding[/bold red] {finding}", soft_wrap=True)
    console().print(
        f"{seen.rows} decisions, head {seen.head}, {seen.witnesses} witnesses: "
        + (f"{len(seen.findings)} findings" if seen.findings else "their chain is unbroken"),
        soft_wrap=True,
    )
    for checked in seen.checked:
        console().print(checked, soft_wrap=True)
    if seen.findings:
        raise typer.Exit(1)
