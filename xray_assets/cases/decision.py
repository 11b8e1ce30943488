"""From an experiment's counts to a row of gold.promotion_decision."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from xray_assets import clock
from xray_assets.promotion import PairedCounts, PromotionRule, report
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


def judge(
    experiment: Experiment,
    counts: PairedCounts,
    rule: PromotionRule,
    *,
    versions: Mapping[str, int | None],
    reader_agreement: Agreement | None = None,
) -> dict[str, Any]:
    """A decision's row, without its place in the record: the experiment judged on its counts by the
    rule that it froze.

    versions: of the tables that the counts come from.
    """
    of_arms = None if rule.logs_chances else served_correct(counts.reviewed)
    reported = report(counts, rule, served_correct=of_arms, reader_agreement=reader_agreement)
    decision = reported.decision
    return {
        "experiment_id": experiment.experiment_id,
        "decided_at": clock.now(),
        "champion_model": experiment.champion.served_name,
        "challenger_model": experiment.challenger.served_name,
        "verdict": str(decision.verdict),
        **as_columns(decision.reasons),
        **{name: getattr(decision, name) for name in _FIGURES},
        "report": reported.as_json(),
        "counts": counts.as_json(),
        "rule_version": rule.version,
        "rule_hash": rule.sha256,
        "input_versions": json.dumps(dict(versions)),
        "evidence_sha256": digest(counts),
        "champion_sha256": experiment.champion.artifact_sha256,
        "challenger_sha256": experiment.challenger.artifact_sha256,
    }


def served_correct(reviewed: np.ndarray) -> np.ndarray:
    """(2, 2) reviewed cases under the model that served them: [champion, challenger] x [wrong,
    correct].

    reviewed: (G, 2, 2, 2) counts; the first half of the strata was served by the champion.
    """
    by_champion, by_challenger = reviewed.reshape(2, -1, 2, 2, 2).sum(axis=1)
    answers = (by_champion.sum(axis=1), by_challenger.sum(axis=0))  # each (label, truth)
    return np.array([(table.sum() - np.trace(table), np.trace(table)) for table in answers])


def digest(counts: PairedCounts) -> str:
    """SHA-256 of every count and every logged chance: the same evidence has the same digest."""
    parts = (counts.reviewed, counts.scored, counts.served, counts.split, counts.batches)
    parts += (counts.propensities, counts.overdue, counts.overdue_batches, counts.uninterpretable)
    return hashlib.sha256(
        b"|".join(part.tobytes() for part in parts if part is not None)
    ).hexdigest()
