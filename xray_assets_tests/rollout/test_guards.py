from math import nan

from xray_assets.reasons import Reason
from xray_assets.rollout.guards import ArmTraffic, GuardLimits, red_guards

LIMITS = GuardLimits(max_error_rate=0.02, max_fallback_rate=0.02, max_p95_ms=500, min_requests=20)


def arm(
    requests: int = 100, errors: int = 0, fallbacks: int = 0, p95_ms: float = 10.0
) -> ArmTraffic:
    return ArmTraffic("challenger-1", requests, errors, fallbacks, p95_ms)


def names(
    challenger: ArmTraffic | None, log_gaps: int = 0, alarms: tuple[Reason, ...] = ()
) -> list[str]:
    return [red.code for red in red_guards(challenger, LIMITS, log_gaps=log_gaps, alarms=alarms)]


def test_healthy_traffic_is_green() -> None:
    assert names(arm(errors=2, fallbacks=2, p95_ms=500)) == []


def test_each_limit_has_its_own_guard() -> None:
    assert names(arm(errors=3)) == ["errors"]
    assert names(arm(fallbacks=3)) == ["fallbacks"]
    assert names(arm(p95_ms=501)) == ["latency"]


def test_unknown_latency_is_red_never_healthy() -> None:
    assert names(arm(p95_ms=nan)) == ["latency"]


def test_too_few_requests_are_not_judged() -> None:
    assert names(arm(requests=19, errors=19)) == []
    assert names(None) == []


def test_log_gaps_and_alarms_are_red_whatever_the_traffic() -> None:
    assert names(None, log_gaps=1, alarms=(Reason("sample_ratio", "e = 200"),)) == [
        "sample_ratio",
        "log_gaps",
    ]
