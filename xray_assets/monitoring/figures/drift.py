"""The classical figures of drift of a day's columns, against its baseline and the day before."""

from dataclasses import asdict
from typing import Any

import polars as pl

from xray_assets.monitoring.figures.columns import NUMBERS, SITE, data_type, described, slices
from xray_assets.statistics.drift.classical import ColumnDrift, HypothesisTest, drift_of_window

_OTHER_NAMES = ("column", "n", "ks_test", "chi_squared_test")
"""Of `ColumnDrift`: those that the table has not, or not as they are."""


def drift_rows(films: pl.DataFrame, compared: pl.DataFrame) -> list[dict[str, Any]]:
    """Columns of gold.drift_metrics from the films of a day and those that it is compared with,
    without the windows.
    """
    rows: list[dict[str, Any]] = []
    for site, part in slices(films):
        before = compared if site is None else compared.filter(pl.col(SITE) == site)
        new, old = described(part), described(before)
        same = {
            "slice_key": site and SITE,
            "slice_value": site,
            "count_delta": new.height - old.height,
        }
        rows += [same | _row(one, old, new) for one in drift_of_window(old, new)]
    return rows


def _row(one: ColumnDrift, old: pl.DataFrame, new: pl.DataFrame) -> dict[str, Any]:
    figures = {name: value for name, value in asdict(one).items() if name not in _OTHER_NAMES}
    name = one.column
    return figures | {
        "column_name": name,
        "data_type": data_type(new[name].dtype),
        "status": one.status.value,
        "problem": one.problem or None,
        "count": one.n,
        "ks_test": _test(one.ks_test),
        "chi_squared_test": _test(one.chi_squared_test),
        "avg_delta": _delta(old[name].mean(), new[name].mean()) if name in NUMBERS else None,
        "percent_null_delta": _delta(_nulls(old[name]), _nulls(new[name])),
    }


def _test(test: HypothesisTest | None) -> dict[str, float] | None:
    return None if test is None else {"statistic": test.statistic, "pvalue": test.pvalue}


def _nulls(values: pl.Series) -> float | None:
    return values.null_count() / len(values) if len(values) else None


def _delta(old: Any, new: Any) -> float | None:
    return None if old is None or new is None else float(new) - float(old)
