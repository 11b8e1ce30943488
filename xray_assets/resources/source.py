"""What tables take in exactly once and in order: the inference log, the feedback inbox.

How far a table came is a `Cursor` of that very source. The table stores it with the rows; a source
that was deleted, cut off, set back, exchanged or moved away does not fit it any more, which is an
error with a code (`SourceChanged`) and never silence. `xray log adopt` and `xray feedback adopt`
(`adopt` here) go on with what is there.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from enum import StrEnum
from typing import ClassVar

import dagster as dg
import polars as pl

from xray_assets.catalog import Key
from xray_assets.errors import XrayError
from xray_assets.lake.cursor import Cursor
from xray_assets.lake.tables import Tables

WINDOW = 1000
"""The last rows that a table took are compared with the source, where it does not say itself that
they were taken."""


class Changed(StrEnum):
    """Why a source does not fit what was taken from it."""

    MISSING = "missing"
    UNNAMED = "unnamed"
    OTHER = "other"
    SHORTER = "shorter"
    REWRITTEN = "rewritten"
    ROWS_GONE = "rows_gone"


_TOLD = {
    Changed.MISSING: "is not there: it was deleted or moved away",
    Changed.UNNAMED: "has no identity yet: it was made by release 0.1.0",
    Changed.OTHER: "is another one than the rows were taken from",
    Changed.SHORTER: "ends before what was taken from it: it was cut off or set back to a backup",
    Changed.REWRITTEN: "holds other rows than were taken from it: it was set back to a backup",
    Changed.ROWS_GONE: "lacks rows that were not taken yet",
}


class SourceChanged(XrayError):
    """The source is not the one, or not as far, as the tables have taken; nothing was taken."""

    def __init__(self, code: Changed, source: "Source", detail: str = "") -> None:
        """`code` travels; the message is for people."""
        super().__init__(
            f"the {source.title} {_TOLD[code]}{f' ({detail})' if detail else ''}. Put the right "
            f"file back at {source.place()}, or go on with what is there: "
            f"`{source.command} --reason TEXT`. Nothing of it is taken until then"
        )
        self.code = code


class Source(dg.ConfigurableResource, ABC):
    """Rows in the order they were acknowledged to whoever sent them."""

    name: ClassVar[str]
    title: ClassVar[str]
    command: ClassVar[str]
    table: ClassVar[Key]
    """The table whose position counts."""

    @abstractmethod
    def place(self) -> str:
        """Where it lies, for people."""

    @abstractmethod
    def end(self) -> Cursor:
        """The last row."""

    @abstractmethod
    def read_after(self, cursor: Cursor, limit: int) -> tuple[pl.DataFrame, Cursor]:
        """At most `limit` rows after a cursor, in order, and the cursor after them.

        Raises SourceChanged when it is a cursor of another source, or rows are gone.
        """

    @abstractmethod
    def acknowledge(self, consumer: str, position: int) -> None:
        """Say that a consumer needs nothing up to a position any more. Never moves back; nothing is
        deleted that a registered consumer still needs.
        """

    @abstractmethod
    def fits(self, tables: Tables) -> Changed | None:
        """Why this is not the source that the tables were taking from; None when it is."""

    @abstractmethod
    def adopt(self, tables: Tables, *, by: str, reason: str) -> Cursor:
        """Go on with this source where the tables stand, for this person and reason.

        Rows that the tables hold are not taken again, all others are; positions in the tables go
        on rising. Repeated it does nothing twice.
        """

    def resume(self, tables: Tables, key: Key | None = None) -> Cursor:
        """How far a table (the one that counts, unless given) has taken this source.

        Raises SourceChanged when it is not the one that was taken from.
        """
        if changed := self.fits(tables):
            raise SourceChanged(changed, self)
        return Cursor.at(self.end().source, tables.position(key or self.table, self.name))

    def behind(self, tables: Tables, key: Key | None = None) -> int:
        """Rows that a table has not taken yet. Raises SourceChanged as `resume`."""
        return self.end().position - self.resume(tables, key).position

    def is_ahead(self, cursor: Cursor) -> bool:
        """True when there are rows after a cursor."""
        return self.end().position > cursor.position

    def batches(self, cursor: Cursor, limit: int) -> Iterator[tuple[pl.DataFrame, Cursor]]:
        """All rows after a cursor, so many at a time."""
        while True:
            rows, cursor = self.read_after(cursor, limit)
            if rows.is_empty():
                return
            yield rows, cursor
