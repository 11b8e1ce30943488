"""`xray monitor ack | snooze | resolve`: what people say about what monitoring found."""

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xray_assets.commands.people.person import By, TokenFile
from xray_assets.terminal import console, read_settings

if TYPE_CHECKING:
    from xray_assets.lake.tables import Tables
    from xray_assets.monitoring.response.state import State
    from xray_assets.settings import Settings

Why = Annotated[str, typer.Option(help="Kept in the record")]


def add_to(monitor: typer.Typer) -> None:
    """Add these commands to `xray monitor`."""
    monitor.command()(ack)
    monitor.command()(snooze)
    monitor.command()(resolve)


def ack(reason: Why = "", by: By = "", token_file: TokenFile = None) -> None:
    """Say that you look after it: nobody else is told until the level rises."""
    from xray_assets.monitoring.response.acts import acknowledge

    _carry_out(partial(acknowledge, reason=reason), by, token_file)


def snooze(
    days: Annotated[float, typer.Option(help="How long, at most 30")],
    reason: Why = "",
    by: By = "",
    token_file: TokenFile = None,
) -> None:
    """Get no alerts for some days, unless the level rises; the level and the ramp's hold stay."""
    from xray_assets.monitoring.response import acts

    _carry_out(partial(acts.snooze, days=days, reason=reason), by, token_file)


def resolve(
    reason: Annotated[str, typer.Option(help="What it was, and what was done about it")],
    by: By = "",
    token_file: TokenFile = None,
) -> None:
    """Say that it is over: the level is NONE until a day says otherwise."""
    from xray_assets.monitoring.response import acts

    _carry_out(partial(acts.resolve, reason=reason), by, token_file)


def _carry_out(act: "Callable[..., State]", by: str, token_file: Path | None) -> None:
    """Do it as whoever asks, and say what stands. What is refused raises before any change."""
    from xray_assets.commands.people.person import person
    from xray_assets.deployments import resources
    from xray_assets.web.roles import Act

    settings = read_settings()
    who = person(settings, Act.ANSWER_ALERTS, by=by, token_file=token_file)
    room = resources(settings)
    state = act(room.tables, by=who.name, now=room.monitoring_desk.now())
    console().print(str(state), markup=False)
    with suppress(Exception):  # what is shown in Dagster is no part of the act
        _show(settings, room.tables, who.name)


def _show(settings: "Settings", tables: "Tables", by: str) -> None:
    from xray_assets.catalog import MONITORING_RECORD
    from xray_assets.monitoring.response.record import end_of, read
    from xray_assets.runs.runless import show
    from xray_assets.stack.environment import process_environment

    os.environ.update(process_environment(settings))
    show({MONITORING_RECORD: end_of(read(tables))}, {"decided_by": by})
