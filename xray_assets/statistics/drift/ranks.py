"""Where a film stands among the baseline's films of its own site, kind of day and score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST = 150
"""Films of a cell, or of a bin of scores in it; a cell with fewer borrows the week of its site."""
MOST_BINS = 10
_TAIL = 0.002
_BEYOND = 0.05
_FEWEST_OF_A_RANGE = 500


class Cells:
    """Groups of baseline films that others are compared with: site x weekday or weekend; the site's
    whole week where that is thin; all films where the site is thin or unseen.
    """

    def __init__(self, site: Ints, weekend: NDArray[np.bool_], n_sites: int) -> None:
        """site: (N,) index of each baseline film's site, -1 where it has none of its own."""
        self.members = [np.arange(len(site))]
        self.of = np.zeros((n_sites + 1, 2), dtype=np.int64)
        for index in range(n_sites):
            here = site == index
            if here.sum() < FEWEST:
                continue
            whole_week = -1
            for end in (0, 1):
                part = np.flatnonzero(here & (weekend == bool(end)))
                if len(part) >= FEWEST:
                    self.of[index, end] = len(self.members)
                    self.members.append(part)
                    continue
                if whole_week < 0:
                    whole_week = len(self.members)
                    self.members.append(np.flatnonzero(here))
                self.of[index, end] = whole_week

    def cell(self, site: Ints, weekend: NDArray[np.bool_]) -> Ints:
        """(N,) number of the cell of each film; site -1 is unseen."""
        return self.of[site, weekend.astype(np.int64)]


class Ranks:
    """Mid-ranks in (0, 1) of (N, S) values among the baseline's of the same cell and score bin.

    What is conditioned on cannot drift: given the score, a change of the prevalence alone leaves
    the films' ranks where they were. Values out of range rank first or last; nothing is dropped.
    """

    def __init__(self, cells: Cells, score: Floats, values: Floats, most_bins: int) -> None:
        self.edges: list[Floats] = []
        self.first = [0]
        places: list[Ints] = []
        for members in cells.members:
            known = score[members]
            n_bins = int(np.clip(len(members) // FEWEST, 1, most_bins))
            inner = np.linspace(0, 1, n_bins + 1)[1:-1]
            finite = known[np.isfinite(known)]
            edges = np.unique(np.quantile(finite, inner)) if len(finite) else np.empty(0)
            places.append(self.first[-1] + np.searchsorted(edges, known, side="right"))
            self.edges.append(edges)
            self.first.append(self.first[-1] + len(edges) + 1)
        member, place = np.concatenate(cells.members), np.concatenate(places)
        self.step = len(values) + 1
        self.sorted: list[Floats] = []
        self.keys: list[Ints] = []
        self.starts: list[Ints] = []
        for stream in range(values.shape[1]):
            column: Floats = values[:, stream]
            ordered: Floats = np.sort(column[np.isfinite(column)])
            held = np.isfinite(column[member]) & np.isfinite(score[member])
            code: Ints = np.searchsorted(ordered, column[member[held]])
            keys = np.sort(place[held] * self.step + code)
            self.sorted.append(ordered)
            self.keys.append(keys)
            self.starts.append(np.searchsorted(keys, np.arange(self.first[-1] + 1) * self.step))
        self._spread = np.column_stack([self._usual_spread(n) for n in range(len(self.keys))])

    def _usual_spread(self, stream: int) -> Floats:
        """(bins,) mean of |2 rank - 1| in each bin: 1/2, and less where values are alike."""
        keys, first, n_alike = np.unique(self.keys[stream], return_index=True, return_counts=True)
        place, starts = keys // self.step, self.starts[stream]
        n = np.maximum(np.diff(starts), 1)
        rank = (first - starts[place] + n_alike / 2) / n[place]
        return np.bincount(place, n_alike * np.abs(2 * rank - 1), len(n)) / n

    def spread(self, cell: Ints, score: Floats, ranks: Floats) -> Floats:
        """(N, S) how far out ranks lie, |2 rank - 1| less its mean in the baseline's bin."""
        return np.abs(2 * ranks - 1) - self._spread[self.bins(cell, score)]

    def bins(self, cell: Ints, score: Floats) -> Ints:
        """(N,) number of the bin of each film."""
        out = np.zeros(len(cell), dtype=np.int64)
        for number, edges in enumerate(self.edges):
            here = cell == number
            inside = np.searchsorted(edges, score[here], side="right")
            out[here] = self.first[number] + inside
        return out

    def of(self, cell: Ints, score: Floats, values: Floats, *, own: bool = False) -> Floats:
        """(N, S) ranks; NaN where value or score is. own: these are the baseline's films, and each
        stands among the others of its bin.
        """
        place = self.bins(cell, score)
        first = place * self.step
        out = np.full(values.shape, np.nan)
        for stream, (ordered, keys) in enumerate(zip(self.sorted, self.keys, strict=True)):
            column = values[:, stream]
            start = self.starts[stream][place]
            n = self.starts[stream][place + 1] - start
            below = np.searchsorted(keys, first + np.searchsorted(ordered, column)) - start
            upto = (
                np.searchsorted(keys, first + np.searchsorted(ordered, column, side="right"))
                - start
            )
            middle = (below + upto) / 2
            rank = middle / np.maximum(n, 1) if own else (middle + 0.5) / (n + 1)
            known = np.isfinite(column) & np.isfinite(score) & (n > 0)
            out[known, stream] = rank[known]
        return out


class Ranges:
    """Where the baseline's values lie: its 0.2 and 99.8 % quantiles and 5 % of their distance
    more, by site where that has 500 films, else of all.
    """

    def __init__(self, site: Ints, values: Floats, n_sites: int) -> None:
        shape = (n_sites + 1, values.shape[1])
        self.low, self.high = np.full(shape, -np.inf), np.full(shape, np.inf)
        for index in range(n_sites, -1, -1):
            here = values if index == n_sites else values[site == index]
            if index < n_sites and len(here) < _FEWEST_OF_A_RANGE:
                self.low[index], self.high[index] = self.low[-1], self.high[-1]
                continue
            known = np.isfinite(here).any(axis=0)
            low, high = np.nanquantile(here[:, known], [_TAIL, 1 - _TAIL], axis=0)
            slack = _BEYOND * (high - low) + 1e-9 * (1 + np.abs(low) + np.abs(high))
            self.low[index, known], self.high[index, known] = low - slack, high + slack

    def outside(self, site: Ints, values: Floats) -> Floats:
        """(N, S) 1 outside, 0 inside, NaN where the value is; site -1 is unseen."""
        beyond = (values < self.low[site]) | (values > self.high[site])
        return np.where(np.isfinite(values), beyond, np.nan)
