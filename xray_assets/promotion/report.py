"""Everything reported beside a verdict, for the record and for people.

No verdict depends on what is here. What each figure means: docs/decision.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from math import isfinite
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from xray_assets.promotion.counted_evidence import CountedEvidence
from xray_assets.promotion.counts.paired_counts import PairedCounts
from xray_assets.promotion.model_figures import ModelFigures, model_figures
from xray_assets.promotion.paired_differences import PairedDifferences, paired_differences
from xray_assets.promotion.review_next import ReviewCell, cell_to_review_next
from xray_assets.promotion.rule import PromotionRule
from xray_assets.promotion.verdict import DEFAULT_RULE, PromotionDecision, decide
from xray_assets.statistics.agreement import Agreement
from xray_assets.statistics.classical import ClassicalComparison, classical_comparison

Nested = dict[str, Any]
FlatRow = dict[str, str | int | float | bool | None]


@dataclass(frozen=True)
class PromotionReport:
    """The decision and everything reported beside it.

    paired_table: [champion label][challenger label][truth], reviewed cases over all strata.
    coverage: reviewed share of each cell [stratum][champion label][challenger label], None where
        nothing was scored. propensities: what the rule used, same shape. Where chances are logged
        a stratum is a chance.
    overdue, uninterpretable: drawn cases without a truth by cell, same shape; None: not known.
    review_next: None where chances are logged: what is read next is drawn, never chosen.
    anytime_p: min(1, 1 / e), by the name of the e-value.
    """

    decision: PromotionDecision
    rule: PromotionRule
    champion: ModelFigures
    challenger: ModelFigures
    differences: PairedDifferences
    anytime_p: dict[str, float]
    paired_table: list[list[list[int]]]
    coverage: list[list[list[float | None]]]
    propensities: list[list[list[float]]]
    overdue: list[list[list[int]]] | None
    uninterpretable: list[list[list[int]]] | None
    review_next: ReviewCell | None
    classical: ClassicalComparison | None
    reader_agreement: Agreement | None

    def as_dict(self) -> Nested:
        """Nested plain values; NaN and infinity become None."""
        plain: Nested = {name: _plain(value) for name, value in asdict(self).items()}
        plain["rule"]["sha256"] = self.rule.sha256
        return plain

    def as_flat_dict(self) -> FlatRow:
        """One level: nested names joined by "_", lists as JSON text. Ready for a table's row."""
        flat: FlatRow = {}
        _flatten(self.as_dict(), "", flat)
        return flat

    def as_json(self) -> str:
        """Canonical JSON: sorted keys, no spaces, no NaN."""
        return json.dumps(self.as_dict(), sort_keys=True, separators=(",", ":"), allow_nan=False)


def report(
    counts: PairedCounts,
    rule: PromotionRule = DEFAULT_RULE,
    *,
    served_correct: ArrayLike | None = None,
    reader_agreement: Agreement | None = None,
) -> PromotionReport:
    """The verdict on `counts` with every figure reported beside it.

    served_correct: (2, 2) integers [champion, challenger] x [wrong, correct], each reviewed case
    under the model that served it, for the classical figures; the counts' own where None. Raises
    ValueError on bad shapes.
    """
    decision = decide(counts, rule)
    served_correct = counts.served_correct if served_correct is None else served_correct
    champion, challenger = model_figures(counts, rule)
    reviewed = counts.reviewed.sum(axis=3)
    with np.errstate(invalid="ignore"):
        coverage = np.where(counts.scored > 0, reviewed / counts.scored, np.nan)
    names = ("e_better", "e_worse", "e_not_missing_more", "e_missing_more")
    return PromotionReport(
        decision=decision,
        rule=rule,
        champion=champion,
        challenger=challenger,
        differences=paired_differences(counts, rule),
        anytime_p={
            name.replace("e_", "p_", 1): min(1.0, 1.0 / max(getattr(decision, name), 1e-300))
            for name in names
        },
        paired_table=counts.reviewed.sum(axis=0).tolist(),
        coverage=_plain(coverage.tolist()),
        propensities=CountedEvidence(counts, rule).propensities.tolist(),
        overdue=None if counts.overdue is None else counts.overdue.tolist(),
        uninterpretable=(
            None if counts.uninterpretable is None else counts.uninterpretable.tolist()
        ),
        review_next=None if rule.logs_chances else cell_to_review_next(counts),
        classical=None if served_correct is None else classical_comparison(served_correct),
        reader_agreement=reader_agreement,
    )


def _plain(value: object) -> Any:
    if isinstance(value, dict):
        mapping = cast("dict[str, object]", value)
        return {key: _plain(item) for key, item in mapping.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in cast("Sequence[object]", value)]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and not isfinite(value):
        return None
    return value


def _flatten(nested: Nested, prefix: str, flat: FlatRow) -> None:
    for name, value in nested.items():
        if isinstance(value, dict):
            _flatten(cast("Nested", value), f"{prefix}{name}_", flat)
        elif isinstance(value, list):
            flat[f"{prefix}{name}"] = json.dumps(value, separators=(",", ":"))
        else:
            flat[f"{prefix}{name}"] = value
