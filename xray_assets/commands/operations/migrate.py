"""`xray migrate`: bring the state of an earlier release to this one; `xray up` does it first."""

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
    """Bring tables and accounts that an earlier release wrote to this one's. Refused whole where
    one cannot be changed; nothing may run meanwhile.
    """
    out = console()
    if not bring_up_to_date(read_settings(), out.print):
        out.print("Tables and accounts are this release's: nothing to change.")


def bring_up_to_date(settings: "Settings", say: Callable[[str], None]) -> bool:
    """Change accounts and the tables of the settings' lake aloud; True where there was something to
    change. Raises CannotMigrate or AccountsError before the first change of a table.
    """
    from xray_assets.web.accounts_file import accounts_file, take_over

    taken_over = take_over(settings)
    if taken_over:
        say(f"Migrated: {accounts_file(settings)}; every token stays valid")
    if settings.deployment != "local":
        return taken_over
    from xray_assets.deployments import resources
    from xray_assets.resources.migration import migrate

    changes = migrate(resources(settings).tables)
    for one in changes:
        say(f"Migrated: {one}")
    return taken_over or bool(changes)
