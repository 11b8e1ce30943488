"""From an experiment's stored evidence to a row of gold.promotion_decision."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from xray_assets.cases.counts import paired_counts
from xray_assets.catalog import CHALLENGER
from xray_assets.promotion import PairedCounts, PromotionRule, report
from xray_assets.promotion.rules import rule_of
from xray_assets.reasons import as_columns
from xray_assets.rollout.experiment import Experiment
from xray_assets.statistics.agreement import Agreement

_FIGURES = (
    "n_reviewed",
    "n_positive",
    "n_negative",
    "e_better",
    "e_worse",
    "e_not_missing_more",
    "e_missing_more",
    "e_sample_ratio",
    "recent_evidence",
)


@dataclass(frozen=True)
class Judged:
    """A decision's row (without its place in the record), with the counts and the rule it comes
    from.
    """

    row: dict[str, Any]
    counts: PairedCounts
    rule: PromotionRule


def judge(
    experiment: Experiment,
    reviewed: pl.DataFrame,
    ledger: pl.DataFrame,
    configs: pl.DataFrame,
    *,
    versions: Mapping[str, int | None],
    reader_agreement: Agreement | None = None,
) -> Judged:
    """Judge one experiment by the rule that it froze, on its rows of gold.reviewed_counts,
    gold.scored_counts and gold.endpoint_config.

    Raises UnknownRule, and UnrecordedConfig when traffic was served under a config that is not in
    `configs`.
    """
    rule = rule_of(experiment.rule_hash)
    shares = configs.filter(pl.col("role") == CHALLENGER).select(
        "config_version", pl.col("traffic_percentage") / 100
    )
    counts = paired_counts(reviewed, ledger, challenger_share=dict(shares.iter_rows()))
    reported = report(
        counts,
        rule,
        served_correct=served_correct(counts.reviewed),
        reader_agreement=reader_agreement,
    )
    decision = reported.decision
    evidence = _digest(counts)
    row = {
        "experiment_id": experiment.experiment_id,
        "decided_at": datetime.now(UTC),
        "champion_model": experiment.champion.served_name,
        "challenger_model": experiment.challenger.served_name,
        "verdict": str(decision.verdict),
        **as_columns(decision.reasons),
        **{name: getattr(decision, name) for name in _FIGURES},
        "report": reported.as_json(),
        "counts": _as_json(counts),
        "rule_version": rule.version,
        "rule_hash": rule.sha256,
        "input_versions": json.dumps(dict(versions)),
        "evidence_sha256": evidence,
        "champion_sha256": experiment.champion.artifact_sha256,
        "challenger_sha256": experiment.challenger.artifact_sha256,
    }
    return Judged(row, counts, rule)


def served_correct(reviewed: np.ndarray) -> np.ndarray:
    """(2, 2) reviewed cases under the model that served them: [champion, challenger] x [wrong,
    correct].

    reviewed: (G, 2, 2, 2) counts; the first half of the strata was served by the champion.
    """
    by_champion, by_challenger = reviewed.reshape(2, -1, 2, 2, 2).sum(axis=1)
    answers = (by_champion.sum(axis=1), by_challenger.sum(axis=0))  # each (label, truth)
    return np.array([(table.sum() - np.trace(table), np.trace(table)) for table in answers])


def _as_json(counts: PairedCounts) -> str:
    """The counts a verdict can be looked up in; without the batches, which grow with the reads."""
    names = ("reviewed", "scored", "served", "split")
    return json.dumps({name: getattr(counts, name).tolist() for name in names})


def _digest(counts: PairedCounts) -> str:
    """SHA-256 of every count: the same evidence has the same digest."""
    parts = (counts.reviewed, counts.scored, counts.served, counts.split, counts.batches)
    return hashlib.sha256(
        b"|".join(part.tobytes() for part in parts if part is not None)
    ).hexdigest()
