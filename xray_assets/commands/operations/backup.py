"""`xray backup`, `xray restore`: the whole state in a folder, and back."""

from pathlib import Path
from typing import Annotated

import typer

from xray_assets.terminal import console, read_settings, refuse

Folder = Annotated[Path, typer.Argument(help="The folder of the backup")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(name="backup")(back_up)
    app.command()(restore)


def back_up(folder: Folder) -> None:
    """Copy the whole state into a new folder, while everything runs."""
    from xray_assets.backup.archive import backup

    settings = read_settings()
    if not settings.state.exists():
        refuse(f"{settings.state} is no state: set XRAY_STATE to the folder of the stack")
    count = backup(settings, folder.absolute())
    console().print(f"{count} files of {settings.state} are in {folder}.", soft_wrap=True)


def restore(folder: Folder) -> None:
    """Make the state (XRAY_STATE, which must be empty) from a backup."""
    from xray_assets.backup.archive import restore as made
    from xray_assets.stack.running import running

    settings = read_settings()
    if running(settings):
        refuse(f"the stack of {settings.state} runs: `xray down`, and choose an empty XRAY_STATE")
    count = made(settings, folder.absolute())
    console().print(f"{count} files of {folder} are in {settings.state}.", soft_wrap=True)
