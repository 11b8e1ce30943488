"""Settings of every test."""

from hypothesis import HealthCheck, settings

# A slow machine is no finding: the laws must hold, however long an example takes.
settings.register_profile(
    "no deadline", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("no deadline")
