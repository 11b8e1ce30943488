"""Where accounts are kept: `<state>/accounts.json` (mode 0600), read whole, replaced whole.

Two more accounts belong to the state itself: `operator` (`XRAY_TOKEN`, else the file
`<state>/token`) and `client` (`XRAY_CLIENT_TOKENS`, else `<state>/client_token`).
"""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import TypeAdapter

from xray_assets.errors import XrayError
from xray_assets.settings import Settings
from xray_assets.storage.atomic import replace_file
from xray_assets.web.private_files import demand_private, read_or_make
from xray_assets.web.roles import Account, Role, normalised


class AccountsError(XrayError, OSError):
    """The accounts cannot be read, or not be changed as asked; the message says what to do."""


def operator_token(settings: Settings) -> str:
    """The operator's token; the first call makes the file. The project's own code uses this one."""
    return settings.token or read_or_make(settings.state / "token")


def client_tokens(settings: Settings) -> tuple[str, ...]:
    """The tokens of the account `client`; the first call makes the file."""
    configured = tuple(part for part in settings.client_tokens.split(",") if part.strip())
    return tuple(map(str.strip, configured)) or (read_or_make(settings.state / "client_token"),)


def accounts_file(settings: Settings) -> Path:
    """Where the accounts are kept."""
    return settings.state / "accounts.json"


def stored_accounts(settings: Settings) -> list[Account]:
    """The accounts of the file; of 0.1.0's readers' file where there is none yet.

    Raises PermissionError when others can read it, AccountsError when it makes no sense.
    """
    path = accounts_file(settings)
    try:
        if path.exists():
            demand_private(path)
            return _FILE.validate_json(path.read_bytes())
        path = _readers_file(settings)
        return _former_readers(path) if path.exists() else []
    except (ValueError, KeyError) as error:  # pydantic's ValidationError is a ValueError
        raise AccountsError(
            f"{path} is not a list of accounts: delete it and add them again with `xray token add`"
        ) from error


def add_account(settings: Settings, name: str, role: Role | str, *, site: str | None = None) -> str:
    """Make an account and return its token: it is shown once, the file keeps its digest.

    Raises NameRefused, and AccountsError for an unknown role or site or a name that is taken.
    """
    if role not in list(Role):
        raise AccountsError(f"there is no role {role!r}: choose from {', '.join(Role)}")
    if site is not None and site not in settings.sites:
        raise AccountsError(f"{site!r} is not one of XRAY_SITES: add it there first")
    token = secrets.token_hex(32)
    made = Account(normalised(name), Role(role), _digest(token), site)
    with _changing(settings) as stored:
        if made.name in {one.name for one in (*stored, *own_accounts(settings))}:
            raise AccountsError(
                f"{made.name!r} has an account: revoke it first with `xray token revoke`"
            )
        stored.append(made)
    return token


def revoke_account(settings: Settings, name: str) -> None:
    """Delete an account. Raises AccountsError when there is none of this name."""
    spelled = normalised(name)
    with _changing(settings) as stored:
        kept = [one for one in stored if one.name != spelled]
        if len(kept) == len(stored):
            raise AccountsError(
                f"{accounts_file(settings)} has no account {spelled!r}: `xray token list` shows all"
            )
        stored[:] = kept


def own_accounts(settings: Settings) -> list[Account]:
    """The state's own accounts; several client tokens are `client`, `client-2`, ..."""
    clients = [
        Account("client" if number == 1 else f"client-{number}", Role.CLIENT, _digest(token))
        for number, token in enumerate(client_tokens(settings), 1)
    ]
    return [*clients, Account("operator", Role.OPERATOR, _digest(operator_token(settings)))]


@contextmanager
def _changing(settings: Settings) -> Iterator[list[Account]]:
    """The stored accounts; what is left of the list is written, one process at a time."""
    path = accounts_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stored = stored_accounts(settings)
        yield stored
        replace_file(path, _FILE.dump_json(stored, indent=1) + b"\n")
        _readers_file(settings).unlink(missing_ok=True)
    finally:
        os.close(lock)


def _readers_file(settings: Settings) -> Path:
    return settings.state / "readers.json"


def _former_readers(path: Path) -> list[Account]:
    demand_private(path)
    rows = _ROWS.validate_json(path.read_bytes())
    return _FILE.validate_python(
        [
            {
                "name": row["radiologist_id"],
                "role": row["reader_role"],
                "token_sha256": row["token_sha256"],
            }
            for row in rows
        ]
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


_FILE = TypeAdapter(list[Account])
_ROWS = TypeAdapter(list[dict[str, str]])
