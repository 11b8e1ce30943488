"""Delta tables on a disk or S3, through delta-rs and polars.

Every write opens the table, looks, and commits on top of what it saw: delta-rs refuses the commit
when a concurrent one touched what was looked at (rows of the merge, the same source's position),
and the write then looks again. On S3 that needs conditional puts, which S3 and MinIO have.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl
from typing_extensions import override

from xray_assets.catalog import Key
from xray_assets.contracts.bounds import Bounds, as_sql
from xray_assets.contracts.changes import Change, Stored
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.errors import StaleWrite
from xray_assets.lake import delta_writes, upkeep
from xray_assets.lake.delta_folder import DeltaFolder
from xray_assets.lake.delta_writes import RUN
from xray_assets.lake.tables import WEEK, LastWrite, Tables

if TYPE_CHECKING:
    from deltalake import CommitProperties, DeltaTable

COMPACT_EVERY = 100
"""Commits between compactions of an appended table: each append adds files that every later read
opens.
"""

COMMITS_LOOKED_AT = 10
"""Newest commits in which the run that wrote a table is looked for: upkeep names none."""


class DeltaTables(DeltaFolder, Tables):
    """Delta tables below a folder or an s3:// root, through delta-rs and polars."""

    @override
    def read(self, key: Key) -> pl.LazyFrame:
        table = self._open(key)
        if table is None:
            return CONTRACTS[key].empty().lazy()
        return pl.scan_delta(table)

    @override
    def version(self, key: Key) -> int | None:
        table = self._open(key)
        return None if table is None else table.version()

    @override
    def last_write(self, key: Key) -> LastWrite | None:
        if (table := self._open(key)) is None:
            return None
        commits = table.history(COMMITS_LOOKED_AT)
        run_id = next((commit[RUN] for commit in commits if commit.get(RUN)), None)
        return LastWrite(table.version(), run_id)

    @override
    def snapshot(self, key: Key) -> str | None:
        """With the table's own id: a table that was made anew counts from 0 again."""
        table = self._open(key)
        return None if table is None else f"{table.metadata().id}@{table.version()}"

    @override
    def added_since(self, key: Key, snapshot: str) -> pl.LazyFrame | None:
        """Data files never change, so these are the rows of files that are new."""
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

    @override
    def row_count(self, key: Key) -> int:
        table = self._open(key)
        return 0 if table is None else table.count()

    @override
    def position(self, key: Key, source: str) -> int:
        table = self._open(key)
        return 0 if table is None else table.transaction_version(source) or 0

    @override
    def append(
        self, key: Key, rows: pl.DataFrame, *, source: str | None = None, position: int = 0
    ) -> int | None:
        rows = CONTRACTS[key].conform(rows)
        if source is None and rows.is_empty():
            return self.version(key)

        def write(table: "DeltaTable") -> None:
            if source is None or delta_writes.is_new(table, source, position):
                delta_writes.store(table, rows, "append", self._named(source, position))

        version = self._commit(key, write)
        if version % COMPACT_EVERY == 0:
            upkeep.compact(self._table(key))
        return version

    @override
    def overwrite(
        self, key: Key, rows: pl.DataFrame, *, source: str | None = None, position: int = 0
    ) -> int | None:
        rows = CONTRACTS[key].conform(rows)
        named = self._named(source, position)
        return self._commit(key, lambda table: delta_writes.store(table, rows, "overwrite", named))

    @override
    def merge(
        self,
        key: Key,
        rows: pl.DataFrame,
        *,
        insert_only: bool = False,
        within: Bounds | None = None,
    ) -> int | None:
        contract = CONTRACTS[key]
        rows = contract.conform(rows)
        if rows.is_empty():
            return self.version(key)
        bounds = as_sql(within or {}, "t")
        unique, named = contract.unique, self._named()
        return self._commit(
            key,
            lambda table: delta_writes.merge(table, rows, unique, bounds, insert_only, named),
        )

    @override
    def advance(self, key: Key, rows: pl.DataFrame, *, counter: str, expected: int) -> int:
        contract = CONTRACTS[key]
        rows = contract.conform(rows)
        given = rows[counter].unique().sort().to_list()
        if not given or given != [*range(expected + 1, expected + 1 + len(given))]:
            raise ValueError(f"give rows whose {counter} goes on from {expected}, not {given}")

        def write(table: "DeltaTable") -> None:
            found = pl.scan_delta(table).select(pl.col(counter).max()).collect().item() or 0
            if found != expected:
                raise StaleWrite(
                    f"{self.full_name(key)} is at {counter} {found}, not {expected}: "
                    "somebody changed it first, look again"
                )
            delta_writes.merge(table, rows, contract.unique, "TRUE", False, self._named())

        return self._commit(key, write)

    @override
    def stored(self, key: Key) -> Stored | None:
        if (table := self._open(key)) is None:
            return None
        schema = pl.scan_delta(table).collect_schema()
        return Stored(schema, int(table.metadata().configuration.get(upkeep.VERSION, 1)))

    @override
    def evolve(self, change: Change) -> None:
        upkeep.evolve(self._table(change.table), CONTRACTS[change.table], change)

    @override
    def tidy(self, key: Key, *, keep: Collection[str] = (), older_than: timedelta = WEEK) -> None:
        if (table := self._open(key)) is not None:
            upkeep.tidy(table, keep, older_than)

    @override
    def remove(self, key: Key, column: str, values: Sequence[str]) -> int:
        """Only files that the log itself names as removed are deleted, so a writer at
        work loses nothing; who reads the last version may have to read it again.
        """
        if not values or self._open(key) is None:
            return 0
        quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
        removed: list[int] = []

        def write(table: "DeltaTable") -> None:
            removed[:] = [table.delete(f"{column} IN ({quoted})")["num_deleted_rows"]]

        self._commit(key, write)
        if (table := self._open(key)) is not None:
            table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
        return removed[0]

    def _named(self, source: str | None = None, position: int = 0) -> "CommitProperties":
        return delta_writes.properties(self.run_id(), source, position)
