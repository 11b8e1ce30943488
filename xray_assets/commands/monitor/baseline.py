"""`xray monitor rebaseline | replay`: what days are compared with, and whether it still shows what
it showed.
"""

from datetime import datetime
from typing import Annotated

import typer

from xray_assets.commands.people.person import By, TokenFile
from xray_assets.terminal import AsJson, console, read_settings, show_table, shown_table

Day = Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="A day, of XRAY_TIMEZONE")]


def add_to(monitor: typer.Typer) -> None:
    """Add these commands to `xray monitor`."""
    monitor.command()(rebaseline)
    monitor.command()(replay)


def rebaseline(
    reason: Annotated[str, typer.Option(help="Why; kept with the baseline")],
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First day that may be in it, of XRAY_TIMEZONE"),
    ] = None,
    by: By = "",
    token_file: TokenFile = None,
) -> None:
    """Compare coming days with the newest ones: what has changed is ordinary from now on."""
    from xray_assets import clock
    from xray_assets.commands.people.person import person
    from xray_assets.deployments import resources
    from xray_assets.monitoring.baselines.renewal import renew
    from xray_assets.web.roles import Act

    settings = read_settings()
    who, room = person(settings, Act.EXPERIMENT, by=by, token_file=token_file), resources(settings)
    row = renew(
        room.tables,
        room.monitoring_desk,
        by=who.name,
        reason=reason,
        since=since.date() if since else None,
        now=clock.now(),
    )
    console().print(
        f"baseline {row['baseline_id']}: {row['n_films']} films of {row['n_patients']} patients, "
        f"{row['n_positive_reads'] + row['n_negative_reads']} reads; days from "
        f"{row['effective_from']} on are compared with it. Level given up: {row['level_given_up']}",
        markup=False,
    )


def replay(first: Day, last: Day, as_json: AsJson = False) -> None:
    """Judge judged days again from the tables, and write nothing. Exit code 1 where one comes out
    otherwise.
    """
    from xray_assets.deployments import resources
    from xray_assets.monitoring.days.replay import replay as replayed

    room = resources(read_settings())
    found = replayed(room.tables, room.monitoring_desk, first.date(), last.date())
    table = shown_table("date", "level", "level now", "differs in")
    for day in found:
        table.add_row(str(day.day), day.level, day.level_now, ", ".join(day.differs))
    show_table(table, as_json=as_json)
    if any(day.differs for day in found):
        raise typer.Exit(1)
