"""Films that wait for a read, and their leases: what a reading room draws from.

Blind by construction: a reader gets opaque ids in an order by hash (not by time, score or model), a
lease, and by it the film's pixels; no answer of a model, no request id, nothing of a file. A lease
holds a film for one reader for LEASE_SECONDS and survives a restart. Candidates are the clinical
requests that the endpoint's log holds and the inbox has no read of.
"""

import hashlib
import hmac
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO

import numpy as np
from PIL import Image

from xray_assets.catalog import CLINICAL
from xray_assets.imaging.acceptable import InvalidImage
from xray_assets.imaging.decode import decode
from xray_assets.settings import Settings
from xray_assets.web.private_files import read_or_make
from xray_assets.web.refusals import UnknownEndpoint

LEASE_SECONDS = 30 * 60
_CANDIDATES = 10_000
"""The latest so many requests are looked at."""
_MODEL_SIDE = 64

_SCHEMA = """
CREATE TABLE IF NOT EXISTS leases (
    lease TEXT PRIMARY KEY,
    request_id TEXT NOT NULL UNIQUE,
    reader TEXT NOT NULL,
    expires_at REAL NOT NULL
) STRICT"""
_ANSWERED = (
    "SELECT request_id, timestamp_us, site FROM predictions"
    " WHERE prediction IS NOT NULL AND purpose = ?"
    " AND image_sha256 IN (SELECT image_sha256 FROM images)"
    " ORDER BY log_position DESC LIMIT ?"
)
_READ = "SELECT DISTINCT json_extract(content, '$.prediction_id') FROM feedback"
_FILM = "SELECT data FROM images JOIN predictions USING (image_sha256) WHERE request_id = ?"


@dataclass(frozen=True)
class Waiting:
    """A film that nobody has read. `item` is its opaque id."""

    item: str
    request_id: str
    answered_at: datetime
    site: str


@dataclass(frozen=True)
class Lease:
    """A film that one reader holds until `expires_at`."""

    lease: str
    expires_at: datetime


class Worklist:
    """Reads log and inbox; writes `<state>/feedback/worklist.sqlite`. Safe for threads."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is opened yet."""
        self._log = settings.endpoint_folder / "log.sqlite"
        self._inbox = settings.feedback_inbox
        self._file = settings.feedback_inbox.with_name("worklist.sqlite")
        self._key = read_or_make(settings.state / "worklist_key").encode()

    def waiting(self) -> list[Waiting]:
        """Films without a read and without a lease, in the order in which they are given out."""
        if not self._log.exists():
            return []
        with self._connection() as db:
            db.execute("ATTACH ? AS log", (str(self._log),))
            answered = db.execute(_ANSWERED, (CLINICAL, _CANDIDATES)).fetchall()
            taken = {row[0] for row in db.execute("SELECT request_id FROM leases")}
            if self._inbox.exists():
                db.execute("ATTACH ? AS inbox", (str(self._inbox),))
                taken |= {row[0] for row in db.execute(_READ)}
        films = (
            Waiting(self._item(name), name, datetime.fromtimestamp(stamp / 1e6, UTC), site)
            for name, stamp, site in answered
            if name not in taken
        )
        return sorted(films, key=lambda film: film.item)

    def lease(self, reader: str, item: str | None = None) -> Lease:
        """Hold the next film, or the one of this id. Raises UnknownEndpoint when none waits."""
        made, expires = secrets.token_urlsafe(16), time.time() + LEASE_SECONDS
        for film in self.waiting():
            if item in (None, film.item):
                with self._connection() as db:
                    held = db.execute(
                        "INSERT OR IGNORE INTO leases VALUES (?, ?, ?, ?)",
                        (made, film.request_id, reader, expires),
                    ).rowcount
                if held:  # else another reader was first
                    return Lease(made, datetime.fromtimestamp(expires, UTC))
        raise UnknownEndpoint("no such film waits for a read")

    def request_of(self, lease: str, reader: str) -> str:
        """The request that a reader's lease stands for. Raises UnknownEndpoint."""
        with self._connection() as db:
            found = db.execute(
                "SELECT request_id FROM leases WHERE lease = ? AND reader = ?", (lease, reader)
            ).fetchone()
        if found is None:
            raise UnknownEndpoint("this lease is not yours, or it has ended: take another film")
        return found[0]

    def film(self, lease: str, reader: str) -> bytes:
        """The film of a lease as a PNG of its grey pixels. Raises UnknownEndpoint."""
        request_id = self.request_of(lease, reader)
        with closing(sqlite3.connect(self._log, timeout=10)) as log:
            row = log.execute(_FILM, (request_id,)).fetchone()
        if row is None:
            raise UnknownEndpoint("the log has let this film go: take another")
        picture = BytesIO()
        Image.fromarray(_pixels(row[0])).save(picture, "PNG")
        return picture.getvalue()

    def _item(self, request_id: str) -> str:
        return hmac.new(self._key, request_id.encode(), hashlib.sha256).hexdigest()[:16]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """The leases that have not ended, in one transaction."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.touch(mode=0o600)
        with closing(sqlite3.connect(self._file, timeout=10, isolation_level=None)) as db:
            db.execute(_SCHEMA)
            db.execute("DELETE FROM leases WHERE expires_at < ?", (time.time(),))
            yield db


def _pixels(stored: bytes) -> np.ndarray:
    try:
        return decode(stored)
    except InvalidImage:  # sent as an array of the model's size
        values = np.frombuffer(stored, "<f4").reshape(_MODEL_SIDE, _MODEL_SIDE)
        return (values.clip(0, 1) * 255).astype(np.uint8)
