"""Champion and challenger side by side, each figure with its cases and interval. Pure.

The figures of the experiment are those of the decision's record: corrected for who was reviewed, on
cases that both models scored. AUC and calibration need scores, so they are counted on the cases
that each model served, as they were read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from xray_assets.catalog import CHALLENGER, CHAMPION
from xray_assets.room.figures import Figure
from xray_assets.statistics.calibration import calibration_in_the_large
from xray_assets.statistics.resolution import BINS
from xray_assets.statistics.roc import area_under_counts

Report = Mapping[str, Any]

LEAST_OF_A_CLASS = 10
"""Positives and negatives without which an AUC is not shown."""


@dataclass(frozen=True)
class Compared:
    """One figure of both models. `difference`: challenger minus champion, with bounds that hold at
    every look; `margin`: how much worse the challenger may be by the rule.
    """

    name: str
    champion: Figure
    challenger: Figure
    difference: Figure | None = None
    margin: str = ""


@dataclass(frozen=True)
class SideBySide:
    """Every figure. `reviewed`: cases behind the first ones; `approximate`: their weights were
    estimated, not logged.
    """

    rows: tuple[Compared, ...]
    reviewed: int
    approximate: bool


def side_by_side(report: Report, scores: Mapping[str, np.ndarray]) -> SideBySide:
    """From the `report` of a decision, parsed, and (2, BINS) consensus counts [truth, bin] by role.

    A figure that the decision's release did not report yet is not enough data.
    """
    rule, differences = report["rule"], report["differences"]
    n_reviewed = report["decision"]["n_reviewed"]
    margins = {
        "accuracy": "must be above 0",
        "sensitivity": f"{100 * rule['sensitivity_margin']:g} points may be lost",
    }
    least = {
        "accuracy": rule["min_reviewed"],
        "sensitivity": rule["min_positives"],
        "specificity": rule["min_negatives"],
        "precision": rule["min_positives"],
        "f1": rule["min_reviewed"],
    }
    rows = [
        Compared(
            name.capitalize(),
            _recorded(report[CHAMPION], name, needed),
            _recorded(report[CHALLENGER], name, needed),
            _difference(differences[name], name, n_reviewed, rule) if name in differences else None,
            margins.get(name, ""),
        )
        for name, needed in least.items()
    ]
    for name, shown in (("AUC", _auc), ("Calibration", _calibration)):
        rows.append(Compared(name, shown(scores[CHAMPION]), shown(scores[CHALLENGER])))
    return SideBySide(tuple(rows), n_reviewed, differences["approximate"])


def scores_by_role(summary: pl.DataFrame, served: Mapping[str, str]) -> dict[str, np.ndarray]:
    """(2, BINS) counts by role, added up over rows of gold.model_comparison_summary; `served`: the
    served name by role.
    """
    found = {}
    for role, name in served.items():
        lists = summary.filter(pl.col("served_model_name") == name)["scores"].to_list()
        found[role] = np.array(lists, np.int64).reshape(-1, 2, BINS).sum(axis=0)
    return found


def _recorded(model: Mapping[str, Any], name: str, least: int) -> Figure:
    share = model.get(f"corrected_{name}", {})
    value, low, high, n = map(share.get, ("value", "low", "high", "n"))
    return Figure(name, value, low, high, n, least)


def _difference(
    difference: Mapping[str, float | None], name: str, n: int, rule: Mapping[str, Any]
) -> Figure:
    bounds = (difference["value"], difference["low"], difference["high"])
    return Figure(name, *bounds, n, rule["min_reviewed"], signed=True, unit="points")


def _auc(counts: np.ndarray) -> Figure:
    auc = area_under_counts(counts[0], counts[1])
    smallest = min(auc.n_positive, auc.n_negative)
    enough = smallest >= LEAST_OF_A_CLASS
    n = auc.n_positive + auc.n_negative
    value = auc.value if enough else None
    return Figure("AUC", value, auc.low, auc.high, n, percent=False, digits=3)


def _calibration(counts: np.ndarray) -> Figure:
    found = calibration_in_the_large(counts)
    bounds = (found.value, found.low, found.high)
    return Figure("Calibration", *bounds, found.n, 30, signed=True, unit="points")
