"""`xray experiment list | show`: where experiments stand. What people decide is in `acts`."""

from typing import TYPE_CHECKING

import typer

from xray_assets.terminal import AsJson, console, read_settings, refuse, show_table, shown_table

if TYPE_CHECKING:
    from rich.console import Console

    from xray_assets.lake.tables import Tables
    from xray_assets.resources.ramp import Ramp
    from xray_assets.rollout.experiment import Experiment
    from xray_assets.settings import Settings

app = typer.Typer(help="See, open and close experiments.", no_args_is_help=True)


@app.command(name="list")
def list_experiments(as_json: AsJson = False) -> None:
    """List all experiments, newest first."""
    from xray_assets.catalog import EXPERIMENTS
    from xray_assets.deployments import resources
    from xray_assets.rollout.experiment_rows import experiment_of

    rows = resources(read_settings()).tables.read(EXPERIMENTS).sort("opened_at", descending=True)
    table = shown_table("experiment", "champion", "challenger", "state", "stage", "opened", "cause")
    for row in rows.collect().iter_rows(named=True):
        one = experiment_of(row)
        table.add_row(
            one.experiment_id, one.champion.served_name, one.challenger.served_name, one.state,
            f"{one.stage} %", f"{one.opened_at:%Y-%m-%d %H:%M}", one.cause,
        )  # fmt: skip
    show_table(table, as_json=as_json)


@app.command()
def show() -> None:
    """Show the last experiment, its last verdict, what is served, and the next step."""
    from xray_assets.deployments import resources

    show_ramp(resources(settings_of_what_runs()).ramp)


def show_ramp(ramp: "Ramp") -> None:
    """What `show` shows."""
    from xray_assets.rollout.observe import observe
    from xray_assets.rollout.reconcile import next_step
    from xray_assets.rollout.served import EndpointUnreachable
    from xray_assets.rollout.state import last_experiment, waiting

    experiment = last_experiment(ramp.tables)
    if experiment is None:
        refuse("no experiment yet: `xray materialize` opens the first one")
    out = console()
    out.print(
        f"[bold]{experiment.experiment_id}[/bold] is {experiment.state} at {experiment.stage} %"
    )
    for name, value in _roles(experiment).items():
        out.print(f"{name}: {value}", markup=False)
    out.print(f"cause: {experiment.cause} (by {experiment.decided_by})", markup=False)
    _show_verdict(ramp.tables, experiment, out)
    try:
        seen = observe(ramp, experiment)
    except EndpointUnreachable as error:
        out.print(f"served: unknown, {error}", markup=False)
        if wait := waiting(ramp.tables):
            out.print(wait, markup=False)
        return
    out.print(f"served: {seen.served}, wanted: {experiment.wanted_traffic()}", markup=False)
    if experiment.approval:
        one, stands = experiment.approval, "stands" if seen.standing_approval else "has lapsed"
        out.print(f"approval of {one.by}: {stands}, {one.reason}", markup=False)
    step = next_step(seen, ramp.policy)
    out.print(f"next: {step.kind}, {step.cause}", markup=False)


def settings_of_what_runs() -> "Settings":
    """The settings, with the port of the endpoint that runs from this state, whatever this shell's
    is.
    """
    from xray_assets.stack import running
    from xray_assets.stack.services import ENDPOINT

    settings = read_settings()
    endpoint = running.running(settings).get(ENDPOINT)
    if endpoint is None or endpoint.port is None:
        return settings
    return settings.model_copy(update={"endpoint_port": endpoint.port})


def _roles(experiment: "Experiment") -> dict[str, str]:
    """Who is what now. After an experiment nobody is challenger."""
    from xray_assets.rollout.experiment import PROMOTED

    champion, challenger = experiment.champion.served_name, experiment.challenger.served_name
    if experiment.is_running:
        return {"champion": champion, "challenger": challenger}
    if experiment.state == PROMOTED:
        return {"champion": f"{challenger} (was the challenger)", "previous champion": champion}
    return {"champion": champion, "was challenger": challenger}


def _show_verdict(tables: "Tables", experiment: "Experiment", out: "Console") -> None:
    """The last decision, from the table: also where nothing runs."""
    from xray_assets.reasons import from_columns
    from xray_assets.rollout.state import decisions_of

    decisions = decisions_of(tables, experiment)
    if decisions.is_empty():
        out.print("verdict: none yet")
        return
    last = decisions.row(-1, named=True)
    when = "verdict" if experiment.is_running else f"verdict before it was {experiment.state}"
    out.print(f"{when}: {last['verdict']} at {last['decided_at']:%Y-%m-%d %H:%M} UTC")
    for reason in from_columns(last):
        out.print(f"  {reason}", markup=False)
