"""Tables that crash between two writes."""

from typing import Any

import polars as pl

from xray_assets.catalog import Key
from xray_assets.lake.tables import Tables


class Crash(BaseException):
    """The process died here."""


class Fuse:
    """Burns out after some writes."""

    def __init__(self, writes: int | None) -> None:
        self.writes = writes

    def burn(self) -> None:
        if self.writes is not None:
            self.writes -= 1
            if self.writes < 0:
                raise Crash


class CrashingTables:
    """Passes everything on; the write after `writes` others does not happen any more."""

    def __init__(self, tables: Tables, writes: int | None) -> None:
        self._tables = tables
        self.fuse = Fuse(writes)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tables, name)

    def append(self, key: Key, rows: pl.DataFrame, **more: Any) -> int | None:
        self.fuse.burn()
        return self._tables.append(key, rows, **more)

    def merge(self, key: Key, rows: pl.DataFrame, **more: Any) -> int | None:
        self.fuse.burn()
        return self._tables.merge(key, rows, **more)

    def overwrite(self, key: Key, rows: pl.DataFrame, **more: Any) -> int | None:
        self.fuse.burn()
        return self._tables.overwrite(key, rows, **more)

    def advance(self, key: Key, rows: pl.DataFrame, **more: Any) -> int:
        self.fuse.burn()
        return self._tables.advance(key, rows, **more)
