"""The promotion rule's front door: cases or counts and a rule in, a verdict or a full report out.

Holds names only. The parts lie beside it: `counts/` (from cases to counts, and the bands of older
rules), `rule` and `rules` (every constant, every version), `propensity` (who got reviewed),
`evidence` (the e-processes) and `counted_evidence`, `figures`, `verdict` (`decide`),
`paired_differences`, `model_figures` and `report`.
"""

from xray_assets.promotion.counts.case_counts import case_counts, decide_cases
from xray_assets.promotion.counts.paired_counts import PairedCounts
from xray_assets.promotion.report import PromotionReport, report
from xray_assets.promotion.rule import PromotionRule
from xray_assets.promotion.verdict import PromotionDecision, Verdict, decide

__all__ = [
    "PairedCounts",
    "PromotionDecision",
    "PromotionReport",
    "PromotionRule",
    "Verdict",
    "case_counts",
    "decide",
    "decide_cases",
    "report",
]
