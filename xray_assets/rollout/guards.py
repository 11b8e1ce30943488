"""The guards of a ramp: what in the traffic itself speaks against the challenger, whatever the
readers say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan


@dataclass(frozen=True)
class ArmTraffic:
    """Requests assigned to one served entity in the experiment. Latency in milliseconds, nan where
    nothing was answered.
    """

    served_name: str
    requests: int
    errors: int
    fallbacks: int
    p95_ms: float


@dataclass(frozen=True)
class GuardLimits:
    """Limits of the guards; rates are shares of the requests assigned to the challenger."""

    max_error_rate: float
    max_fallback_rate: float
    max_p95_ms: float
    min_requests: int


def red_guards(
    challenger: ArmTraffic | None, limits: GuardLimits, *, log_gaps: int, alarms: Sequence[str]
) -> tuple[str, ...]:
    """Each red guard as "name: sentence"; empty when all are green.

    `alarms` are the decision's own alarms (sample ratio, recent evidence). Fewer requests than
    `min_requests` are too few to judge rates and latency; a gap in the log is red at once, because
    evidence may be missing.
    """
    red = list(alarms)
    if log_gaps:
        red.append(f"log_gaps: {log_gaps} positions are missing in the inference log")
    if challenger is None or challenger.requests < limits.min_requests:
        return tuple(red)
    errors, fallbacks = (
        challenger.errors / challenger.requests,
        challenger.fallbacks / challenger.requests,
    )
    if errors > limits.max_error_rate:
        red.append(
            f"errors: {errors:.1%} of the challenger's requests failed, the limit is "
            f"{limits.max_error_rate:.1%}"
        )
    if fallbacks > limits.max_fallback_rate:
        red.append(
            f"fallbacks: {fallbacks:.1%} fell back to the champion, the limit is "
            f"{limits.max_fallback_rate:.1%}"
        )
    if isnan(challenger.p95_ms) or challenger.p95_ms > limits.max_p95_ms:
        red.append(
            f"latency: p95 is {challenger.p95_ms:.0f} ms, the limit is {limits.max_p95_ms:.0f} ms"
        )
    return tuple(red)
