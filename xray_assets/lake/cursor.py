"""How far a table came in a source that it takes in exactly once and in order."""

from typing import Self


class Cursor(str):
    """A place in one source; only that source's role can compare it."""

    @classmethod
    def at(cls, source: str, position: int) -> Self:
        """`source`: `<name>/<identity>`, under which tables store the position."""
        return cls(f"{source}@{position}")

    @property
    def source(self) -> str:
        """For `Tables.append`."""
        return self.rpartition("@")[0]

    @property
    def position(self) -> int:
        """For `Tables.append`."""
        return int(self.rpartition("@")[2])
