"""`xray materialize`: run a job of the lineage and show how it goes."""

from typing import Annotated

import typer

from xray_assets.terminal import error_console, read_settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(materialize)


def materialize(
    job: Annotated[str, typer.Argument(help="lineage, retrain, deploy or evaluate")] = "lineage",
) -> None:
    """Run a job: through the running Dagster where there is one, else in this process."""
    from xray_assets.commands.run_job import run_job

    run_job(read_settings(), job, console=error_console())
