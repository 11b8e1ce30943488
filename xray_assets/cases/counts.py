"""Adds the counts of reviewed cases and the ledger up to the promotion rule's input: for rules that
estimate who got reviewed, and for those that know.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from xray_assets.cases.review import CELL
from xray_assets.catalog import CHALLENGER, CHAMPION
from xray_assets.errors import XrayError
from xray_assets.promotion import PairedCounts, PromotionRule, case_counts
from xray_assets.promotion.counts.uncertainty_bands import n_strata

ROLES = [CHAMPION, CHALLENGER]


class UnrecordedConfig(XrayError):
    """Traffic was served under a config that gold.endpoint_config does not hold."""


def paired_counts(
    reviewed: pl.DataFrame,
    ledger: pl.DataFrame,
    *,
    challenger_share: Mapping[int, float],
) -> PairedCounts:
    """The counts of one experiment.

    reviewed: its gold.reviewed_counts. ledger: its gold.scored_counts. challenger_share: share of
    traffic (0 to 1) by config version. The last batch that holds a truth is unfinished: it is
    what `reviewed` holds beyond the batches. Raises UnrecordedConfig for a config version without
    a share.
    """
    strata = n_strata()
    served, split = _served(ledger, challenger_share)
    by_batch = _by_batch(reviewed, (strata, 2, 2, 2))
    scored = np.zeros((strata, 2, 2), np.int64)
    scored_rows = ledger.filter(pl.col("kind") == "scored")
    cell = tuple(scored_rows[name].to_numpy() for name in CELL)
    np.add.at(scored, cell, scored_rows["n"].to_numpy())
    return PairedCounts(
        reviewed=by_batch.sum(axis=0),
        scored=scored,
        served=served,
        split=split,
        batches=by_batch[:-1],
    )


def logged_counts(
    cases: pl.DataFrame,
    ledger: pl.DataFrame,
    rule: PromotionRule,
    *,
    challenger_share: Mapping[int, float],
) -> PairedCounts:
    """The counts of one experiment whose cases are drawn at logged chances.

    cases: its drawn cases in the order they were scored, as `promotion.case_counts` takes them.
    The others as in `paired_counts`; of the ledger, cases that did not enter count in `served`
    alone. Raises UnrecordedConfig.
    """
    served, split = _served(ledger, challenger_share)
    scored: dict[float, np.ndarray] = {}
    entered = ledger.filter(pl.col("kind") == "scored", pl.col("chance").is_not_null())
    for chance, *cell, n in entered.select("chance", *CELL[1:], "n").iter_rows():
        scored.setdefault(chance, np.zeros((2, 2), np.int64))[*cell] += n
    return case_counts(cases, rule, served=served, split=split, scored=scored)


def _by_batch(rows: pl.DataFrame, cells: tuple[int, ...]) -> np.ndarray:
    """(K + 1, *cells) counts of every batch up to the last one that holds a truth."""
    rows = rows.filter(pl.col("counts").list.sum() > 0)
    last = rows["batch"].max() if rows.height else 0
    counts = np.zeros((int(last) + 1, *cells), np.int64)  # type: ignore[arg-type]
    counts[rows["batch"].to_numpy()] = (
        rows["counts"].explode().to_numpy().reshape(rows.height, *cells)
    )
    return counts


def _served(
    ledger: pl.DataFrame, challenger_share: Mapping[int, float]
) -> tuple[np.ndarray, np.ndarray]:
    rows = ledger.filter(pl.col("kind") == "served")
    versions = rows["config_version"].unique().sort().to_list()
    if unknown := [version for version in versions if version not in challenger_share]:
        raise UnrecordedConfig(
            f"config versions {unknown} served traffic but gold.endpoint_config does not hold "
            "them: materialize gold/endpoint_config"
        )
    served = np.zeros((len(versions), 2), np.int64)
    for version, arm, n in rows.select("config_version", "assigned_arm", "n").iter_rows():
        served[versions.index(version), ROLES.index(arm)] += n
    return served, np.array([challenger_share[version] for version in versions], np.float64)
