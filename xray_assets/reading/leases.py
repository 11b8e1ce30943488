"""Leases: who holds which case, kept in `<state>/reading/reading.sqlite` (WAL, mode 0600).

Every process that serves readers opens the same file. A case is held once at a time: a partial
unique index says so, not the code. A row outlives its lease: by it a commit is repeated, corrected
and followed by a second look. What a case is and what a read means is not known here.
"""

import secrets
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path

from xray_assets.reading.forms import (
    AlreadyCommitted,
    AnswersSeen,
    LeaseEnded,
    LeaseTaken,
    LeaseUnknown,
    NotCommitted,
)
from xray_assets.reading.lease_file import COMMITTED, HELD, RELEASED, Draft, Held, LeaseFile, row_of

SECOND = 1_000_000
"""Times are microseconds since 1970."""
LEASE_US = 30 * 60 * SECOND
PASSED_ON_US = 24 * 3600 * SECOND
"""A released case is for other readers for so long."""

Case = tuple[str, str]
"""(request id, image digest)."""
Choose = Callable[[set[str]], Iterable[Case]]
"""From the requests that this reader cannot take now to the cases that are offered, best first."""


class Leases:
    """The file of leases; each call is one transaction. Safe for threads and processes."""

    def __init__(self, path: Path) -> None:
        """Open or make the file. Raises sqlite3.Error, OSError."""
        self._file = LeaseFile(path)

    def take(self, reader: str, choose: Choose, now: int, *, beside: str | None) -> Held | None:
        """The film that the reader holds already, other than `beside`, renewed; else the first free
        one of `choose`, which is asked inside the transaction: what was committed before is known.
        """
        with self._file.writing() as db:
            db.execute(_END, (now,))
            held = db.execute(_MINE, (reader, beside)).fetchone()
            if held:
                db.execute(_RENEW, (now + LEASE_US, held[0]))
                return row_of(db, held[0])
            taken = {row[0] for row in db.execute(_TAKEN, (reader, now - PASSED_ON_US))}
            for request_id, image_sha256 in choose(taken):
                made = secrets.token_urlsafe(16)
                times = (now, now + LEASE_US)
                db.execute(_INSERT, (made, request_id, image_sha256, reader, HELD, *times))
                return row_of(db, made)
        return None

    def find(self, lease: str, reader: str, now: int) -> Held:
        """A lease of this reader. Raises LeaseUnknown."""
        with self._file.writing() as db:
            db.execute(_END, (now,))
            return _demand(db, lease, reader)

    def renew(self, lease: str, reader: str, now: int) -> Held:
        """Half an hour more, also for one that has ended while nobody took the film. Raises
        LeaseUnknown, LeaseTaken, and LeaseEnded for one that was released.
        """
        with self._file.writing() as db:
            found = _demand(db, lease, reader)
            if found.state == RELEASED:
                raise LeaseEnded("this film was given back: take the next one")
            if found.state != COMMITTED:
                _hold(db, lease, now)
            return _demand(db, lease, reader)

    def release(self, lease: str, reader: str, now: int) -> None:
        """Give a film back, for others to read. Raises LeaseUnknown, AlreadyCommitted."""
        with self._file.writing() as db:
            if _demand(db, lease, reader).state == COMMITTED:
                raise AlreadyCommitted("this film is read: there is nothing to give back")
            change = "UPDATE leases SET state = ?, expires_us = ? WHERE lease = ?"
            db.execute(change, (RELEASED, now, lease))

    def show_film(self, lease: str, reader: str, now: int) -> Held:
        """The lease, with the time when its film was first shown. Raises LeaseUnknown, and
        LeaseEnded for one that is not held any more.
        """
        with self._file.writing() as db:
            db.execute(_END, (now,))
            found = _demand(db, lease, reader)
            if found.state not in (HELD, COMMITTED):
                raise LeaseEnded("your half hour has ended: renew the lease or take the next film")
            db.execute(
                "UPDATE leases SET shown_us = coalesce(shown_us, ?) WHERE lease = ?", (now, lease)
            )
            return found

    def show_answers(self, lease: str, reader: str, now: int) -> Held:
        """The lease, with the time when its answers were first shown: from then on the blinded read
        stands. Raises LeaseUnknown, NotCommitted.
        """
        with self._file.writing() as db:
            found = _demand(db, lease, reader)
            if found.state != COMMITTED or found.reopened:
                raise NotCommitted("commit your read first")
            change = "UPDATE leases SET answers_us = coalesce(answers_us, ?) WHERE lease = ?"
            db.execute(change, (now, lease))
            return found

    def begin(
        self, lease: str, reader: str, commit_id: str, now: int, *, second_to: str | None = None
    ) -> tuple[Held, Draft]:
        """Begin a commit, or find the one of this id. While it is under way nobody else gets the
        film. Raises LeaseUnknown, LeaseTaken, AlreadyCommitted.
        """
        with self._file.writing(durable=True) as db:
            found = _demand(db, lease, reader)
            known = db.execute(_COMMIT, (commit_id,)).fetchone()
            if known and known[1] != lease:
                raise AlreadyCommitted("this commit id was used for another film: make a new one")
            if known:
                return found, Draft(known[0], *known[2:])
            if second_to is None and found.state == COMMITTED and not found.reopened:
                raise AlreadyCommitted("this film is read: undo to give another answer")
            if found.state != COMMITTED:
                _hold(db, lease, now)
            db.execute(
                "INSERT INTO commits VALUES (?, ?, ?, ?)", (commit_id, lease, second_to, now)
            )
            return found, Draft(commit_id, second_to, now)

    def finish(self, lease: str) -> None:
        """The read is in the inbox."""
        with self._file.writing() as db:
            db.execute(
                "UPDATE leases SET state = ?, reopened = 0 WHERE lease = ?", (COMMITTED, lease)
            )

    def reopen(self, lease: str, reader: str) -> Held:
        """Let a committed read be given anew. Raises LeaseUnknown, NotCommitted, AnswersSeen."""
        with self._file.writing() as db:
            found = _demand(db, lease, reader)
            if found.state != COMMITTED:
                raise NotCommitted("this film is not read yet")
            if found.answers_us is not None:
                raise AnswersSeen("you have seen the answers: your blinded read stands")
            db.execute("UPDATE leases SET reopened = 1 WHERE lease = ?", (lease,))
            return _demand(db, lease, reader)

    def commits(self, lease: str) -> list[Draft]:
        """What was committed under a lease, in order."""
        with self._file.reading() as db:
            return [Draft(*row) for row in db.execute(_COMMITS, (lease,))]

    def committed_since(self, reader: str, since: int) -> int:
        """How many films a reader has read since."""
        query = """SELECT count(DISTINCT lease) FROM commits JOIN leases USING (lease)
        WHERE reader = ? AND state = 'committed' AND committed_us >= ?"""
        with self._file.reading() as db:
            return db.execute(query, (reader, since)).fetchone()[0]

    def unavailable(self, reader: str, now: int) -> set[str]:
        """Requests that others hold now, or that this reader has given back."""
        with self._file.reading() as db:
            query = f"{_TAKEN} AND NOT (state = 'held' AND (reader = ?1 OR expires_us <= ?3))"
            return {row[0] for row in db.execute(query, (reader, now - PASSED_ON_US, now))}

    def close(self) -> None:
        """Give the file back."""
        self._file.close()


def _hold(db: sqlite3.Connection, lease: str, now: int) -> None:
    db.execute(_END, (now,))
    change = "UPDATE OR IGNORE leases SET state = 'held', expires_us = ? WHERE lease = ?"
    if not db.execute(change, (now + LEASE_US, lease)).rowcount:
        raise LeaseTaken("another reader has this film now: nothing was stored, take the next one")


def _demand(db: sqlite3.Connection, lease: str, reader: str) -> Held:
    found = row_of(db, lease)
    if found is None or found.reader != reader:
        raise LeaseUnknown("this is no lease of yours: take the next film")
    return found


_END = "UPDATE leases SET state = 'ended' WHERE state = 'held' AND expires_us <= ?"
_MINE = """SELECT lease FROM leases WHERE reader = ?1 AND state = 'held' AND lease IS NOT ?2
ORDER BY taken_us LIMIT 1"""
_RENEW = "UPDATE leases SET expires_us = ? WHERE lease = ?"
_TAKEN = """SELECT request_id FROM leases
WHERE (state = 'held' OR (state = 'released' AND reader = ?1 AND expires_us > ?2))"""
_INSERT = """INSERT INTO leases
(lease, request_id, image_sha256, reader, state, taken_us, expires_us)
VALUES (?, ?, ?, ?, ?, ?, ?)"""
_COMMITS = "SELECT commit_id, second_to, committed_us FROM commits WHERE lease = ? ORDER BY 3"
_COMMIT = "SELECT commit_id, lease, second_to, committed_us FROM commits WHERE commit_id = ?"
