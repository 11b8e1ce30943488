"""Who is signed in: sessions in `<state>/room/sessions.sqlite` (mode 0600), by the SHA-256 of a
token that only the browser has.

A session ends with its time, at sign-out, and with the password or account that began it. The file
is no part of a backup: a session that was ended must not come back.
"""

import hashlib
import hmac
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from xray_assets.storage.atomic import make_private
from xray_assets.web.roles import Account

IDLE_SECONDS, LONGEST_SECONDS = 60 * 60.0, 12 * 60 * 60.0
SESSIONS_OF_AN_ACCOUNT = 20
"""More end the oldest."""
_NOTED_EVERY = 60.0
"""A use is written so often: not with every request."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    token_sha256 BLOB PRIMARY KEY,
    account TEXT NOT NULL,
    credential TEXT NOT NULL,
    begun_at REAL NOT NULL,
    used_at REAL NOT NULL
) STRICT"""
_ENDED = "DELETE FROM sessions WHERE used_at < ? OR begun_at < ?"
_SURPLUS = """DELETE FROM sessions WHERE account = ?1 AND token_sha256 NOT IN (
    SELECT token_sha256 FROM sessions WHERE account = ?1 ORDER BY begun_at DESC LIMIT ?2)"""


def new_token() -> str:
    """A token that nobody guesses, for a cookie."""
    return secrets.token_urlsafe(32)


def csrf_of(token: str) -> str:
    """What forms must send beside the cookie that holds this token: no other page can know it."""
    return hmac.digest(token.encode(), b"csrf", "sha256").hex()


@dataclass(frozen=True)
class Session:
    """Who signed in; `credential` stands for the password of then."""

    account: str
    credential: str

    def is_of(self, account: Account) -> bool:
        """False once the account or its password is another."""
        return (self.account, self.credential) == (account.name, _credential(account))


class Sessions:
    """The writing side and the look-up. Safe for threads."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Open or make the file."""
        self._clock, self._lock = clock, threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        make_private(path)
        self._db = sqlite3.connect(path, timeout=10, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute(_SCHEMA)

    def begin(self, account: Account) -> str:
        """A new session's token. Sessions that have ended are deleted."""
        token, now = new_token(), self._clock()
        row = (_digest(token), account.name, _credential(account), now, now)
        with self._lock:
            self._db.execute(_ENDED, (now - IDLE_SECONDS, now - LONGEST_SECONDS))
            self._db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", row)
            self._db.execute(_SURPLUS, (account.name, SESSIONS_OF_AN_ACCOUNT))
        return token

    def find(self, token: str) -> Session | None:
        """The session of a token, noted as used; None once it has ended."""
        now, digest = self._clock(), _digest(token)
        with self._lock:
            row = self._db.execute(
                "SELECT account, credential, used_at FROM sessions"
                " WHERE token_sha256 = ? AND used_at >= ? AND begun_at >= ?",
                (digest, now - IDLE_SECONDS, now - LONGEST_SECONDS),
            ).fetchone()
            if row is None:
                return None
            if now >= row[2] + _NOTED_EVERY:
                self._db.execute(
                    "UPDATE sessions SET used_at = ? WHERE token_sha256 = ?", (now, digest)
                )
        return Session(row[0], row[1])

    def end(self, token: str) -> None:
        """Delete a session."""
        with self._lock:
            self._db.execute("DELETE FROM sessions WHERE token_sha256 = ?", (_digest(token),))

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._db.close()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _credential(account: Account) -> str:
    """Another one once the password changes; says nothing of it."""
    return hashlib.sha256((account.password_hash or "").encode()).hexdigest()
