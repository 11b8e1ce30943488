"""`xray demo | up | down | serve | feedback-api | room`: commands that start or stop processes."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from xray_assets.commands.operations.adopt import adopt_earlier
from xray_assets.commands.operations.migrate import bring_up_to_date
from xray_assets.terminal import console, read_settings


class ScenarioName(StrEnum):
    """The demo's scenarios: what the challenger is, as the champion sees it; or films change."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same"
    DRIFT = "drift"


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(demo)
    app.command()(up)
    app.command()(down)
    app.command()(serve)
    app.command(name="feedback-api")(feedback_api)
    app.command()(room)


def demo(
    scenario: Annotated[
        ScenarioName, typer.Option(help="What the challenger is")
    ] = ScenarioName.BETTER,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the stack up until Ctrl-C")] = False,
) -> None:
    """Run the main job on the real stack, with clients and simulated readers, to a verdict.

    `drift`: days of a simulation instead, from a change of a site's films to a promoted model; exit
    code 1 when none was.
    """
    if scenario is ScenarioName.DRIFT:
        from xray_assets.demo.drift import is_closed, run_drift

        raise typer.Exit(0 if is_closed(run_drift(console())) else 1)
    from xray_assets.demo.run import run_demo

    run_demo(scenario=scenario.value, keep=keep)


def up(
    services: Annotated[
        list[str] | None,
        typer.Argument(
            help="dagster, endpoint, feedback-api, room, mlflow; all but mlflow when none is named"
        ),
    ] = None,
    mlflow: Annotated[bool, typer.Option("--mlflow", help="Start the MLflow UI too")] = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="Return when all is ready; stop with `xray down`")
    ] = False,
) -> None:
    """Start Dagster, endpoint, feedback API and reading room; Ctrl-C or `xray down` stops them."""
    from xray_assets.stack.__main__ import supervise_detached
    from xray_assets.stack.services import DEFAULT_SERVICES, MLFLOW_UI
    from xray_assets.stack.stack import Stack

    names = [*(services or DEFAULT_SERVICES), *([MLFLOW_UI] if mlflow else [])]
    out = console()
    settings, say = read_settings(), partial(out.print, markup=False)
    bring_up_to_date(settings, say)
    adopt_earlier(settings, say)
    stack = Stack(settings, names=names, progress=say)
    stack.start()
    if detach:
        supervise_detached(stack)
        out.print("Stop with `xray down`.")
        return
    try:
        stack.wait(f"Logs: {stack.settings.state / 'logs'}. Ctrl-C stops everything.")
    finally:
        out.print("stopping ...")
        stack.stop()


def down(
    below: Annotated[
        Path | None, typer.Option(help="Every stack whose state folder is this one, or lies in it")
    ] = None,
) -> None:
    """Stop what was started from this state folder and still runs."""
    from xray_assets.stack import running

    settings, out = read_settings(), console()
    chosen = [settings] if below is None else running.below(settings, below.resolve())
    for one in chosen:
        known = running.recorded(one)
        alive = [name for name, process in known.items() if process.is_alive]
        running.stop(one, known)
        out.print(f"stopped {', '.join(alive)}" if alive else f"nothing runs from {one.state}")


def serve() -> None:
    """Serve the endpoint alone, in this process."""
    from xray_assets.serving import serve as serve_endpoint
    from xray_assets.stack.state import prepare_state

    settings = read_settings()
    prepare_state(settings)
    serve_endpoint(settings)


def feedback_api() -> None:
    """Serve the feedback API alone, in this process."""
    from xray_assets.feedback_api.server import serve as serve_feedback
    from xray_assets.stack.state import prepare_state

    settings = read_settings()
    prepare_state(settings)
    serve_feedback(settings)


def room() -> None:
    """Serve the reading room alone, in this process."""
    from xray_assets.room.__main__ import serve as serve_room
    from xray_assets.stack.state import prepare_state

    settings = read_settings()
    prepare_state(settings)
    serve_room(settings)
