"""Adds reviewed cases and the ledger up to the promotion rule's input."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from xray_assets.catalog import CHALLENGER, CHAMPION
from xray_assets.statistics.promotion import PairedCounts, PromotionRule
from xray_assets.statistics.uncertainty_bands import n_strata

ROLES = [CHAMPION, CHALLENGER]


class UnrecordedConfig(LookupError):
    """Traffic was served under a config that gold.endpoint_config does not hold."""


def paired_counts(
    reviewed: pl.DataFrame,
    ledger: pl.DataFrame,
    *,
    challenger_share: Mapping[int, float],
    rule: PromotionRule,
) -> PairedCounts:
    """The counts of one experiment.

    reviewed: its gold.reviewed_cases. ledger: its gold.scored_counts. challenger_share: share of
    traffic (0 to 1) by config version. Raises UnrecordedConfig for a config version without a
    share.
    """
    strata = n_strata()
    with_truth = reviewed.filter(pl.col("truth").is_not_null())
    cells = (strata, 2, 2, 2)
    counts = np.zeros(cells, np.int64)
    np.add.at(counts, _index(with_truth, "truth"), 1)
    scored = np.zeros((strata, 2, 2), np.int64)
    scored_rows = ledger.filter(pl.col("kind") == "scored")
    np.add.at(scored, _index(scored_rows), scored_rows["n"].to_numpy())
    versions, served = _served(ledger.filter(pl.col("kind") == "served"))
    if unknown := [version for version in versions if version not in challenger_share]:
        raise UnrecordedConfig(
            f"config versions {unknown} served traffic but gold.endpoint_config does not hold "
            "them: materialize gold/endpoint_config"
        )
    return PairedCounts(
        reviewed=counts,
        scored=scored,
        served=served,
        split=np.array([challenger_share[version] for version in versions], np.float64),
        segments=_segments(with_truth, cells, rule.reviews_per_segment),
    )


def _index(rows: pl.DataFrame, *more: str) -> tuple[np.ndarray, ...]:
    return tuple(
        rows[name].to_numpy() for name in ("stratum", "champion_label", "challenger_label", *more)
    )


def _served(rows: pl.DataFrame) -> tuple[list[int], np.ndarray]:
    versions = rows["config_version"].unique().sort().to_list()
    served = np.zeros((len(versions), 2), np.int64)
    for version, arm, n in rows.select("config_version", "assigned_arm", "n").iter_rows():
        served[versions.index(version), ROLES.index(arm)] += n
    return versions, served


def _segments(with_truth: pl.DataFrame, cells: tuple[int, ...], size: int) -> np.ndarray:
    """Finished segments of review ranks; the unfinished last one is what `reviewed` holds beyond
    them.
    """
    if with_truth.is_empty():
        return np.zeros((0, *cells), np.int64)
    segment = with_truth["review_rank"].to_numpy() // size
    segments = np.zeros((int(segment.max()), *cells), np.int64)
    finished = segment < len(segments)
    index = tuple(part[finished] for part in (segment, *_index(with_truth, "truth")))
    np.add.at(segments, index, 1)
    return segments
