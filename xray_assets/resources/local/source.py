"""What the local log and the local inbox share: a list in SQLite that knows who it is."""

from abc import abstractmethod
from pathlib import Path

from typing_extensions import override

from xray_assets.lake.cursor import Cursor
from xray_assets.lake.tables import Tables
from xray_assets.resources.source import WINDOW, Changed, Source, SourceChanged
from xray_assets.storage.list_identity import UPGRADED
from xray_assets.storage.numbered_rows import NumberedRows, OtherRows

_KEYS_AT_ONCE = 20_000


class LocalSource(Source):
    """A source whose cursors are positions in a NumberedRows."""

    path: str

    @abstractmethod
    def rows(self) -> NumberedRows:
        """The list."""

    @abstractmethod
    def bring_up_to_date(self) -> None:
        """Make the file, or give one of 0.1.0 its identity, as its writer would."""

    @abstractmethod
    def taken_keys(self, tables: Tables, after: int) -> dict[int, str]:
        """Keys by position of the rows that the tables hold after a position."""

    @abstractmethod
    def held_keys(self, tables: Tables, keys: list[str]) -> set[str]:
        """Those of the keys that the tables hold."""

    @override
    def place(self) -> str:
        return self.path

    @override
    def end(self) -> Cursor:
        seen = self.rows().look()
        return Cursor.at(f"{self.name}/{seen.id if seen else ''}", seen.end if seen else 0)

    @override
    def acknowledge(self, consumer: str, position: int) -> None:
        self.rows().acknowledge(consumer, position)

    @override
    def fits(self, tables: Tables) -> Changed | None:
        """Told by the identity, the end, what the file itself knows to be taken, and
        only where that is not the table's position by the rows.
        """
        position = tables.position(self.table, self.name)
        seen = self.rows().look()
        if seen is None:
            return Changed.MISSING if position else None
        if not position:
            return None if seen.id else Changed.UNNAMED
        own = tables.position(self.table, f"{self.name}/{seen.id}") if seen.id else 0
        if own < position:
            return Changed.UNNAMED if not own and seen.kind == UPGRADED else Changed.OTHER
        if seen.end < position:
            return Changed.SHORTER
        if seen.taken != position and self._is_rewritten(tables, position):
            return Changed.REWRITTEN
        return None

    @override
    def adopt(self, tables: Tables, *, by: str, reason: str) -> Cursor:
        """First the file, then the table: a crash between them is adopted again."""
        self.bring_up_to_date()
        position = tables.position(self.table, self.name)
        start = self._taken_to(tables)
        identity = self.rows().adopt(position=position, start=start, by=by, reason=reason)
        cursor = Cursor.at(f"{self.name}/{identity}", position)
        empty = tables.read(self.table).head(0).collect()
        tables.append(self.table, empty, source=cursor.source, position=position)
        return cursor

    def adopt_earlier(self, tables: Tables) -> bool:
        """Adopt the list of a state of 0.1.0, which had no identities, if every row that was taken
        from it is where it was; True when it was adopted now.
        """
        if not Path(self.path).exists():
            return False
        self.bring_up_to_date()
        if self.fits(tables) is not Changed.UNNAMED:
            return False
        if self._taken_to(tables) != tables.position(self.table, self.name):
            return False
        self.adopt(tables, by="xray", reason="taken over from release 0.1.0")
        return True

    def _changed(self, error: OtherRows) -> SourceChanged:
        return SourceChanged(Changed.ROWS_GONE, self, str(error))

    def _is_rewritten(self, tables: Tables, position: int) -> bool:
        taken = self.taken_keys(tables, position - WINDOW)
        found = self.rows().keys(position - WINDOW, position)
        both = taken.keys() & found.keys()
        return any(taken[one] != found[one] for one in both) or (bool(taken) and not both)

    def _taken_to(self, tables: Tables) -> int:
        """The last position of the list whose row is in the tables: rows are taken in order, so
        all before it were taken too, or erased since.
        """
        rows = self.rows()
        first, upto = rows.lowest(), rows.position()
        while upto > first:
            keys = rows.keys(max(first, upto - _KEYS_AT_ONCE), upto)
            held = self.held_keys(tables, list(keys.values()))
            if taken := [position for position, key in keys.items() if key in held]:
                return max(taken)
            upto -= _KEYS_AT_ONCE
        return first
