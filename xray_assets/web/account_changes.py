"""Adding and removing accounts, their passwords and tokens; each change is on people's record."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from xray_assets.settings import Settings
from xray_assets.web.accounts_file import (
    AccountsError,
    accounts_file,
    changing,
    digest_of,
    own_accounts,
)
from xray_assets.web.roles import Account, Role, normalised
from xray_assets.web.sign_in.record import Event, PeopleRecord

SHELL = "a shell"
"""Who changed accounts where nobody says so."""


def add_account(
    settings: Settings, name: str, role: Role | str, *, site: str | None = None, by: str = SHELL
) -> str:
    """Make an account and return its token: it is shown once, the file keeps its digest.

    Raises as `add`.
    """
    token = secrets.token_hex(32)
    add(settings, name, role, site=site, token_sha256=digest_of(token), by=by)
    return token


def add(
    settings: Settings,
    name: str,
    role: Role | str,
    *,
    site: str | None = None,
    token_sha256: str | None = None,
    password_hash: str | None = None,
    by: str = SHELL,
) -> Account:
    """Make an account. Without token and password only a proxy can speak for it.

    Raises NameRefused, and AccountsError for an unknown role or site or a name that is taken.
    """
    if role not in list(Role):
        raise AccountsError(f"there is no role {role!r}: choose from {', '.join(Role)}")
    if site is not None and site not in settings.sites:
        raise AccountsError(f"{site!r} is not one of XRAY_SITES: add it there first")
    made = Account(normalised(name), Role(role), token_sha256, site, password_hash)
    with changing(settings) as stored:
        if made.name in {one.name for one in (*stored, *own_accounts(settings))}:
            raise AccountsError(
                f"{made.name!r} has an account: remove it first with `xray user remove`"
            )
        stored.append(made)
    PeopleRecord(settings).add(Event.ADDED, account=made.name, role=made.role, by=by)
    return made


def revoke_account(settings: Settings, name: str, *, by: str = SHELL) -> None:
    """Delete an account: its token is refused and its sessions end. Raises AccountsError when
    there is none of this name.
    """
    with _one(settings, name) as (stored, at):
        gone = stored.pop(at)
    PeopleRecord(settings).add(Event.REMOVED, account=gone.name, role=gone.role, by=by)


def new_token(settings: Settings, name: str, *, by: str = SHELL) -> str:
    """A new token of an account; the one before is refused. Raises AccountsError."""
    token = secrets.token_hex(32)
    with _one(settings, name) as (stored, at):
        stored[at] = changed = replace(stored[at], token_sha256=digest_of(token))
    PeopleRecord(settings).add(Event.TOKEN, account=changed.name, role=changed.role, by=by)
    return token


def set_password(settings: Settings, name: str, password_hash: str, *, by: str = SHELL) -> None:
    """Another password: all sessions of the account end. Raises AccountsError."""
    with _one(settings, name) as (stored, at):
        stored[at] = changed = replace(stored[at], password_hash=password_hash)
    PeopleRecord(settings).add(Event.PASSWORD, account=changed.name, role=changed.role, by=by)


@contextmanager
def _one(settings: Settings, name: str) -> Iterator[tuple[list[Account], int]]:
    """The stored accounts and the place of one. Raises AccountsError where it is not there."""
    spelled = normalised(name)
    with changing(settings) as stored:
        found = [at for at, one in enumerate(stored) if one.name == spelled]
        if not found:
            raise AccountsError(
                f"{accounts_file(settings)} has no account {spelled!r}: `xray user list` shows all"
            )
        yield stored, found[0]
