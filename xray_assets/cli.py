"""`xray`: the command line. Groups and error messages only; each command lives in `commands/`."""

import os
import signal
import sys
from typing import Annotated

import typer

from xray_assets.commands import (
    audit,
    backtest,
    endpoint,
    experiments,
    monitor,
    query,
    report,
    retrain,
    runs,
    score,
    search,
    simulate,
)
from xray_assets.commands.operations import (
    adopt,
    backup,
    checkup,
    erase,
    migrate,
    processes,
    status,
)
from xray_assets.commands.people import acts, tokens, users
from xray_assets.commands.reads import feedback, review, review_policy
from xray_assets.web.private_files import PRIVATE

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for group in (
    backup,
    erase,
    processes,
    status,
    migrate,
    runs,
    endpoint,
    backtest,
    retrain,
    query,
    report,
    score,
    search,
    simulate,
    checkup,
):
    group.add_to(app)
app.add_typer(feedback.app, name="feedback")
app.add_typer(review.app, name="review")
app.add_typer(experiments.app, name="experiment")
acts.add_to(app, experiments.app)
app.add_typer(audit.app, name="audit")
app.add_typer(adopt.log, name="log")
feedback.app.command(name="adopt")(adopt.adopt_inbox)
app.add_typer(tokens.app, name="token")
app.add_typer(users.app, name="user")
review_policy.add_to(review.app)
app.add_typer(monitor.app, name="monitor")


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"xray-assets {version('xray-assets')}")
        raise typer.Exit


@app.callback()
def xray(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version"),
    ] = False,
) -> None:
    """Replace a chest X-ray classifier safely. `xray settings` lists what can be set."""


def main() -> None:
    """Run a command; the project's own errors are shown as one message, without a traceback."""
    os.umask(PRIVATE)
    # As Ctrl-C, so that what a command started is stopped on every way out.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        from xray_assets.terminal import is_for_people, show_error

        if not is_for_people(error):
            raise  # a defect, whose traceback is wanted
        show_error(error)
        sys.exit(1)
