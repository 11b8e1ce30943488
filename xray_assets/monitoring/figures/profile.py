"""How the values of a day lie, column by column, and how the champion's labels agree with reads."""

from typing import Any

import numpy as np
import polars as pl

from xray_assets.catalog import CHAMPION
from xray_assets.contracts.tables.figures import WHOLE_TABLE
from xray_assets.monitoring.figures.columns import SITE, data_type, described, slices
from xray_assets.monitoring.figures.realised import realised

_DECILES = np.linspace(0, 1, 11)
_NAMES = {
    "accuracy": "accuracy_score",
    "precision": "precision",
    "sensitivity": "recall",
    "specificity": "specificity",
    "f1": "f1_score",
}


def profile_rows(films: pl.DataFrame, reads: pl.DataFrame) -> list[dict[str, Any]]:
    """Columns of gold.profile_metrics from the films and reads of a day, without the window."""
    rows: list[dict[str, Any]] = []
    for site, part in slices(films):
        same = {"slice_key": site and SITE, "slice_value": site}
        rows += [same | _of_column(column) for column in described(part)]
        its = reads if site is None else reads.filter(pl.col(SITE) == site)
        rows.append(same | _of_labels(its))
    return rows


def _of_column(values: pl.Series) -> dict[str, Any]:
    nulls, films = values.null_count(), len(values)
    row = {
        "column_name": values.name,
        "data_type": data_type(values.dtype),
        "count": films,
        "num_nulls": nulls,
        "percent_null": nulls / films if films else 0.0,
        "distinct_count": values.drop_nulls().n_unique(),
    }
    if not values.dtype.is_numeric() or nulls == films:
        return row
    cuts = [values.quantile(float(at), interpolation="lower") for at in _DECILES]
    return row | {
        "avg": values.mean(),
        "stddev": values.std(),
        "min": values.min(),
        "max": values.max(),
        "quantiles": cuts,
    }


def _of_labels(reads: pl.DataFrame) -> dict[str, Any]:
    figures = realised(reads, f"label_{CHAMPION}", f"score_{CHAMPION}")
    row = {
        "column_name": WHOLE_TABLE,
        "data_type": "int",
        "count": figures.n,
        "num_nulls": 0,
        "percent_null": 0.0,
        "distinct_count": reads["truth"].n_unique(),
        "log_loss": figures.log_loss,
        "expected_calibration_error": figures.calibration_error,
    }
    for name, column in _NAMES.items():
        row |= figures.bounds(name, column)
    return row
