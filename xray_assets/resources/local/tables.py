"""Delta tables on a disk or S3, through delta-rs and polars.

Every write opens the table, looks, and commits on top of what it saw: delta-rs refuses the commit
when a concurrent one touched what was looked at (rows of the merge, the same source's position),
and the write then looks again. On S3 that needs conditional puts, which S3 and MinIO have.
"""

import functools
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

import polars as pl

from xray_assets.catalog import Catalog, Key
from xray_assets.contracts.bounds import Bounds, as_sql
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.resources.tables import StaleWrite, Tables

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable

COMPACT_EVERY = 100
"""Commits between compactions of an appended table: each append adds files that every later read
opens.
"""

COMMIT_ATTEMPTS = 8
"""Delta's optimistic commits fail when another writer was first (measured: half of concurrent
merges); then try again.
"""


class LocalDelta(Tables):
    """Delta tables below a folder or an s3:// root, through delta-rs and polars."""

    root: str
    environment: str = "dev"
    storage_options: dict[str, str] = {}

    def read(self, key: Key) -> pl.LazyFrame:
        """See Tables."""
        table = self._open(key)
        if table is None:
            return CONTRACTS[key].empty().lazy()
        return pl.scan_delta(table)

    def version(self, key: Key) -> int | None:
        """See Tables."""
        table = self._open(key)
        return None if table is None else table.version()

    def snapshot(self, key: Key) -> str | None:
        """See Tables. With the table's own id: a table that was made anew counts from 0 again."""
        table = self._open(key)
        return None if table is None else f"{table.metadata().id}@{table.version()}"

    def added_since(self, key: Key, snapshot: str) -> pl.LazyFrame | None:
        """See Tables. Data files never change, so these are the rows of files that are new."""
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        table, contract = self._open(key), CONTRACTS[key]
        identity, _, version = snapshot.partition("@")
        if table is None or table.metadata().id != identity:
            return None
        try:
            before = DeltaTable(self.uri(key), int(version), storage_options=self._storage)
        except DeltaError:  # its log was cleaned up, or an older state was restored
            return None
        if not (added := sorted({*table.file_uris()} - {*before.file_uris()})):
            return contract.empty().lazy()
        partitions = {name: contract.schema[name] for name in contract.partition_by}
        return pl.scan_parquet(
            added,
            hive_partitioning=bool(partitions),
            hive_schema=partitions or None,
            storage_options=self._storage,
        )

    def row_count(self, key: Key) -> int:
        """See Tables."""
        table = self._open(key)
        return 0 if table is None else table.count()

    def position(self, key: Key, source: str) -> int:
        """See Tables."""
        table = self._open(key)
        return 0 if table is None else table.transaction_version(source) or 0

    def append(
        self, key: Key, rows: pl.DataFrame, *, source: str | None = None, position: int = 0
    ) -> int | None:
        """See Tables."""
        rows = CONTRACTS[key].conform(rows)
        if source is None and rows.is_empty():
            return self.version(key)

        def write(table: "DeltaTable") -> None:
            if source is None or _is_new(table, source, position):
                _store(table, rows, mode="append", source=source, position=position)

        version = self._commit(key, write)
        if version % COMPACT_EVERY == 0:
            self._compact(key)
        return version

    def overwrite(
        self, key: Key, rows: pl.DataFrame, *, source: str | None = None, position: int = 0
    ) -> int | None:
        """See Tables."""
        rows = CONTRACTS[key].conform(rows)
        return self._commit(
            key,
            lambda table: _store(table, rows, mode="overwrite", source=source, position=position),
        )

    def merge(
        self,
        key: Key,
        rows: pl.DataFrame,
        *,
        insert_only: bool = False,
        within: Bounds | None = None,
    ) -> int | None:
        """See Tables."""
        contract = CONTRACTS[key]
        rows = contract.conform(rows)
        if rows.is_empty():
            return self.version(key)
        bounds = as_sql(within or {}, "t")
        return self._commit(
            key, lambda table: _merge(table, rows, contract.unique, bounds, insert_only)
        )

    def advance(self, key: Key, row: pl.DataFrame, *, counter: str, expected: int) -> int:
        """See Tables."""
        contract = CONTRACTS[key]
        row = contract.conform(row)
        if row[counter].to_list() != [expected + 1]:
            raise ValueError(f"give one row whose {counter} is {expected + 1}, not {row[counter]}")

        def write(table: "DeltaTable") -> None:
            found = pl.scan_delta(table).select(pl.col(counter).max()).collect().item() or 0
            if found != expected:
                raise StaleWrite(
                    f"{self.full_name(key)} is at {counter} {found}, not {expected}: "
                    "somebody changed it first, look again"
                )
            _merge(table, row, contract.unique, "TRUE", insert_only=False, alone=True)

        return self._commit(key, write)

    def full_name(self, key: Key) -> str:
        """See Tables."""
        return Catalog(self.environment).table(key)

    def uri(self, key: Key) -> str:
        """See Tables."""
        return "/".join((self.root.rstrip("/"), Catalog(self.environment).name, *key))

    def _open(self, key: Key) -> "DeltaTable | None":
        from deltalake import DeltaTable

        uri = self.uri(key)
        if not DeltaTable.is_deltatable(uri, self._storage):
            return None
        return DeltaTable(uri, storage_options=self._storage)

    def _commit(self, key: Key, write: Callable[["DeltaTable"], None]) -> int:
        """Look and write until no other writer comes between; returns the table's version."""
        from deltalake.exceptions import CommitFailedError

        for attempt in range(COMMIT_ATTEMPTS):
            try:
                table = self._open(key) or self._create(key)
                write(table)
                return table.version()
            except CommitFailedError:
                if attempt == COMMIT_ATTEMPTS - 1:
                    raise
                time.sleep(0.05 * 2**attempt)
        raise AssertionError("unreachable")

    def _create(self, key: Key) -> "DeltaTable":
        from deltalake import DeltaTable

        contract = CONTRACTS[key]
        return DeltaTable.create(
            self.uri(key),
            _arrow(contract.empty()).schema,
            mode="ignore",  # another writer may have been first
            partition_by=list(contract.partition_by) or None,
            storage_options=self._storage,
        )

    def _compact(self, key: Key) -> None:
        from deltalake.exceptions import CommitFailedError

        table = self._open(key)
        if table is not None:
            with suppress(CommitFailedError):  # somebody writes: compact another time
                table.optimize.compact()

    @functools.cached_property
    def _storage(self) -> dict[str, str] | None:
        return dict(self.storage_options) or None


def _store(
    table: "DeltaTable",
    rows: pl.DataFrame,
    *,
    mode: Literal["append", "overwrite"],
    source: str | None,
    position: int,
) -> None:
    from deltalake import CommitProperties, Transaction, write_deltalake

    mark = [Transaction(name, position) for name in _names(source)] if source else None
    write_deltalake(
        table,
        _arrow(rows),
        mode=mode,
        commit_properties=CommitProperties(app_transactions=mark),
    )


def _names(source: str) -> list[str]:
    """`name/identity` is stored under the name too."""
    return sorted({source, source.partition("/")[0]})


def _is_new(table: "DeltaTable", source: str, position: int) -> bool:
    """A position above that of the source, and not below any other's of its name."""
    name = source.partition("/")[0]
    last = table.transaction_version(name) or 0
    return position >= last and position > (table.transaction_version(source) or 0)


def _merge(
    table: "DeltaTable",
    rows: pl.DataFrame,
    unique: tuple[str, ...],
    bounds: str,
    insert_only: bool,
    *,
    alone: bool = False,
) -> None:
    """One MERGE; `alone` fails when any other commit came since the table was opened."""
    from deltalake import CommitProperties

    match = " AND ".join((bounds, *(f"t.{column} = s.{column}" for column in unique)))
    merger = table.merge(
        rows,
        match,
        source_alias="s",
        target_alias="t",
        commit_properties=CommitProperties(max_commit_retries=0 if alone else None),
    )
    if not insert_only:
        merger = merger.when_matched_update_all()
    merger.when_not_matched_insert_all().execute()


def _arrow(rows: pl.DataFrame) -> "pa.Table":
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())
