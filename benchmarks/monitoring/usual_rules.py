"""The usual rules of drift, a day against the baseline, beside the monitor.

Columns: the 19 features, the champion's score and its label. None of them gets a reference by
weekday, which is how they come. Evidently's default (for a baseline of over 1,000 rows: distances
of at least 0.1 in at least half of the columns) is own code, because it takes a second a day;
`evidently_check` compares it with Evidently itself.
"""

import numpy as np
import polars as pl
from scipy.spatial.distance import jensenshannon
from scipy.special import kolmogorov

from xray_assets.catalog import FEATURES
from xray_assets.statistics.drift.classical import (
    contingency_test,
    decile_cuts,
    population_stability_index,
)

NUMBERS = (*FEATURES, "score_champion")
LABEL = "label_champion"
RULES = (
    "PSI > 0.25 any",
    "KS p < 0.05 any",
    "KS Bonferroni",
    "Evidently's default (own code)",
    "mean + 3 s.d. any",
)
_GRID = (np.arange(1000) + 0.5) / 1000


class UsualRules:
    """The baseline as the rules need it; `alarms(rows)` for each day."""

    def __init__(self, reference: pl.DataFrame) -> None:
        self._values = [np.sort(reference[name].to_numpy()) for name in NUMBERS]
        self._cuts = [decile_cuts(values) for values in self._values]
        self._binned = [
            _binned(values, cuts) for values, cuts in zip(self._values, self._cuts, strict=True)
        ]
        self._quantiles = [np.quantile(values, _GRID) for values in self._values]
        self._labels = np.bincount(reference[LABEL].to_numpy(), minlength=2)
        means = reference.group_by("day").agg(pl.col(*NUMBERS, LABEL).mean()).drop("day").to_numpy()
        self._mean, self._limit = means.mean(axis=0), 3 * means.std(axis=0)

    def alarms(self, rows: pl.DataFrame) -> dict[str, bool]:
        """Which rules call a day drift; a day without films calls nothing."""
        if rows.is_empty():
            return dict.fromkeys(RULES, False)
        windows = [np.sort(rows[name].to_numpy()) for name in NUMBERS]
        labels = np.bincount(rows[LABEL].to_numpy(), minlength=2)
        psi = [population_stability_index(self._labels, labels)]
        pvalues = [contingency_test(self._labels, labels).pvalue]
        drifted = [self._label_drifted(labels)]
        for i, window in enumerate(windows):
            cells = _binned(window, self._cuts[i])
            psi.append(population_stability_index(self._binned[i], cells))
            pvalues.append(_ks_pvalue(self._values[i], window))
            distance = np.abs(np.quantile(window, _GRID) - self._quantiles[i]).mean()
            spread = max(float(self._values[i].std()), 0.001)
            drifted.append(distance / spread >= 0.1)
        means = np.array([*(window.mean() for window in windows), labels[1] / labels.sum()])
        told = (
            max(psi) > 0.25,
            min(pvalues) < 0.05,
            min(pvalues) < 0.05 / len(pvalues),
            np.mean(drifted) >= 0.5,
            bool((np.abs(means - self._mean) > self._limit).any()),
        )
        return dict(zip(RULES, map(bool, told), strict=True))

    def _label_drifted(self, labels: np.ndarray) -> bool:
        """By the Jensen-Shannon distance in nats."""
        return bool(jensenshannon(self._labels, labels) >= 0.1)


def _binned(values: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Counts of sorted values between cuts."""
    return np.diff(np.searchsorted(values, cuts), prepend=0, append=len(values))


def _ks_pvalue(reference: np.ndarray, window: np.ndarray) -> float:
    """Asymptotic two-sided p of two sorted samples (scipy's for large n)."""
    n, m = len(reference), len(window)
    right = np.arange(1, m + 1) / m - np.searchsorted(reference, window, side="right") / n
    left = np.searchsorted(reference, window, side="left") / n - np.arange(m) / m
    return float(kolmogorov(max(right.max(), left.max(), 0.0) * np.sqrt(n * m / (n + m))))
