"""The tables of the lake: one interface, Delta on disk or S3 here, Unity Catalog there.

Every write is validated against the table's contract before it is made. A write that names its
`source` and `position` happens exactly once: the position is stored in the same Delta commit as the
rows (an application transaction), and a position that the table already holds is not written again.
A source `name/identity` is one of several that may follow one another under the name: its position
is stored under both, so that `position(key, name)` rises for ever and equals
`position(key, "name/identity")` for the one that was taken from last.
Deltalake is imported inside, so that definitions stay light.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from xray_assets.catalog import Catalog, Key
from xray_assets.contracts.bounds import Bounds
from xray_assets.contracts.changes import Change, Stored

WEEK = timedelta(days=7)
"""Younger files may belong to a write or a read that is under way."""


@dataclass(frozen=True)
class LastWrite:
    """A table's Delta version, and the run of Dagster that wrote its rows last, where known."""

    version: int
    run_id: str | None


class Tables(ABC):
    """Read and write the project's tables by their catalog key."""

    environment: str

    @property
    def counted_purpose(self) -> str:
        """The purpose of the requests that count here."""
        return Catalog(self.environment).counted_purpose

    @abstractmethod
    def read(self, key: Key) -> pl.LazyFrame:
        """The table, lazily; no rows (with the contract's columns) when it does not exist yet."""

    @abstractmethod
    def version(self, key: Key) -> int | None:
        """The table's Delta version; None when it does not exist yet."""

    def last_write(self, key: Key) -> LastWrite | None:
        """The table's version and the run that wrote it; None when it does not exist yet."""
        version = self.version(key)
        return None if version is None else LastWrite(version, None)

    def snapshot(self, key: Key) -> str | None:
        """What the table holds now, for `added_since`; None where there is nothing to name."""
        return None

    def added_since(self, key: Key, snapshot: str) -> pl.LazyFrame | None:
        """Every row that the table holds now and may not have held, as it is, at a snapshot; None
        where that cannot be told, so that all rows must be looked at.
        """
        return None

    @abstractmethod
    def row_count(self, key: Key) -> int:
        """Rows of the table, from its log: no file is opened."""

    @abstractmethod
    def position(self, key: Key, source: str) -> int:
        """The last position of `source` that the table holds; 0 before the first."""

    @abstractmethod
    def append(
        self, key: Key, rows: pl.DataFrame, *, source: str | None = None, position: int = 0
    ) -> int | None:
        """Append rows and return the table's version.

        With a source, rows up to a position that the table holds are not written again (exactly
        once, also with no rows). Raises ContractViolation when rows break the contract; nothing is
        written then.
        """

    @abstractmethod
    def merge(
        self,
        key: Key,
        rows: pl.DataFrame,
        *,
        insert_only: bool = False,
        within: Bounds | None = None,
    ) -> int | None:
        """Upsert rows on the contract's unique columns (with `insert_only`, existing rows never
        change).

        `within` bounds what is looked at and rewritten: all rows lie in it, and so do the stored
        rows of the same keys. Raises ContractViolation when rows break the contract.
        """

    @abstractmethod
    def advance(self, key: Key, rows: pl.DataFrame, *, counter: str, expected: int) -> int:
        """Upsert rows of state, only while no row of the table has a higher `counter` than
        `expected` (0 before the first); return the table's version.

        Compare-and-swap over the whole table: of writers that saw the same state one succeeds.
        The rows' own counters must go on from `expected`, without a gap. Raises StaleWrite when
        another writer was first; nothing is written then.
        """

    @abstractmethod
    def overwrite(
        self, key: Key, rows: pl.DataFrame, *, source: str | None = None, position: int = 0
    ) -> int | None:
        """Replace the table; with a source, the position is stored in the same commit."""

    @abstractmethod
    def remove(self, key: Key, column: str, values: Sequence[str]) -> int:
        """Delete the rows whose column is one of the values, and every data file that held them, of
        earlier versions too; returns how many rows. For erasures alone.
        """

    @abstractmethod
    def stored(self, key: Key) -> Stored | None:
        """How the table is stored; None when it does not exist yet."""

    @abstractmethod
    def evolve(self, change: Change) -> None:
        """Bring a stored table to its contract; a call that was cut off is finished by the next."""

    @abstractmethod
    def tidy(self, key: Key, *, keep: Collection[str] = (), older_than: timedelta = WEEK) -> None:
        """Compact small files, then delete older data files that the table does not need any more,
        and old log entries unless a snapshot in `keep` needs them. Rows and positions stay, and
        `added_since` of a kept snapshot still tells.
        """

    @abstractmethod
    def full_name(self, key: Key) -> str:
        """Three-level name, for people and SQL."""

    @abstractmethod
    def uri(self, key: Key) -> str:
        """Where the table lies."""
