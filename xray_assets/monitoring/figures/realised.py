"""What settled reads say of a model's labels and probabilities, each read weighted by one over the
chance at which its case was drawn: the figures are of all films, not of those that were read.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from xray_assets.statistics.calibration import BINS, bin_of
from xray_assets.statistics.intervals import Estimate, weighted_share
from xray_assets.statistics.metrics import f1_of

_LEAST = 1e-15


@dataclass(frozen=True)
class Realised:
    """Shares with bounds by name; n: reads that count. None where nothing can be said."""

    n: int
    shares: dict[str, Estimate]
    log_loss: float | None
    calibration_error: float | None

    def bounds(self, name: str, column: str) -> dict[str, float | None]:
        """{column, column_low, column_high} of a share."""
        flat = self.shares[name].flat(column)
        return {key: None if np.isnan(value) else float(value) for key, value in flat.items()}


def realised(reads: pl.DataFrame, label: str, score: str) -> Realised:
    """Figures of the reads with a chance, a label and a score.

    reads: truth (0, 1), review_probability, and the columns named by `label` and `score`.
    """
    known = reads.drop_nulls(["truth", "review_probability", label, score])
    weight = 1 / known["review_probability"].to_numpy()
    truth, called = (known[name].to_numpy() == 1 for name in ("truth", label))
    p = known[score].to_numpy().astype(np.float64)

    def share(hits: NDArray[np.bool_], of: NDArray[np.bool_]) -> Estimate:
        w = weight * of
        return weighted_share((w * hits).sum(), w.sum(), (w * w).sum())

    everything = np.ones(known.height, dtype=bool)
    jaccard = share(called & truth, truth | called)
    shares = {
        "accuracy": share(called == truth, everything),
        "precision": share(truth, called),
        "sensitivity": share(called, truth),
        "specificity": share(~called, ~truth),
        "f1": Estimate(f1_of(jaccard.value), f1_of(jaccard.low), f1_of(jaccard.high), jaccard.n),
    }
    if not known.height:
        return Realised(0, shares, None, None)
    said = np.clip(np.where(truth, p, 1 - p), _LEAST, 1)
    over = np.bincount(bin_of(p), weights=weight * (p - truth), minlength=BINS)
    return Realised(
        known.height,
        shares,
        log_loss=float(np.average(-np.log(said), weights=weight)),
        calibration_error=float(np.abs(over).sum() / weight.sum()),
    )
