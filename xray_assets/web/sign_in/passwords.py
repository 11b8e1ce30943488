"""Passwords: which are accepted, and their hashes (argon2id with the library's own parameters)."""

import secrets
import threading
import unicodedata
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from xray_assets.errors import XrayError
from xray_assets.web.refusals import TooManyRequests
from xray_assets.web.roles import Account

SHORTEST, LONGEST = 12, 1000
_AT_A_TIME = 2
"""Hashes in work: each takes 64 MiB."""
_WAIT_SECONDS = 5.0


class PasswordRefused(XrayError, ValueError):
    """What is given cannot be a password; the message says what can."""


class Passwords:
    """Makes and checks hashes. Safe for threads."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """`hasher`: a cheaper one for tests."""
        self._hasher = hasher or PasswordHasher()
        self._slots = threading.BoundedSemaphore(_AT_A_TIME)

    def hashed(self, password: str) -> str:
        """The hash to keep. Raises PasswordRefused."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise PasswordRefused(f"a password has {SHORTEST} to {LONGEST} characters")
        return self._hasher.hash(_spelled(password))

    def is_right(self, account: Account | None, password: str) -> bool:
        """Whether this is the account's password. Without an account, or where it has no password,
        the answer is no and takes the same time.

        Raises TooManyRequests where too many others wait for this.
        """
        known, nobodys = account.password_hash if account else None, self._nobodys
        if not self._slots.acquire(timeout=_WAIT_SECONDS):
            raise TooManyRequests("many people sign in at once: try again", reason="sign_in")
        try:
            right = self._hasher.verify(known or nobodys, _spelled(password[:LONGEST]))
        except (VerifyMismatchError, InvalidHashError):
            return False
        finally:
            self._slots.release()
        return right and known is not None

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(secrets.token_hex())


def _spelled(password: str) -> bytes:
    """One spelling, whichever keyboard it was typed on."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
