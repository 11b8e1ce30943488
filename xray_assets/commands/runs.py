"""`xray materialize`: run a job of the lineage and show how it goes."""

from typing import TYPE_CHECKING, Annotated

import typer

from xray_assets.terminal import error_console, read_settings

if TYPE_CHECKING:
    from xray_assets.settings import Settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(materialize)


def materialize(
    job: Annotated[
        str, typer.Argument(help="lineage, train, retrain, deploy or evaluate")
    ] = "lineage",
) -> None:
    """Run a job: through the running Dagster where there is one, else in this process."""
    from xray_assets.commands.experiments import settings_of_what_runs
    from xray_assets.commands.run_job import run_job
    from xray_assets.jobs import NEEDS_ENDPOINT

    if job in NEEDS_ENDPOINT:
        _demand_endpoint(settings_of_what_runs(), job)
    run_job(read_settings(), job, console=error_console())


def _demand_endpoint(settings: "Settings", job: str) -> None:
    """Raise EndpointUnreachable now, not after a training of minutes."""
    from xray_assets.deployments import resources
    from xray_assets.rollout.served import EndpointUnreachable

    try:
        resources(settings).serving.process_config_and_initialize().served()
    except EndpointUnreachable as error:
        raise EndpointUnreachable(f"{job} was not started: {error}") from error
