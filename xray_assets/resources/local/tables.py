"""Delta tables on a disk or S3, through delta-rs and polars."""

import functools
import time
from pathlib import Path
from typing import Any, Literal

import polars as pl

from xray_assets.catalog import Catalog, Key
from xray_assets.contracts.contract import Contract
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.resources.tables import Tables

COMPACT_EVERY = 100
"""Commits between compactions of an appended table: each append adds files that every later read
opens.
"""


MERGE_ATTEMPTS = 8
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
        if source is not None and position <= self.position(key, source):
            return self.version(key)
        if source is None and rows.is_empty():
            return self.version(key)
        self._write(key, rows, mode="append", source=source, position=position)
        version = self.version(key)
        if version and version % COMPACT_EVERY == 0:
            self._open(key).optimize.compact()
        return version

    def overwrite(
        self, key: Key, rows: pl.DataFrame, *, source: str | None = None, position: int = 0
    ) -> int | None:
        """See Tables."""
        self._write(key, rows, mode="overwrite", source=source, position=position)
        return self.version(key)

    def merge(
        self, key: Key, rows: pl.DataFrame, *, insert_only: bool = False, within: str | None = None
    ) -> int | None:
        """See Tables."""
        contract = CONTRACTS[key]
        rows = contract.conform(rows)
        if rows.is_empty():
            return self.version(key)
        if self._open(key) is None:
            return self.append(key, rows)
        from deltalake.exceptions import CommitFailedError

        match = " AND ".join(f"t.{column} = s.{column}" for column in contract.unique)
        predicate = f"({within}) AND {match}" if within else match
        for attempt in range(MERGE_ATTEMPTS):
            try:
                merger = self._open(key).merge(rows, predicate, source_alias="s", target_alias="t")
                if not insert_only:
                    merger = merger.when_matched_update_all()
                merger.when_not_matched_insert_all().execute()
                return self.version(key)
            except CommitFailedError:
                if attempt == MERGE_ATTEMPTS - 1:
                    raise
                time.sleep(0.05 * 2**attempt)
        raise AssertionError("unreachable")

    def full_name(self, key: Key) -> str:
        """See Tables."""
        return Catalog(self.environment).table(key)

    def uri(self, key: Key) -> str:
        """See Tables."""
        return "/".join((self.root.rstrip("/"), Catalog(self.environment).name, *key))

    def _open(self, key: Key) -> Any:
        from deltalake import DeltaTable

        uri = self.uri(key)
        if not DeltaTable.is_deltatable(uri, self._storage):
            return None
        return DeltaTable(uri, storage_options=self._storage)

    def _write(
        self,
        key: Key,
        rows: pl.DataFrame,
        *,
        mode: Literal["append", "overwrite"],
        source: str | None,
        position: int,
    ) -> None:
        from deltalake import CommitProperties, Transaction, write_deltalake

        contract: Contract = CONTRACTS[key]
        rows = contract.conform(rows)
        mark = [Transaction(source, position)] if source is not None else None
        if "://" not in self.root:
            Path(self.uri(key)).mkdir(parents=True, exist_ok=True)
        write_deltalake(
            self.uri(key),
            rows.to_arrow(compat_level=pl.CompatLevel.oldest()),
            mode=mode,
            partition_by=list(contract.partition_by) or None,
            storage_options=self._storage,
            commit_properties=CommitProperties(app_transactions=mark),
        )

    @functools.cached_property
    def _storage(self) -> dict[str, str] | None:
        return dict(self.storage_options) or None
