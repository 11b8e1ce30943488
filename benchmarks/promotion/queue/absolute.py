"""How honest the intervals of the absolute figures are, which rest on the share that is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.promotion.queue.drawing import RULE, Run, draw
from benchmarks.promotion.queue.figures import LITTLE_BETTER
from benchmarks.promotion.queue.readings import Reading
from xray_assets.promotion import case_counts
from xray_assets.promotion.model_figures import Share, model_figures

CASES = 2_000
"""Scored cases at the one look."""


def absolute_figures(floor: float, *, n_runs: int, n_cases: int, seed: int) -> dict[str, Any]:
    """Runs whose 95 % interval holds the truth, for each figure of both models; naive beside it.

    `n_cases` is not used: every run is looked at once, after CASES scored cases.
    """
    drawn = draw(LITTLE_BETTER, Reading(floor=floor), n_runs=n_runs, n_cases=CASES, seed=seed)
    seen = [_figures(run) for run in drawn]
    truths = {"champion": LITTLE_BETTER.sensitivity[0], "challenger": LITTLE_BETTER.sensitivity[1]}
    held = {
        name: sum(one[name].low <= truths[name.split()[0]] <= one[name].high for one in seen)
        for name in seen[0]
    }
    mean = {name: float(np.mean([one[name].value for one in seen])) for name in seen[0]}
    half = {
        name: float(np.mean([one[name].high - one[name].low for one in seen]) / 2)
        for name in seen[0]
    }
    return {
        "floor": floor,
        "runs": n_runs,
        "cases": CASES,
        "truths": truths,
        "held": held,
        "mean": mean,
        "half_width": half,
        "rule_sha256": RULE.sha256,
    }


def _figures(run: Run) -> dict[str, Share]:
    models = model_figures(case_counts(run.at(CASES), RULE), RULE)
    return {
        f"{name} {kind} {figure}": getattr(model, f"{kind}_{figure}")
        for name, model in zip(("champion", "challenger"), models, strict=True)
        for kind in ("naive", "corrected")
        for figure in ("accuracy", "sensitivity", "specificity")
    }
