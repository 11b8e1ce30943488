"""Which films a run has met already, at 16 bytes a film: ten million take 160 MB."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_DIGEST_BYTES = 16
"""At 10 million paths the chance that any two share a digest is 1.5e-25."""


class PathIndex:
    """A set of paths that only grows, kept as digests in a few sorted arrays.

    New paths become an array of their own; arrays of similar size are merged, so that there are
    never more than about log2(paths) of them.
    """

    def __init__(self) -> None:
        self._runs: list[NDArray[np.bytes_]] = []

    def __len__(self) -> int:
        """Number of different paths added."""
        return sum(len(run) for run in self._runs)

    def add(self, paths: Sequence[str]) -> list[bool]:
        """Add paths; for each, whether it was new. Of equal paths in one call the first is new."""
        if not paths:
            return []
        digests = np.array([_digest(path) for path in paths], f"S{_DIGEST_BYTES}")
        unique, first = np.unique(digests, return_index=True)
        known = np.zeros(len(unique), bool)
        for run in self._runs:
            places = np.minimum(np.searchsorted(run, unique), len(run) - 1)
            known |= run[places] == unique
        new = np.zeros(len(paths), bool)
        new[first[~known]] = True
        if not known.all():
            self._keep(unique[~known])
        return new.tolist()

    def _keep(self, run: NDArray[np.bytes_]) -> None:
        while self._runs and len(self._runs[-1]) <= 2 * len(run):
            run = np.concatenate([self._runs.pop(), run])
            run.sort()
        self._runs.append(run)


def _digest(path: str) -> bytes:
    return hashlib.blake2b(path.encode(), digest_size=_DIGEST_BYTES).digest()
