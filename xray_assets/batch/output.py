"""Where scores go: a Delta table or a folder of Parquet parts, on a local disk.

A batch of rows is there whole or not at all: one Delta commit, or one file that gets its name when
it is complete. What an output holds is read from its rows alone, so nothing beside them can lie.
"""

import fcntl
import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
from typing_extensions import override

from xray_assets.batch.path_index import PathIndex
from xray_assets.batch.scores import MODEL_COLUMNS, SCHEMA, ScoringModel
from xray_assets.errors import XrayError
from xray_assets.storage.atomic import ORDINARY, UNFINISHED, replacing

DELTA, PARQUET = "delta", "parquet"
_DELTA_LOG = "_delta_log"
_READ_ROWS = 100_000


class OutputRefused(XrayError):
    """The output cannot take these scores; the message says what to do."""


class ScoreOutput(ABC):
    """A folder of scores."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def scan(self) -> pl.LazyFrame | None:
        """All rows; None when there is none yet."""

    @abstractmethod
    def append(self, rows: pl.DataFrame) -> None:
        """Add rows in SCHEMA, all of them or none."""

    def films_of(self, model: ScoringModel) -> PathIndex:
        """The films that are there. Raises OutputRefused when another model scored any of them."""
        index = PathIndex()
        rows = self.scan()
        if rows is None:
            return index
        if rows.collect_schema() != SCHEMA:
            raise OutputRefused(f"{self.folder} holds another table; choose another --output")
        wanted = rows.select("file_path", *MODEL_COLUMNS)
        for batch in wanted.collect_batches(chunk_size=_READ_ROWS, maintain_order=False):
            for name, version, digest in batch.select(MODEL_COLUMNS).unique().iter_rows():
                if (name, version, digest) != model.identity:
                    raise OutputRefused(
                        f"{self.folder} holds scores of {name} version {version} (artifact "
                        f"{digest[:12]}), not of {model.model_name} version {model.model_version} "
                        f"(artifact {model.artifact_sha256[:12]}): finish it with --model {name} "
                        f"--version {version}, or choose another --output"
                    )
            index.add(batch["file_path"].to_list())
        return index


class DeltaOutput(ScoreOutput):
    """One Delta commit a batch."""

    def __init__(self, folder: Path) -> None:
        """Open the table if there is one."""
        from deltalake import DeltaTable

        super().__init__(folder)
        self._table: Any = None
        if DeltaTable.is_deltatable(str(folder)):
            self._table = DeltaTable(str(folder))

    @override
    def scan(self) -> pl.LazyFrame | None:
        return None if self._table is None else pl.scan_delta(self._table)

    @override
    def append(self, rows: pl.DataFrame) -> None:
        from deltalake import DeltaTable, write_deltalake

        data = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
        if self._table is None:
            self._table = DeltaTable.create(
                str(self.folder), data.schema, name="scores", description="xray score"
            )
        write_deltalake(self._table, data, mode="append")


class ParquetOutput(ScoreOutput):
    """One part a batch, named after the films in it."""

    def __init__(self, folder: Path) -> None:
        """Remove what a killed run left unfinished."""
        super().__init__(folder)
        for unfinished in folder.glob(f".*{UNFINISHED}"):
            unfinished.unlink()

    @override
    def scan(self) -> pl.LazyFrame | None:
        parts = sorted(self.folder.glob("*.parquet"))
        return pl.scan_parquet(parts) if parts else None

    @override
    def append(self, rows: pl.DataFrame) -> None:
        """The part is on the disk, not only in its cache, when it has its name."""
        films = "\n".join(rows["file_path"]).encode()
        name = f"scores-{hashlib.sha256(films).hexdigest()[:32]}.parquet"
        with replacing(self.folder / name, mode=ORDINARY) as file:
            rows.write_parquet(file)


@contextmanager
def open_output(folder: Path, kind: str) -> Iterator[ScoreOutput]:
    """The output, made if it is not there, held by this process alone until it is closed.

    Raises OutputRefused when another run holds it, or when the folder holds something else.
    """
    if "://" in str(folder) or str(folder).startswith(("s3:/", "gs:/")):
        raise OutputRefused(f"{folder}: --output is a folder on this machine")
    if folder.exists() and not folder.is_dir():
        raise OutputRefused(f"{folder} is a file; --output is a folder")
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)  # the kernel lets go of the lock with the process
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputRefused(f"another `xray score` is writing to {folder}") from None
        _refuse_foreign(folder, kind)
        yield DeltaOutput(folder) if kind == DELTA else ParquetOutput(folder)
    finally:
        os.close(descriptor)


def _refuse_foreign(folder: Path, kind: str) -> None:
    delta = (folder / _DELTA_LOG).is_dir()
    names = [entry.name for entry in folder.iterdir() if not entry.name.startswith(".")]
    others = [name for name in names if not name.endswith(".parquet")]
    if delta and kind == PARQUET:
        raise OutputRefused(f"{folder} is a Delta table: leave out --format {PARQUET}")
    if not delta and others:
        raise OutputRefused(
            f"{folder} holds other files (such as {others[0]}); choose an empty or new --output"
        )
    if not delta and names and kind == DELTA:
        raise OutputRefused(f"{folder} holds Parquet files: write --format {PARQUET}")
