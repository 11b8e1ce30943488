"""What a state is made of, in the order in which a backup copies it. A later store is added here.

Whatever is copied first may be behind what is copied later, never ahead of it: tables before the
inbox and the log that they take from, so a restored position is never beyond its source; and rows
that a table took after it was copied are taken again from the copy of its source, which is later.
"""

from pathlib import Path

FIRST = ("mlflow/mlflow.db", "dagster")
"""Databases that witness decisions: copied while the tables are pinned (`copying.pinned`)."""
LAKE = "lake"
LAST = (
    "mlflow",
    "volumes",
    "accounts.json",
    "token",
    "client_token",
    "room_token",
    "room/people.sqlite",
    "review_key",
    "reading",
    "readers.json",
    "notices.sqlite",
    "feedback",
    "endpoint",
)
"""After the lake, in this order: models and films that it names, then what it takes from."""

KEPT_OUT = ("run", "logs", "workers", "address.json", "purge.lock")
"""Of the moment, wherever they lie. Caches (`artifacts`, `sources`, `training`) are made anew."""


def is_database(path: Path) -> bool:
    """True for SQLite files, which are copied through SQLite while others write."""
    return path.suffix in (".db", ".sqlite")


def files_of(state: Path, store: str) -> list[Path]:
    """The files of a store, without what belongs to the moment, drafts, locks and SQLite's own."""
    root = state / store
    found = [root] if root.is_file() else sorted(root.rglob("*"))
    return [path for path in found if path.is_file() and _is_kept(path.relative_to(state))]


def _is_kept(path: Path) -> bool:
    if path.name.startswith(".") or path.name.endswith(("-wal", "-shm", "-journal", ".lock")):
        return False
    return not any(part in KEPT_OUT for part in path.parts)
