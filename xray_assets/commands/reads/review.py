"""`xray review ...`: read films in the terminal, blind, one after another."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from xray_assets.terminal import console, error_console, read_settings, refuse

if TYPE_CHECKING:
    from xray_assets.reading.queue import ReadingQueue
    from xray_assets.web.roles import Account

app = typer.Typer(help="Read films, blind, one after another.", no_args_is_help=True)

Token = Annotated[
    str, typer.Option(envvar="XRAY_READER_TOKEN", help="Your own token; XRAY_READER_TOKEN")
]
LeaseId = Annotated[str, typer.Argument(help="The lease, as `xray review next` named it")]


@app.command(name="next")
def next_film(
    film: Annotated[Path, typer.Option(help="File that the film is written to")],
    token: Token = "",
) -> None:
    """Hold the next film for half an hour and write it to a file; the one you hold comes first."""
    with _queue(token) as (queue, reader):
        lease = queue.next(reader)
        if lease is None:
            error_console().print("nothing waits for you")
            return
        found = queue.film(lease.lease, reader)
        film.touch(mode=0o600)
        film.write_bytes(found.content)
        console().print(lease.lease)
        error_console().print(
            f"case {lease.case}, {found.width} x {found.height}, {found.bits} bits, "
            f"until {lease.expires_at:%H:%M} UTC"
        )


@app.command()
def commit(
    lease: LeaseId,
    read: Annotated[str, typer.Argument(help="pneumonia, normal, uncertain or uninterpretable")],
    certainty: Annotated[int | None, typer.Option(help="1 (a guess) to 5 (sure)")] = None,
    quality: Annotated[str | None, typer.Option(help="What is wrong with the film")] = None,
    notes: Annotated[
        str | None, typer.Option(help="Free text; nothing that identifies a patient")
    ] = None,
    commit_id: Annotated[
        str, typer.Option(help="A UUID of your own: a repeat of the command is no second read")
    ] = "",
    token: Token = "",
) -> None:
    """Store your read of the film that you hold."""
    from xray_assets.reading.forms import Read

    said = Read(read, certainty=certainty, quality=quality, notes=notes)
    with _queue(token) as (queue, reader):
        done = queue.commit(lease, reader, said, commit_id or str(uuid4()), source="manual")
    error_console().print(f"stored {done.committed_at:%Y-%m-%d %H:%M:%S} UTC")


@app.command()
def release(lease: LeaseId, token: Token = "") -> None:
    """Give a film back: others are asked, and it stays due."""
    with _queue(token) as (queue, reader):
        queue.release(lease, reader)


@app.command()
def status(token: Token = "") -> None:
    """Show how many films wait for you, and how many you have read today."""
    with _queue(token) as (queue, reader):
        progress = queue.progress(reader)
    console().print(f"{progress.waiting} films wait, {progress.read_today} read today")


@contextmanager
def _queue(token: str) -> Iterator["tuple[ReadingQueue, Account]"]:
    """The queue, and whose token it is."""
    from xray_assets.reading.queue import ReadingQueue
    from xray_assets.web.accounts import Accounts

    if not token:
        refuse("who reads? set XRAY_READER_TOKEN to the token of your account")
    settings = read_settings()
    reader = Accounts(settings).of_token(token)
    with closing(ReadingQueue(settings)) as queue:
        yield queue, reader
