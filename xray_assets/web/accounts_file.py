"""Where accounts are kept: `<state>/accounts.json` (mode 0600), read whole, replaced whole.

More accounts belong to the state itself: `operator` (`XRAY_TOKEN`, else the file `<state>/token`),
`client` (`XRAY_CLIENT_TOKENS`, else `<state>/client_token`) and `room` (`<state>/room_token`), by
which the reading room asks the endpoint. What changes the file for people is in `account_changes`.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from xray_assets.errors import XrayError
from xray_assets.settings import Settings
from xray_assets.storage.atomic import replace_file
from xray_assets.web.private_files import demand_private, read_or_make
from xray_assets.web.roles import Account, Role

VERSION = 2
"""Of the file: 1 was a bare list, with a token for each."""


class AccountsError(XrayError, OSError):
    """The accounts cannot be read, or not be changed as asked; the message says what to do."""


def operator_token(settings: Settings) -> str:
    """The operator's token; the first call makes the file. The project's own code uses this one."""
    return settings.token or read_or_make(settings.state / "token")


def client_tokens(settings: Settings) -> tuple[str, ...]:
    """The tokens of the account `client`; the first call makes the file."""
    configured = tuple(part for part in settings.client_tokens.split(",") if part.strip())
    return tuple(map(str.strip, configured)) or (read_or_make(settings.state / "client_token"),)


def room_token(settings: Settings) -> str:
    """The token by which the reading room tries films; the first call makes the file."""
    return read_or_make(settings.state / "room_token")


def accounts_file(settings: Settings) -> Path:
    """Where the accounts are kept."""
    return settings.state / "accounts.json"


def stored_accounts(settings: Settings) -> list[Account]:
    """The accounts of the file, also as releases before 0.3.0 wrote it.

    Raises PermissionError when others can read it, AccountsError when it makes no sense, or a newer
    release wrote it.
    """
    path = accounts_file(settings)
    try:
        if path.exists():
            demand_private(path)
            return _read(path)
        path = _readers_file(settings)
        return _former_readers(path) if path.exists() else []
    except (ValueError, KeyError) as error:  # pydantic's ValidationError is a ValueError
        raise AccountsError(
            f"{path} is not a list of accounts: delete it and add them again with `xray user add` "
            "and `xray token add`"
        ) from error


def take_over(settings: Settings) -> bool:
    """Write the accounts of an earlier release as this one does; False where there are none.

    Raises as `stored_accounts`.
    """
    stored_accounts(settings)
    path = accounts_file(settings)
    if path.exists():
        is_old = isinstance(_ANY.validate_json(path.read_bytes()), list)
    else:
        is_old = _readers_file(settings).exists()
    if is_old:
        with changing(settings):
            pass
    return is_old


def own_accounts(settings: Settings) -> list[Account]:
    """The state's own accounts; several client tokens are `client`, `client-2`, ..."""
    clients = [
        Account("client" if number == 1 else f"client-{number}", Role.CLIENT, digest_of(token))
        for number, token in enumerate(client_tokens(settings), 1)
    ]
    return [
        *clients,
        Account("room", Role.TRIAL, digest_of(room_token(settings))),
        Account("operator", Role.OPERATOR, digest_of(operator_token(settings))),
    ]


@contextmanager
def changing(settings: Settings) -> Iterator[list[Account]]:
    """The stored accounts; what is left of the list is written, one process at a time."""
    path = accounts_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stored = stored_accounts(settings)
        yield stored
        kept = _File(version=VERSION, accounts=stored)
        replace_file(path, kept.model_dump_json(indent=1, exclude_none=True) + "\n")
        _readers_file(settings).unlink(missing_ok=True)
    finally:
        os.close(lock)


def _read(path: Path) -> list[Account]:
    """The accounts of any version. Raises ValueError, AccountsError."""
    found = _ANY.validate_json(path.read_bytes())
    if isinstance(found, list):  # 0.2.0
        return _ACCOUNTS.validate_python(found)
    version = found.get("version")
    if isinstance(version, int) and version > VERSION:
        raise AccountsError(f"{path} was written by a newer release than this one: install that")
    return _File.model_validate(found).accounts


def _readers_file(settings: Settings) -> Path:
    return settings.state / "readers.json"


def _former_readers(path: Path) -> list[Account]:
    demand_private(path)
    rows = _ROWS.validate_json(path.read_bytes())
    return _ACCOUNTS.validate_python(
        [
            {
                "name": row["radiologist_id"],
                "role": row["reader_role"],
                "token_sha256": row["token_sha256"],
            }
            for row in rows
        ]
    )


def digest_of(token: str) -> str:
    """What is kept of a token: its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: int
    accounts: list[Account]


_ANY = TypeAdapter(dict[str, Any] | list[Any])
_ACCOUNTS = TypeAdapter(list[Account])
_ROWS = TypeAdapter(list[dict[str, str]])
