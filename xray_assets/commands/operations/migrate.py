"""`xray migrate`: bring the lake of an earlier release to this one; `xray up` does it first."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from xray_assets.terminal import console, read_settings

if TYPE_CHECKING:
    from xray_assets.settings import Settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(migrate)


def migrate() -> None:
    """Bring the tables that an earlier release wrote to this one's. Refused whole where one cannot
    be changed; nothing may run meanwhile.
    """
    out = console()
    if not bring_up_to_date(read_settings(), out.print):
        out.print("Every table keeps its contract: nothing to change.")


def bring_up_to_date(settings: "Settings", say: Callable[[str], None]) -> bool:
    """Change the tables of the settings' lake aloud; True where there was something to change.
    Raises CannotMigrate before the first change.
    """
    if settings.deployment != "local":
        return False
    from xray_assets.deployments import resources
    from xray_assets.resources.migration import migrate

    changes = migrate(resources(settings).tables)
    for one in changes:
        say(f"Migrated: {one}")
    return bool(changes)
