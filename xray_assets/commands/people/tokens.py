"""`xray token ...`: accounts of programs, by their tokens. People's are in `users`."""

from typing import Annotated

import typer

from xray_assets.commands.people.person import login
from xray_assets.terminal import (
    AsJson,
    console,
    error_console,
    read_settings,
    show_table,
    shown_table,
)

app = typer.Typer(help="Accounts of programs, by their tokens.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Who or what the account belongs to")]


@app.command()
def add(
    name: Name,
    role: Annotated[
        str,
        typer.Option(
            help="operator, client, trial, verification, simulation; a person's, without a password"
        ),
    ],
    site: Annotated[
        str | None, typer.Option(help="Origin of its requests where they name none")
    ] = None,
) -> None:
    """Make an account and print its token: once, only its digest is kept."""
    from xray_assets.web.account_changes import add_account

    token = add_account(read_settings(), name, role, site=site, by=login())
    error_console().print("keep this token, it is not shown again:")
    console().print(token)


@app.command(name="list")
def list_accounts(as_json: AsJson = False) -> None:
    """Show names, roles and sites of all accounts."""
    from xray_assets.web.accounts_file import own_accounts, stored_accounts

    settings = read_settings()
    table = shown_table("name", "role", "site")
    for account in (*own_accounts(settings), *stored_accounts(settings)):
        table.add_row(account.name, account.role, account.site or "")
    show_table(table, as_json=as_json)


@app.command()
def revoke(name: Name) -> None:
    """Delete an account: its token is refused within a second."""
    from xray_assets.web.account_changes import revoke_account

    revoke_account(read_settings(), name, by=login())
