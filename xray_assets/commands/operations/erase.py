"""`xray erase`: take a patient out of every store."""

import getpass
import sys
from typing import Annotated

import typer

from xray_assets.terminal import console, read_settings, refuse


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(erase)


def erase(
    patient_id: Annotated[
        str | None, typer.Option(help="The id as clients sent it; left out: a line of stdin")
    ] = None,
    by: Annotated[str, typer.Option(help="Who; empty: your login name")] = "",
) -> None:
    """Remove a patient's requests, films and reads from every store; the id is not recorded."""
    from xray_assets.backup.erasure import erase as erased
    from xray_assets.deployments import resources

    wanted = patient_id if patient_id is not None else sys.stdin.readline().rstrip("\n")
    if not wanted:
        refuse("say whom: `--patient-id ID`, or the id on stdin, which no shell history keeps")
    settings = read_settings()
    tables = resources(settings).tables
    counts = erased(settings, tables, wanted, by=by.strip() or getpass.getuser())
    for store, count in counts.items():
        console().print(f"{store}: {count}")
