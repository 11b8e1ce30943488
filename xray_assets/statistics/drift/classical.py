"""The classical figures of drift, a window of one column against the baseline: shown, never acting.

They are not valid under repeated looks, and each calls ordinary traffic drift on many days a year
(docs/monitoring.md). Here: PSI, Wasserstein, Jensen-Shannon, Kolmogorov-Smirnov, chi-square with
exact tests for few values, and p adjusted over the columns of a window. What acts is elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from importlib import import_module
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

MIN_VALUES = 200
"""Of either sample, below which PSI and Jensen-Shannon are noise and are not computed."""

MIN_EXPECTED = 5
_RESAMPLES, _SEED = 9999, 20180202
_DECILES = np.linspace(0, 1, 11)

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


class Status(StrEnum):
    """`error`: nothing is known of the column, which is not the same as "no drift"."""

    OK = "ok"
    TOO_FEW = "too_few"
    ERROR = "error"


@dataclass(frozen=True)
class HypothesisTest:
    """A test of "one distribution": its name (ks, chi-square, fisher, permutation), and result."""

    name: str
    statistic: float
    pvalue: float


@dataclass(frozen=True)
class ColumnDrift:
    """Figures of one column; None where one does not apply or cannot be computed.

    n_reference, n: values that are not null. psi_by_chance: the PSI expected of two equal
    distributions at these sizes. wasserstein_distance: in standard deviations of the baseline.
    js_distance: square root of the divergence in bits. pvalue_adjusted: Benjamini-Hochberg over the
    columns of the window. problem: the kind of error, where status is `error`.
    """

    column: str
    status: Status
    n_reference: int = 0
    n: int = 0
    population_stability_index: float | None = None
    psi_by_chance: float | None = None
    wasserstein_distance: float | None = None
    js_distance: float | None = None
    ks_test: HypothesisTest | None = None
    chi_squared_test: HypothesisTest | None = None
    pvalue_adjusted: float | None = None
    problem: str = ""


def drift_of_window(reference: pl.DataFrame, window: pl.DataFrame) -> list[ColumnDrift]:
    """Every column of the baseline, in its order: floats as numbers, all others as categories.

    A column that is missing, of another type, or cannot be computed has the status `error`.
    """
    found = [_contained(name, reference, window) for name in reference.columns]
    tested = [(i, one.ks_test or one.chi_squared_test) for i, one in enumerate(found)]
    pvalues = {i: test.pvalue for i, test in tested if test is not None}
    if pvalues:
        adjusted = _scipy("stats").false_discovery_control(list(pvalues.values()), method="bh")
        for i, pvalue in zip(pvalues, adjusted, strict=True):
            found[i] = replace(found[i], pvalue_adjusted=float(pvalue))
    return found


def _contained(name: str, reference: pl.DataFrame, window: pl.DataFrame) -> ColumnDrift:
    """One column's figures, or its error: the other columns are still judged."""
    if name not in window.columns:
        return ColumnDrift(name, Status.ERROR, problem="missing")
    if reference.schema[name] != window.schema[name]:
        return ColumnDrift(name, Status.ERROR, problem="other_type")
    old, new = reference[name].drop_nulls(), window[name].drop_nulls()
    of = drift_of_numbers if old.dtype.is_float() else drift_of_categories
    try:
        return replace(of(old.to_numpy(), new.to_numpy()), column=name)
    except Exception as error:  # whatever it is, it is not "no drift"
        return ColumnDrift(name, Status.ERROR, len(old), len(new), problem=type(error).__name__)


def drift_of_numbers(reference: Floats, window: Floats) -> ColumnDrift:
    """Figures of (n_reference,) and (n,) finite numbers. Raises ValueError for others."""
    if not (np.isfinite(reference).all() and np.isfinite(window).all()):
        raise ValueError("numbers have to be finite")
    result = ColumnDrift("", Status.TOO_FEW, len(reference), len(window))
    if not len(reference) or not len(window):
        return result
    stats = _scipy("stats")
    ks = stats.ks_2samp(reference, window)
    result = replace(result, ks_test=HypothesisTest("ks", float(ks.statistic), float(ks.pvalue)))
    if spread := float(np.std(reference)):
        distance = float(stats.wasserstein_distance(reference, window)) / spread
        result = replace(result, wasserstein_distance=distance)
    cuts = decile_cuts(reference)
    return _with_shares(result, _binned(reference, cuts), _binned(window, cuts))


def drift_of_categories(reference: NDArray[Any], window: NDArray[Any]) -> ColumnDrift:
    """Figures of (n_reference,) and (n,) categories; one that the baseline never saw counts."""
    result = ColumnDrift("", Status.TOO_FEW, len(reference), len(window))
    if not len(reference) or not len(window):
        return result
    names, numbers = np.unique(np.concatenate([reference, window]), return_inverse=True)
    old, new = (
        np.bincount(part, minlength=len(names)) for part in np.split(numbers, [len(reference)])
    )
    result = replace(result, chi_squared_test=contingency_test(old, new))
    return _with_shares(result, old, new)


def contingency_test(reference: Counts, window: Counts) -> HypothesisTest:
    """Are two (K,) rows of counts of one distribution, whatever their totals?

    Pearson's chi-square with scipy's continuity correction for K = 2; where an expected count is
    below 5, Fisher's exact test for K = 2 and a permutation test of the statistic for more.
    """
    stats = _scipy("stats")
    table = np.array([reference, window])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] == 1:
        return HypothesisTest("chi-square", 0.0, 1.0)
    if stats.contingency.expected_freq(table).min() >= MIN_EXPECTED:
        name, found = "chi-square", stats.chi2_contingency(table)
    elif table.shape[1] == 2:
        name, found = "fisher", stats.fisher_exact(table)
    else:
        name = "permutation"
        resampled = stats.PermutationMethod(_RESAMPLES, rng=np.random.default_rng(_SEED))
        found = stats.chi2_contingency(table, correction=False, method=resampled)
    return HypothesisTest(name, float(found.statistic), float(found.pvalue))


def population_stability_index(reference: Counts, window: Counts) -> float:
    """Sum of (q - p) ln(q / p) over the (K,) counts' shares; a cell empty in one counts 1/2."""
    counts = np.array([reference, window])
    counts = counts[:, counts.sum(axis=0) > 0]
    p, q = (_shares(row) for row in np.where(counts == 0, 0.5, counts))
    return float(((q - p) * np.log(q / p)).sum())


def js_distance(reference: Counts, window: Counts) -> float:
    """Jensen-Shannon distance: square root of the divergence in bits, 0 to 1."""
    distance = _scipy("spatial.distance")
    return float(distance.jensenshannon(_shares(reference), _shares(window), base=2))


def decile_cuts(reference: Floats) -> Floats:
    """Where the open-ended decile bins of the baseline end: a bin starts at each cut.

    A value that is two deciles (or an end and a decile) is a bin: what leaves it is seen both ways.
    """
    deciles = np.quantile(reference, _DECILES, method="lower")
    values, times = np.unique(deciles, return_counts=True)
    return np.union1d(values[times > 1], np.nextafter(deciles[1:-1], np.inf))


def _binned(values: Floats, cuts: Floats) -> Counts:
    return np.bincount(np.searchsorted(cuts, values, side="right"), minlength=len(cuts) + 1)


def _with_shares(result: ColumnDrift, reference: Counts, window: Counts) -> ColumnDrift:
    """Add the figures that compare shares of bins, where there are enough values."""
    if min(result.n_reference, result.n) < MIN_VALUES:
        return result
    used = int(np.count_nonzero(reference + window))
    return replace(
        result,
        status=Status.OK,
        population_stability_index=population_stability_index(reference, window),
        psi_by_chance=(used - 1) * (1 / result.n_reference + 1 / result.n),
        js_distance=js_distance(reference, window),
    )


def _shares(counts: NDArray[Any]) -> Floats:
    return np.asarray(counts / counts.sum(), np.float64)


def _scipy(part: str) -> Any:
    """A part of scipy, which has no types and takes 0.3 s to load: only where it is used."""
    return import_module(f"scipy.{part}")
