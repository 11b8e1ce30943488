"""Copies of what others write to meanwhile: SQLite by its online backup, Delta at a version."""

import re
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlparse

_COMMIT = re.compile(r"^(\d{20})\.")


def copy_file(source: Path, target: Path) -> None:
    """A file that is replaced as a whole or never changes."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def tables_of(lake: Path) -> list[Path]:
    """The folders of all Delta tables below a lake, those that take from others first."""
    from xray_assets.contracts.tables import CONTRACTS

    downstream = [key[-1] for key in reversed(CONTRACTS)]
    found = sorted(log.parent for log in lake.rglob("_delta_log"))
    known = {name: number for number, name in enumerate(downstream)}
    return sorted(found, key=lambda table: known.get(table.name, -1))


def pinned(lake: Path) -> dict[Path, int]:
    """The version of every table now, those that take from others first: milliseconds in all."""
    from deltalake import DeltaTable

    return {table: DeltaTable(table).version() for table in tables_of(lake)}


def copy_table(source: Path, target: Path, version: int) -> None:
    """A table as it was at a version: the files it had then, and its log up to there. Earlier
    versions can be read as far as they share those files.
    """
    from deltalake import DeltaTable

    for uri in DeltaTable(source, version=version).file_uris():
        path = Path(urlparse(uri).path if uri.startswith("file:") else uri)
        path = path if path.exists() else Path(unquote(str(path)))
        copy_file(path, target / path.relative_to(source))
    for entry in sorted((source / "_delta_log").iterdir()):
        commit = _COMMIT.match(entry.name)
        if commit and int(commit[1]) <= version:
            copy_file(entry, target / "_delta_log" / entry.name)


def clamp_consumers(database: Path, taken: Mapping[str, int]) -> None:
    """Let a copied list's consumers need what their tables, at these positions, did not take."""
    clamp = "UPDATE consumers SET position = min(position, ?) WHERE name = ?"
    with closing(sqlite3.connect(database)) as connection:
        connection.executemany(clamp, [(position, name) for name, position in taken.items()])
        connection.commit()


def move_artifacts(database: Path, old: str, new: str) -> None:
    """Let MLflow's database name its artifacts where they are now."""
    columns = (
        ("experiments", "artifact_location"),
        ("runs", "artifact_uri"),
        ("model_versions", "source"),
        ("model_versions", "storage_location"),
        ("logged_models", "artifact_location"),
    )
    with closing(sqlite3.connect(database)) as connection:
        for table, column in columns:
            known = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            if column in known:
                change = f"UPDATE {table} SET {column} = replace({column}, ?, ?)"  # noqa: S608
                connection.execute(change, (old, new))
        connection.commit()
