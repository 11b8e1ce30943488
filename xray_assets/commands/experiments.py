"""`xray experiment ... | promote | rollback`: what a person may say about experiments.

Reading goes straight to the tables. Every change is a run of the job `deploy`, as the sensors' are:
checked, recorded and visible in Dagster.
"""

from typing import TYPE_CHECKING, Annotated

import typer

from xray_assets.terminal import (
    AsJson,
    console,
    error_console,
    read_settings,
    refuse,
    show_table,
    shown_table,
)

if TYPE_CHECKING:
    from rich.console import Console

    from xray_assets.resources.control import RolloutControl
    from xray_assets.rollout.experiment import Experiment

app = typer.Typer(help="See, open and close experiments.", no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="Why; kept with the experiment")]
By = Annotated[str, typer.Option(help="Who; kept with the experiment. Empty: your login name")]


def add_to(root: typer.Typer) -> None:
    """Add promote and rollback, which are short for steps of the running experiment."""
    root.command()(promote)
    root.command()(rollback)


@app.command(name="list")
def list_experiments(as_json: AsJson = False) -> None:
    """List all experiments, newest first."""
    from xray_assets.catalog import EXPERIMENTS
    from xray_assets.deployments import resources
    from xray_assets.rollout.experiment import Experiment

    rows = resources(read_settings()).tables.read(EXPERIMENTS).sort("opened_at", descending=True)
    table = shown_table("experiment", "champion", "challenger", "state", "stage", "opened", "cause")
    for row in rows.collect().iter_rows(named=True):
        one = Experiment.from_row(row)
        table.add_row(
            one.experiment_id, one.champion.served_name, one.challenger.served_name, one.state,
            f"{one.stage} %", f"{one.opened_at:%Y-%m-%d %H:%M}", one.cause,
        )  # fmt: skip
    show_table(table, as_json=as_json)


@app.command()
def show() -> None:
    """Show the last experiment, its last verdict, what is served, and the next step."""
    from xray_assets.resources.endpoint import EndpointUnreachable
    from xray_assets.rollout.reconcile import next_step

    control, experiment = _last()
    out = console()
    out.print(
        f"[bold]{experiment.experiment_id}[/bold] is {experiment.state} at {experiment.stage} %"
    )
    for name, value in _roles(experiment).items():
        out.print(f"{name}: {value}", markup=False)
    out.print(f"cause: {experiment.cause} (by {experiment.decided_by})", markup=False)
    _show_verdict(control, experiment, out)
    try:
        seen = control.observe(experiment)
    except EndpointUnreachable as error:
        out.print(f"served: unknown, {error}", markup=False)
        return
    out.print(f"served: {seen.served}, wanted: {experiment.wanted_traffic()}", markup=False)
    if experiment.approval:
        one, stands = experiment.approval, "stands" if seen.standing_approval else "has lapsed"
        out.print(f"approval of {one.by}: {stands}, {one.reason}", markup=False)
    step = next_step(seen, control.policy)
    out.print(f"next: {step.kind}, {step.cause}", markup=False)


@app.command(name="open")
def open_experiment(
    model: Annotated[str, typer.Argument(help="Registered model of the challenger")],
    version: Annotated[int, typer.Argument(help="Its version")],
    reason: Reason = "",
    by: By = "",
) -> None:
    """Open an experiment of the present champion against a registered version."""
    full_name = read_settings().catalog.model(model)
    _change("open", reason, by, model=full_name, version=version)


@app.command()
def close(reason: Reason = "closed by hand", by: By = "") -> None:
    """End the running experiment; the champion serves everything."""
    _change("close", reason, by)


def promote(
    approve: Annotated[
        bool, typer.Option("--approve", help="Approve the recommended step")
    ] = False,
    reason: Reason = "",
    by: By = "",
) -> None:
    """Show the recommended step of the ramp; with --approve, approve it.

    Where XRAY_APPROVERS is 2, the first approval is kept and another person's takes the step.
    """
    if not approve:
        show()
        return
    if not reason.strip():
        refuse('an approval needs a reason: add --reason "..."')
    _, experiment = _last()
    _change(
        "approve",
        reason,
        by,
        experiment_id=experiment.experiment_id,
        from_stage=experiment.stage,
    )


def rollback(
    reason: Reason = "rolled back by hand",
    by: By = "",
    to_previous: Annotated[
        bool, typer.Option(help="To the champion before the last promotion, whatever came after")
    ] = False,
) -> None:
    """Send all traffic back to the champion; after a promotion, to the previous one."""
    _change("rollback", reason, by, to_previous=to_previous)


def _last() -> tuple["RolloutControl", "Experiment"]:
    from xray_assets.deployments import resources

    control = resources(read_settings()).control
    experiment = control.experiment()
    if experiment is None:
        refuse("no experiment yet: `xray materialize` opens the first one")
    return control, experiment


def _roles(experiment: "Experiment") -> dict[str, str]:
    """Who is what now. After an experiment nobody is challenger."""
    from xray_assets.rollout.experiment import PROMOTED

    champion, challenger = experiment.champion.served_name, experiment.challenger.served_name
    if experiment.is_running:
        return {"champion": champion, "challenger": challenger}
    if experiment.state == PROMOTED:
        return {"champion": f"{challenger} (was the challenger)", "previous champion": champion}
    return {"champion": champion, "was challenger": challenger}


def _show_verdict(control: "RolloutControl", experiment: "Experiment", out: "Console") -> None:
    """The last decision, from the table: also where nothing runs."""
    from xray_assets.reasons import from_columns

    decisions = control.decisions(experiment)
    if decisions.is_empty():
        out.print("verdict: none yet")
        return
    last = decisions.row(-1, named=True)
    out.print(f"verdict: {last['verdict']} at {last['decided_at']:%Y-%m-%d %H:%M} UTC")
    for reason in from_columns(last):
        out.print(f"  {reason}", markup=False)


def _change(action: str, reason: str, by: str, **more: str | int | bool) -> None:
    import getpass

    from xray_assets.catalog import ENDPOINT_CONFIG
    from xray_assets.commands.run_job import run_job

    by = by.strip() or getpass.getuser()
    change = {"action": action, "by": by, "reason": reason, **more}
    op = ENDPOINT_CONFIG[1]
    run_job(
        read_settings(), "deploy", config={"ops": {op: {"config": change}}}, console=error_console()
    )
    show()
