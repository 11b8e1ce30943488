"""Where the Delta tables lie: a table is found, made, and committed to until no other writer comes
between. Not here: what is written (`delta_writes.py`).
"""

import functools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from xray_assets.catalog import Catalog, Key
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.lake import delta_writes, upkeep

if TYPE_CHECKING:
    from deltalake import DeltaTable

COMMIT_ATTEMPTS = 8
"""Delta's optimistic commits fail when another writer was first (measured: half of concurrent
merges); then try again.
"""


class DeltaFolder:
    """The Delta tables of one environment below a folder or an s3:// root."""

    root: str
    environment: str
    storage_options: dict[str, str]

    def __init__(
        self, root: str, environment: str = "dev", storage_options: dict[str, str] | None = None
    ) -> None:
        """Nothing is opened yet. `storage_options` are delta-rs'; else the environment's count."""
        self.root, self.environment = root, environment
        self.storage_options = storage_options or {}

    def run_id(self) -> str:
        """The run of Dagster that writes here; empty outside of one."""
        return ""

    def full_name(self, key: Key) -> str:
        """Three-level name, for people and SQL."""
        return Catalog(self.environment).table(key)

    def uri(self, key: Key) -> str:
        """Where the table lies."""
        return "/".join((self.root.rstrip("/"), Catalog(self.environment).name, *key))

    def _open(self, key: Key) -> "DeltaTable | None":
        """The table as it is now; None when it does not exist yet."""
        from deltalake import DeltaTable

        uri = self.uri(key)
        if not DeltaTable.is_deltatable(uri, self._storage):
            return None
        return DeltaTable(uri, storage_options=self._storage)

    def _table(self, key: Key) -> "DeltaTable":
        """The table; made when it does not exist yet."""
        from deltalake import DeltaTable

        if (found := self._open(key)) is not None:
            return found
        contract = CONTRACTS[key]
        return DeltaTable.create(
            self.uri(key),
            delta_writes.arrow(contract.empty()).schema,
            mode="ignore",  # another writer may have been first
            partition_by=list(contract.partition_by) or None,
            configuration=upkeep.configuration(contract),
            raise_if_key_not_exists=False,
            storage_options=self._storage,
        )

    def _commit(self, key: Key, write: Callable[["DeltaTable"], None]) -> int:
        """Look and write until no other writer comes between; returns the table's version."""
        from deltalake.exceptions import CommitFailedError

        for attempt in range(COMMIT_ATTEMPTS):
            try:
                table = self._table(key)
                write(table)
                return table.version()
            except CommitFailedError:
                if attempt == COMMIT_ATTEMPTS - 1:
                    raise
                time.sleep(0.05 * 2**attempt)
        raise AssertionError("unreachable")

    @functools.cached_property
    def _storage(self) -> dict[str, str] | None:
        """`storage_options` as delta-rs wants them."""
        return dict(self.storage_options) or None
