"""No less robust than the champion: how far the AUC falls when films are corrupted. Pure.

The AUC, because an operating point moves for a better and for a worse model alike and is set anew
by a recalibration, and because on a hundred films it is steady enough for a limit of 0.03. An AUC
below 0.5 counts as 0.5: which of two models is further below chance says nothing.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xray_assets.retraining.gates.demands import ROBUST
from xray_assets.retraining.gates.gate import GateResult
from xray_assets.statistics.roc import area_under_curve

CORRUPTED = (
    "gain",
    "contrast",
    "blur",
    "matrix",
    "border",
    "inverted",
    "truncated",
    "broken_window",
)
"""Names of `imaging.corruptions`: what goes wrong with whole films."""
LARGEST_FALL = 0.03
CLEAN = "clean"

Scores = Mapping[str, NDArray[np.float32]]
"""(N,) probabilities of the same films by corruption, and of CLEAN."""


def robustness_gate(truth: NDArray[np.int64], champion: Scores, candidate: Scores) -> GateResult:
    """The answer over all corruptions of (N,) films; without both classes it fails."""
    if len(set(truth.tolist())) < 2:
        return GateResult(ROBUST, False, 1.0, LARGEST_FALL, "films of both classes are needed")
    figures = [_fall(truth, name, champion, candidate) for name in CORRUPTED]
    worst = max(figures, key=lambda figure: figure["beyond"])
    return GateResult(
        ROBUST,
        passed=worst["beyond"] <= LARGEST_FALL,
        value=worst["beyond"],
        limit=LARGEST_FALL,
        said=(
            f"{worst['corruption']}: the AUC falls by {worst['candidate']:.3f}, the champion's by "
            f"{worst['champion']:.3f}"
        ),
        figures=figures,
    )


def _fall(
    truth: NDArray[np.int64], name: str, champion: Scores, candidate: Scores
) -> dict[str, Any]:
    falls = {}
    for model, scores in (("champion", champion), ("candidate", candidate)):
        clean, worse = (
            max(float(area_under_curve(truth, scores[films]).value), 0.5) for films in (CLEAN, name)
        )
        falls[model] = clean - worse
    return {"corruption": name, **falls, "beyond": falls["candidate"] - falls["champion"]}
