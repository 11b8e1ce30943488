"""Who acts from a shell: the account of a token, else a name that nobody has checked."""

import getpass
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from xray_assets.errors import XrayError

if TYPE_CHECKING:
    from xray_assets.settings import Settings
    from xray_assets.web.roles import Act

By = Annotated[str, typer.Option(help="Who; recorded as unauthenticated. Empty: your login name")]
TokenFile = Annotated[
    Path | None, typer.Option(help="File with the token of your account; else XRAY_TOKEN")
]


@dataclass(frozen=True)
class Person:
    """Whose word it is. `named`: an account's token said so."""

    name: str
    named: bool


def login(by: str = "") -> str:
    """A name that nobody has checked, as it is recorded; without one, of the login."""
    return f"{by.strip() or getpass.getuser()} (unauthenticated)"


def person(settings: "Settings", act: "Act", *, by: str, token_file: Path | None) -> Person:
    """Who acts: the account whose token is given; without one, whoever may read the state's own
    operator token, under a name that is kept as unauthenticated.

    Raises XrayError for an unknown token, PermissionDenied for an account that may not, OSError
    where the operator's token cannot be read.
    """
    from xray_assets.web.accounts_file import operator_token, stored_accounts

    token = token_file.read_text().strip() if token_file else settings.token
    digest = hashlib.sha256(token.encode()).hexdigest()
    account = next((one for one in stored_accounts(settings) if one.token_sha256 == digest), None)
    if account is None:
        if token_file and token != operator_token(settings):
            raise XrayError(f"{token_file} holds no account's token: `xray user token` makes one")
        operator_token(settings)  # a state whose token cannot be read is nobody's to change
        return Person(login(by), named=False)
    account.demand(act)
    if by.strip():
        raise XrayError(f"the token is {account.name}'s: leave --by out")
    return Person(account.name, named=True)
