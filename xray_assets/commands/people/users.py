"""`xray user ...`: the accounts of people, who sign in to the reading room and may have a token."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from xray_assets.commands.people.person import login
from xray_assets.commands.people.tokens import Name
from xray_assets.terminal import (
    AsJson,
    console,
    error_console,
    read_settings,
    refuse,
    show_table,
    shown_table,
)

app = typer.Typer(help="Accounts of people: who signs in, and as what.", no_args_is_help=True)

PasswordFile = Annotated[
    Path | None,
    typer.Option(help="File with the password; - is stdin. Without it you are asked, twice"),
]


@app.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help="viewer, reader, adjudicator, engineer, approver")],
    site: Annotated[str | None, typer.Option(help="Where the person works")] = None,
    password_file: PasswordFile = None,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="A proxy signs the person in, or a token does")
    ] = False,
) -> None:
    """Make a person's account."""
    from xray_assets.web.account_changes import add as make
    from xray_assets.web.roles import PEOPLE

    if role not in PEOPLE:
        refuse(f"people are {', '.join(PEOPLE)}; a program's account: `xray token add`")
    hashed = None if no_password else _hashed(password_file)
    settings = read_settings()
    made = make(settings, name, role, site=site, password_hash=hashed, by=login())
    console().print(f"{made.name} is {made.role}: {settings.room_url}", markup=False)


@app.command()
def password(name: Name, password_file: PasswordFile = None) -> None:
    """Set another password: whoever is signed in under this name is signed out."""
    from xray_assets.web.account_changes import set_password

    set_password(read_settings(), name, _hashed(password_file), by=login())


@app.command()
def token(name: Name) -> None:
    """Print a new bearer token of the account, for API and CLI: once; the one before is refused."""
    from xray_assets.web.account_changes import new_token

    made = new_token(read_settings(), name, by=login())
    error_console().print("keep this token, it is not shown again:")
    console().print(made)


@app.command(name="list")
def list_people(as_json: AsJson = False) -> None:
    """Show people's accounts, and how each is told to be the person."""
    from xray_assets.web.accounts_file import stored_accounts
    from xray_assets.web.roles import PEOPLE

    table = shown_table("name", "role", "site", "password", "token")
    for one in stored_accounts(read_settings()):
        if one.role in PEOPLE:
            known = ["yes" if kept else "" for kept in (one.password_hash, one.token_sha256)]
            table.add_row(one.name, one.role, one.site or "", *known)
    show_table(table, as_json=as_json)


@app.command()
def remove(name: Name) -> None:
    """Delete an account: its token is refused and its sessions end within a second."""
    from xray_assets.web.account_changes import revoke_account

    revoke_account(read_settings(), name, by=login())


@app.command()
def record(
    last: Annotated[int, typer.Option(help="How many rows, newest first")] = 100,
    as_json: AsJson = False,
) -> None:
    """Show who signed in and out, failed to, and changed which account."""
    from xray_assets.web.sign_in.record import PeopleRecord

    table = shown_table("at", "event", "account", "role", "by", "from")
    for row in PeopleRecord(read_settings()).rows(last):
        table.add_row(row.at, row.event, row.account or "", row.role or "", row.by, row.peer or "")
    show_table(table, as_json=as_json)


def _hashed(password_file: Path | None) -> str:
    from xray_assets.web.sign_in.passwords import Passwords

    if password_file is None:
        text = typer.prompt("password", hide_input=True, confirmation_prompt=True)
    elif str(password_file) == "-":
        text = sys.stdin.readline()
    else:
        text = password_file.read_text()
    return Passwords().hashed(text.rstrip("\r\n"))
