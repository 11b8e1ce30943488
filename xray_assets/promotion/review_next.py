"""Which cell of films the next review should come from. Who gets to read it: not here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from xray_assets.promotion.counts.paired_counts import PairedCounts


@dataclass(frozen=True)
class ReviewCell:
    """A cell to take the next review from."""

    stratum: int
    champion_label: int
    challenger_label: int
    unreviewed: int


def cell_to_review_next(counts: PairedCounts) -> ReviewCell | None:
    """The cell of disagreeing models where one more review tells most; None when none is waiting.

    A cell of s scored and n reviewed cases, k of them positive, adds s^2 v / n to the variance of
    the corrected difference, v = (k + 1)(n - k + 1) / (n + 2)^2; one more review takes away about
    s^2 v / ((n + 1)(n + 2)).
    """
    positives, n, s = counts.reviewed[..., 1], counts.reviewed.sum(axis=3), counts.scored
    variance = (positives + 1) * (n - positives + 1) / (n + 2.0) ** 2
    gain = np.where(n < s, s**2.0 * variance / ((n + 1) * (n + 2)), 0.0)
    gain[:, [0, 1], [0, 1]] = 0.0
    if not gain.any():
        return None
    g, a, b = (int(i) for i in np.unravel_index(int(gain.argmax()), gain.shape))
    return ReviewCell(g, a, b, int(s[g, a, b] - n[g, a, b]))
