"""From a bearer token to the account that calls, for every server and command of the project.

Accounts are kept by `accounts_file`; what a role may do is in `roles`.
"""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from xray_assets.settings import Settings
from xray_assets.web.accounts_file import accounts_file, own_accounts, stored_accounts
from xray_assets.web.refusals import Unauthenticated, Unavailable
from xray_assets.web.roles import Account, normalised

_LOOK_SECONDS = 1.0
"""A revoked token is refused after so long; a new one is accepted at once."""


class Accounts:
    """The known accounts. The file is read again when it changed, without a restart."""

    def __init__(self, settings: Settings) -> None:
        """Read all. Raises PermissionError for a file that others can read, AccountsError for one
        that makes no sense.
        """
        self._settings = settings
        self._file = accounts_file(settings)
        self._own = own_accounts(settings)
        self._seen = _stamp(self._file)
        self._take(stored_accounts(settings))

    def account(self, authorization: bytes | str | None) -> Account:
        """The account of an Authorization header. Raises Unauthenticated; Unavailable for a token
        of the file while the file cannot be read.

        The look-up is by the SHA-256 of what was sent under Python's keyed hash: its time says
        nothing about the known tokens.
        """
        if authorization is None:
            raise Unauthenticated("no token: send the header 'Authorization: Bearer <token>'")
        if isinstance(authorization, str):
            authorization = authorization.encode("latin-1", "replace")
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or not token:
            raise Unauthenticated("send the header 'Authorization: Bearer <token>'")
        if time.monotonic() >= self._next_look:
            self._look()
        digest = hashlib.sha256(token.strip()).digest()
        found = self._known.get(digest)
        if found is None:
            self._look()
            found = self._known.get(digest)
        if found is None:
            if self._problem:
                raise Unavailable("the accounts' file cannot be read; `xray token list` says why")
            raise Unauthenticated("unknown token")
        return found

    def of_token(self, token: str) -> Account:
        """The account of a bare token. Raises as `account`."""
        return self.account(f"Bearer {token}".encode())

    def person(self, name: str) -> Account | None:
        """The present account of a name, in any spelling.

        Raises ValueError for what can be no name, Unavailable while the file cannot be read.
        """
        spelled = normalised(name)
        self._look()
        if self._problem:
            raise Unavailable("the accounts' file cannot be read; `xray user list` says why")
        return self._by_name.get(spelled)

    def _take(self, stored: Sequence[Account], problem: str = "") -> None:
        # Own tokens last: an account of the file cannot take their place.
        known = (*stored, *self._own)
        self._known = {bytes.fromhex(one.token_sha256): one for one in known if one.token_sha256}
        self._by_name = {one.name: one for one in known}
        self._problem = problem
        self._next_look = time.monotonic() + _LOOK_SECONDS

    def _look(self) -> None:
        """Read the file again where it changed; one that cannot be read has no accounts."""
        stamp = _stamp(self._file)
        if stamp == self._seen:
            self._next_look = time.monotonic() + _LOOK_SECONDS
            return
        self._seen = stamp
        try:
            self._take(stored_accounts(self._settings))
        except OSError as error:
            self._take((), str(error))


def _stamp(path: Path) -> tuple[int, int] | None:
    """Changes whenever the file, its content or its mode does."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ctime_ns, found.st_ino
