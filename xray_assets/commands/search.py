"""`xray search`: look for a better classifier among the families and their choices."""

from typing import Annotated

import typer

from xray_assets.terminal import console, error_console, read_settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(search)


def search(
    family: Annotated[str, typer.Argument(help="cnn, residual, filterbank; ensemble: all three")],
    trials: Annotated[int, typer.Option(min=1, help="Tries of each family in all")] = 24,
) -> None:
    """Try choices on patient folds, keep the simplest of the best, and register it as a candidate.

    A search that was killed goes on where it was. The test films are looked at once, at the end.
    Nothing is served by it: `xray backtest` and `xray experiment open` come next.
    """
    from xray_assets.catalog import CANDIDATES, ENSEMBLE, SEARCH, SEARCHED
    from xray_assets.commands.run_job import run_job
    from xray_assets.errors import XrayError

    if family not in (*SEARCHED, ENSEMBLE):
        raise XrayError(f"no family {family}: take {', '.join((*SEARCHED, ENSEMBLE))}")
    settings = read_settings()
    config = {"family": family, "trials": trials}
    run_id = run_job(
        settings,
        "search",
        config={"ops": {"__".join(SEARCH): {"config": config}}},
        console=error_console(),
    )
    model = settings.catalog.table(CANDIDATES)
    console().print(f"registered as the newest version of {model} (run {run_id})")
