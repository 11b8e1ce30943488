"""No slower than the champion: 95th percentiles of the same requests through the endpoint. Pure."""

import numpy as np
from numpy.typing import NDArray

from xray_assets.retraining.gates.demands import FAST
from xray_assets.retraining.gates.gate import GateResult

REQUESTS, LARGEST_RATIO = 200, 1.2


def latency_gate(champion_ms: NDArray[np.float64], candidate_ms: NDArray[np.float64]) -> GateResult:
    """The answer from (N,) milliseconds of each model's requests; fewer than REQUESTS fail."""
    fewest = min(len(champion_ms), len(candidate_ms))
    if fewest < REQUESTS:
        said = f"{fewest} of {REQUESTS} requests were answered"
        return GateResult(FAST, False, float(fewest), float(REQUESTS), said)
    champion, candidate = (float(np.quantile(times, 0.95)) for times in (champion_ms, candidate_ms))
    ratio = candidate / champion
    return GateResult(
        FAST,
        passed=ratio <= LARGEST_RATIO,
        value=ratio,
        limit=LARGEST_RATIO,
        said=f"p95 {candidate:.2f} ms, the champion's {champion:.2f} ms, {fewest} requests each",
        figures=[{"champion_p95_ms": champion, "candidate_p95_ms": candidate}],
    )
