"""`xray log adopt`, `xray feedback adopt`: go on with another inference log or feedback inbox."""

import getpass
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from xray_assets.terminal import console, read_settings, refuse

if TYPE_CHECKING:
    from xray_assets.lake.tables import Tables
    from xray_assets.resources.source import Source
    from xray_assets.settings import Settings

log = typer.Typer(help="The endpoint's inference log.", no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="Why; kept in the file and shown on the asset's page")]
By = Annotated[str, typer.Option(help="Who; empty: your login name")]


@log.callback()
def log_group() -> None:
    """Keep `adopt` a command of its own name."""


@log.command(name="adopt")
def adopt_log(reason: Reason, by: By = "") -> None:
    """Go on with the inference log that is there, after it was deleted, set back or exchanged."""
    from xray_assets.deployments import resources

    known = resources(read_settings())
    _adopt(known.inference_log, known.tables, reason, by)


def adopt_inbox(reason: Reason, by: By = "") -> None:
    """Go on with the feedback inbox that is there, after it was deleted, set back or exchanged."""
    from xray_assets.deployments import resources

    known = resources(read_settings())
    _adopt(known.inbox, known.tables, reason, by)


def adopt_earlier(settings: "Settings", say: Callable[[str], None]) -> None:
    """Adopt log and inbox of a state of 0.1.0, aloud, where every row that was taken from them is
    where it was; what does not fit is refused later, with the command.
    """
    from xray_assets.feedback.inbox_rows import InboxRows
    from xray_assets.serving.log.logged_rows import InferenceLogRows
    from xray_assets.storage.list_identity import UPGRADED

    lists = (InferenceLogRows(settings.inference_log), InboxRows(settings.feedback_inbox))
    if all(seen.kind != UPGRADED for one in lists if (seen := one.look())):
        return  # before tables are loaded, which takes a second
    from xray_assets.deployments import resources
    from xray_assets.resources.local.source import LocalSource

    known = resources(settings)
    for source in (known.inference_log, known.inbox):
        if isinstance(source, LocalSource) and source.adopt_earlier(known.tables):
            say(
                f"The {source.title} was made by release 0.1.0, without an identity. It has one "
                "now, and holds every row that the tables took: adopted."
            )


def _adopt(source: "Source", tables: "Tables", reason: str, by: str) -> None:
    if not reason.strip():
        refuse("say why: `--reason TEXT`")
    changed = source.fits(tables)
    if changed is None:
        refuse(f"the {source.title} at {source.place()} is the one in use: nothing to adopt")
    who = by.strip() or getpass.getuser()
    cursor = source.adopt(tables, by=who, reason=reason.strip())
    _show_in_dagster(
        source, {"adopted": str(cursor), "by": who, "reason": reason, "was": changed.value}
    )
    console().print(
        f"The {source.title} at {source.place()} is adopted as {cursor}: rows that the tables "
        "lack are taken by the next run.",
        soft_wrap=True,
    )


def _show_in_dagster(source: "Source", facts: dict[str, str]) -> None:
    """An observation on the page of the table; the file's own record is what counts."""
    import dagster as dg

    from xray_assets.stack.environment import process_environment
    from xray_assets.stack.state import prepare_state

    settings = read_settings()
    prepare_state(settings)
    os.environ.update(process_environment(settings))
    with dg.DagsterInstance.get() as instance:
        instance.report_runless_asset_event(
            dg.AssetObservation(dg.AssetKey(source.table), metadata=facts)
        )
