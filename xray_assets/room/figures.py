"""What a page shows of a number: its value, interval and cases, and the table that it comes from.

Pure. A number that rests on too few cases is not shown at all: never 0, 1 or NaN in its place.
"""

from dataclasses import dataclass
from math import isfinite

NOT_ENOUGH = "not enough data"


@dataclass(frozen=True)
class Figure:
    """A figure with its interval over `n` cases, of which it needs `least`.

    percent: value and bounds are shares (0 to 1), shown times 100. signed: shown with its sign.
    unit: as shown; percent where shares have none. digits: after the point, as shown.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: float | None = None
    least: int = 1
    percent: bool = True
    signed: bool = False
    unit: str = ""
    digits: int = 1

    @property
    def is_known(self) -> bool:
        """True where there is a number, on enough cases."""
        enough = self.n is None or self.n >= self.least
        return enough and self.value is not None and isfinite(self.value)

    @property
    def shown(self) -> str:
        """The number with its unit, or that there is not enough data."""
        if not self.is_known:
            return NOT_ENOUGH
        return f"{self._number(self.value)}{self._unit}"

    @property
    def interval(self) -> str:
        """`low to high`; empty where there is none."""
        if not self.is_known or self.low is None or self.high is None:
            return ""
        return f"{self._number(self.low)} to {self._number(self.high)}{self._unit}"

    @property
    def cases(self) -> str:
        """`n = 1,234`, and how many are needed where that is too few."""
        if self.n is None:
            return ""
        needed = f", {self.least:,} are needed" if self.n < self.least > 1 else ""
        return f"n = {round(self.n):,}{needed}"

    @property
    def _unit(self) -> str:
        unit = self.unit or ("%" if self.percent else "")
        return f" {unit}" if unit else ""

    def _number(self, value: float | None) -> str:
        scaled = (value or 0.0) * (100 if self.percent else 1)
        return f"{scaled:{'+' if self.signed else ''},.{self.digits}f}"


@dataclass(frozen=True)
class Source:
    """Where numbers come from: a table, its version when it was read, and the run that wrote it."""

    table: str
    version: int | None
    run_id: str | None = None
    run_url: str | None = None

    @property
    def shown(self) -> str:
        """`gold.hourly_traffic, version 12`."""
        if self.version is None:
            return f"{self.table}, not written yet"
        return f"{self.table}, version {self.version:,}"
