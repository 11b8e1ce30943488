"""Adds the counts of reviewed cases and the ledger up to the promotion rule's input."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from xray_assets.cases.review import CELL
from xray_assets.catalog import CHALLENGER, CHAMPION
from xray_assets.errors import XrayError
from xray_assets.promotion import PairedCounts
from xray_assets.promotion.uncertainty_bands import n_strata

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
    by_batch = _by_batch(reviewed, (strata, 2, 2, 2))
    scored = np.zeros((strata, 2, 2), np.int64)
    scored_rows = ledger.filter(pl.col("kind") == "scored")
    cell = tuple(scored_rows[name].to_numpy() for name in CELL)
    np.add.at(scored, cell, scored_rows["n"].to_numpy())
    versions, served = _served(ledger.filter(pl.col("kind") == "served"))
    if unknown := [version for version in versions if version not in challenger_share]:
        raise UnrecordedConfig(
            f"config versions {unknown} served traffic but gold.endpoint_config does not hold "
            "them: materialize gold/endpoint_config"
        )
    return PairedCounts(
        reviewed=by_batch.sum(axis=0),
        scored=scored,
        served=served,
        split=np.array([challenger_share[version] for version in versions], np.float64),
        batches=by_batch[:-1],
    )


def _by_batch(rows: pl.DataFrame, cells: tuple[int, ...]) -> np.ndarray:
    """(K + 1, *cells) counts of every batch up to the last one that holds a truth."""
    rows = rows.filter(pl.col("counts").list.sum() > 0)
    last = rows["batch"].max() if rows.height else 0
    counts = np.zeros((int(last) + 1, *cells), np.int64)  # type: ignore[arg-type]
    counts[rows["batch"].to_numpy()] = (
        rows["counts"].explode().to_numpy().reshape(rows.height, *cells)
    )
    return counts


def _served(rows: pl.DataFrame) -> tuple[list[int], np.ndarray]:
    versions = rows["config_version"].unique().sort().to_list()
    served = np.zeros((len(versions), 2), np.int64)
    for version, arm, n in rows.select("config_version", "assigned_arm", "n").iter_rows():
        served[versions.index(version), ROLES.index(arm)] += n
    return versions, served
