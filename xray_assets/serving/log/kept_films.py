"""The films that the inference log keeps, beside the running server: found by digest, and held
against retention. What the bytes mean is `imaging`'s.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xray_assets import clock
from xray_assets.imaging.full_depth import FullDepth
from xray_assets.storage.list_identity import has_table


@dataclass(frozen=True)
class KeptFilm:
    """`data` as `InferenceLogRows.image` gives it; `depth` where the film came as DICOM."""

    data: bytes
    depth: FullDepth | None


def kept_film(log: Path, image_sha256: str) -> KeptFilm | None:
    """The film of a digest; None where it is not kept (any more). Raises sqlite3.Error."""
    with _log(log) as db:
        if db is None:
            return None
        row = db.execute(
            "SELECT data FROM images WHERE image_sha256 = ?", (image_sha256,)
        ).fetchone()
        if row is None:
            return None
        if not has_table(db, "full_depths"):  # the endpoint of this release has not started yet
            return KeptFilm(bytes(row[0]), None)
        db.row_factory = sqlite3.Row
        depth = db.execute(_DEPTH, (image_sha256,)).fetchone()
        if depth is None:
            return KeptFilm(bytes(row[0]), None)
        values: dict[str, Any] = dict(depth)
        values["inverted"] = bool(values["inverted"])
        return KeptFilm(bytes(row[0]), FullDepth(**values))


def hold(log: Path, digests: Iterable[str]) -> None:
    """Count these films as used now, so that retention leaves them although their rows may go.
    Raises sqlite3.Error.
    """
    now = clock.now_us()
    with _log(log) as db:
        if db is not None:
            db.execute("BEGIN IMMEDIATE")
            db.executemany(_USE, [(now, digest) for digest in digests])
            db.execute("COMMIT")


@contextmanager
def _log(path: Path) -> Iterator[sqlite3.Connection | None]:
    if not path.exists():
        yield None
        return
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as db:
        yield db if has_table(db, "images") else None


_DATA = "SELECT data FROM images WHERE image_sha256 = ?"
_DEPTH = """SELECT png, bits, low, high, curve, inverted, row_mm, column_mm FROM full_depths
WHERE image_sha256 = ?"""
_USE = "UPDATE image_uses SET last_used_us = max(last_used_us, ?) WHERE image_sha256 = ?"
