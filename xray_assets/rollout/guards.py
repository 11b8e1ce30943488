"""The guards of a ramp: what in the traffic itself speaks against the challenger, whatever the
readers say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from xray_assets.reasons import Reason


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
    challenger: ArmTraffic | None, limits: GuardLimits, *, log_gaps: int, alarms: Sequence[Reason]
) -> tuple[Reason, ...]:
    """Each red guard; empty when all are green.

    `alarms` are the decision's own alarms (sample ratio, recent evidence, an edited record). Fewer
    requests than `min_requests` are too few to judge rates and latency; a gap in the log is red at
    once, because evidence may be missing.
    """
    red = list(alarms)
    if log_gaps:
        red.append(Reason("log_gaps", f"{log_gaps} positions are missing in the inference log"))
    if challenger is None or challenger.requests < limits.min_requests:
        return tuple(red)
    errors, fallbacks = (
        challenger.errors / challenger.requests,
        challenger.fallbacks / challenger.requests,
    )
    if errors > limits.max_error_rate:
        failed = f"{errors:.1%} of the challenger's requests failed"
        red.append(Reason("errors", f"{failed}, the limit is {limits.max_error_rate:.1%}"))
    if fallbacks > limits.max_fallback_rate:
        fell = f"{fallbacks:.1%} fell back to the champion"
        red.append(Reason("fallbacks", f"{fell}, the limit is {limits.max_fallback_rate:.1%}"))
    if isnan(challenger.p95_ms) or challenger.p95_ms > limits.max_p95_ms:
        slow = f"p95 is {challenger.p95_ms:.0f} ms"
        red.append(Reason("latency", f"{slow}, the limit is {limits.max_p95_ms:.0f} ms"))
    return tuple(red)
