"""Tables in memory with the semantics of Delta."""

from typing import Any

import polars as pl

from xray_assets.catalog import Key
from xray_assets.contracts.bounds import Bounds
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.lake.tables import Tables


class MemoryTables(Tables):
    """Every write is one commit; a merge ignores `within`, which only bounds its work."""

    environment = "dev"

    def __init__(self) -> None:
        self._frames: dict[Key, pl.DataFrame] = {}
        self.positions: dict[tuple[Key, str], int] = {}

    def read(self, key: Key) -> pl.LazyFrame:
        return self._frames.get(key, CONTRACTS[key].empty()).lazy()

    def version(self, key: Key) -> int | None:
        return 0 if key in self._frames else None

    def row_count(self, key: Key) -> int:
        return self.read(key).collect().height

    def position(self, key: Key, source: str) -> int:
        return self.positions.get((key, source), 0)

    def append(
        self, key: Key, rows: pl.DataFrame, *, source: str | None = None, position: int = 0
    ) -> int | None:
        if source is not None and position <= self.position(key, source):
            return 0
        return self._store(
            key,
            pl.concat([self.read(key).collect(), CONTRACTS[key].conform(rows)]),
            source,
            position,
        )

    def merge(
        self,
        key: Key,
        rows: pl.DataFrame,
        *,
        insert_only: bool = False,
        within: Bounds | None = None,
    ) -> int | None:
        rows, old = CONTRACTS[key].conform(rows), self.read(key).collect()
        unique = list(CONTRACTS[key].unique)
        return self._store(key, pl.concat([old.join(rows, on=unique, how="anti"), rows]), None, 0)

    def _never_called(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("the intake of feedback reads, appends and merges")

    advance = remove = stored = evolve = tidy = _never_called

    def overwrite(
        self, key: Key, rows: pl.DataFrame, *, source: str | None = None, position: int = 0
    ) -> int | None:
        return self._store(key, CONTRACTS[key].conform(rows), source, position)

    def full_name(self, key: Key) -> str:
        return ".".join(key)

    def uri(self, key: Key) -> str:
        return "/".join(key)

    def _store(self, key: Key, rows: pl.DataFrame, source: str | None, position: int) -> int:
        self._frames[key] = rows
        if source is not None:
            for name in {source, source.partition("/")[0]}:
                self.positions[key, name] = position
        return 0
