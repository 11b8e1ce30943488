"""Simulated readers: they take cases from the review queue as people do, blinded and in its order,
get to each after some days, and err at a known rate.

They know the truth of what the simulation sent, and nothing of labels and scores.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from xray_assets.reading.asked import DueCase
from xray_assets.reading.forms import Read
from xray_assets.reading.queue import ReadingQueue
from xray_assets.settings import Settings
from xray_assets.web.account_changes import add
from xray_assets.web.roles import Account, Role

NAMES = ("reader-1", "reader-2", "reader-3")
MEAN_DAYS = 3.0
"""Of the delay from a film to its read, which is geometric: each day a third of what waits."""
ERROR_RATE = 0.03
BY = "the simulation"


@dataclass(frozen=True, slots=True)
class Sent:
    """A film that was sent: on which day, and whether its patient is ill (1) or not (0)."""

    day: date
    truth: int


def reader_accounts(settings: Settings) -> list[Account]:
    """The readers' accounts, made."""
    return [add(settings, name, Role.READER, by=BY) for name in NAMES]


class SimulatedReaders(ReadingQueue):
    """The review queue, whose readers come to a case when its day is there."""

    def __init__(
        self, settings: Settings, readers: Sequence[Account], sent: Mapping[str, Sent], *, seed: int
    ) -> None:
        """`sent`: by request id, filled while the simulation sends; the seed is of delays and
        errors.
        """
        super().__init__(settings)
        self._readers, self._sent, self._seed = readers, sent, seed
        self._today = date.min

    def read(self, today: date, *, error_rate: float = ERROR_RATE) -> int:
        """Read what has come to its day, until nobody is asked any more: where two differ, a third
        is. Returns how many reads were taken.
        """
        self._today, taken = today, 0
        self._due.now(renewed=True)
        while reads := sum(self._read_next(one, error_rate) for one in self._readers):
            taken += reads
        return taken

    def _read_next(self, reader: Account, error_rate: float) -> bool:
        lease = self.next(reader)
        if lease is None:
            return False
        self.film(lease.lease, reader)
        request_id = self._find(lease.lease, reader).request_id
        chance = self._random("read", reader.name, request_id)
        is_ill = bool(self._sent[request_id].truth) != (chance.random() < error_rate)
        commit_id = str(UUID(int=chance.getrandbits(128), version=4))
        read = Read("pneumonia" if is_ill else "normal")
        self.commit(lease.lease, reader, read, commit_id, source="simulation")
        return True

    def _offered(self, reader: Account, taken: set[str]) -> list[DueCase]:
        return [one for one in super()._offered(reader, taken) if self._has_come(one.request_id)]

    def _has_come(self, request_id: str) -> bool:
        chance = self._random("delay", request_id).random()
        days = 1 + math.floor(math.log1p(-chance) / math.log1p(-1 / MEAN_DAYS))
        return self._today >= self._sent[request_id].day + timedelta(days=days)

    def _random(self, *what: str) -> random.Random:
        return random.Random("\0".join((str(self._seed), *what)))  # noqa: S311 - no secret
