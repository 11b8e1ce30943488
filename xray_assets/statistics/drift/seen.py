"""Who was seen in the last 30 days, in a fixed number of bytes."""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

SLOTS = 1 << 18
DAYS = 30
_CYCLE = 200


def keys(names: list[str]) -> NDArray[np.int64]:
    """(N,) 32-bit hash of each of N names, the same in every process."""
    return np.fromiter((crc32(name.encode()) for name in names), dtype=np.int64, count=len(names))


class Seen:
    """The day on which each slot of a table was last taken, one slot a key.

    Two keys of a slot are taken for one: of k keys in 30 days a share of k / 262,144 of new ones is
    passed over, by chance and never for what is in the film. Nobody is ever forgotten early.
    """

    def __init__(self) -> None:
        self.stamps = np.zeros(SLOTS, dtype=np.uint8)
        self.day = 0

    def new(self, key: NDArray[np.int64], day: int) -> NDArray[np.bool_]:
        """(N,) whether each key is new on this day; all are remembered from now on. A key that
        comes twice in one call is new both times. Days must not fall.
        """
        if abs(day - self.day) > DAYS:
            self.stamps[:] = 0
        else:
            age = (day - (self.stamps.astype(np.int64) - 1)) % _CYCLE
            self.stamps[(self.stamps > 0) & (age >= DAYS)] = 0
        self.day = day
        slot = key % SLOTS
        fresh = self.stamps[slot] == 0
        self.stamps[slot[fresh]] = 1 + day % _CYCLE
        return fresh
