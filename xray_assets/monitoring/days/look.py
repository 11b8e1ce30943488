"""How far a judgement looked: what came after that is in a later one, or in none."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

LOG = "inference_log"
"""The log, as tables name the source whose position they store."""

HORIZON = timedelta(days=31)
"""How far back requests are looked for that came late, or whose case was settled: a day costs the
same however long the history is.
"""


@dataclass(frozen=True)
class Look:
    """A judged local day, with the log position and the acceptance rank of reads up to which it
    was seen.
    """

    day: date
    log_position: int
    read_rank: int

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Look":
        """The look of a row of gold.monitoring_days."""
        return cls(row["date"], row["log_position"], row["read_rank"])
