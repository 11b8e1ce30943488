"""Counters of one worker, their sum over workers, and the Prometheus text format. Labels are names
of config, never of clients.
"""

from bisect import bisect_left
from collections import Counter
from typing import Any

BUCKETS_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)

_COUNTERS = ("requests", "rejected", "fallbacks", "films")
_HELP = {
    "xray_requests_total": "Answered invocations by assigned and served entity.",
    "xray_rejected_total": "Refused invocations by status and reason.",
    "xray_fallbacks_total": "Requests that the champion answered for the challenger.",
    "xray_films_total": "Logged films by site and purpose.",
    "xray_request_duration_seconds": "Time from the headers to the durable row.",
}


class Metrics:
    """Counts since this worker started."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str, str, str]] = Counter()
        self.rejected: Counter[tuple[str, str]] = Counter()
        self.fallbacks: Counter[tuple[str, str, str]] = Counter()
        self.films: Counter[tuple[str, str, str]] = Counter()
        self.durations: dict[tuple[str, str], list[float]] = {}

    def answered(
        self, endpoint: str, assigned: str, served: str, *, status: int, seconds: float
    ) -> None:
        """One invocation whose row is durable."""
        self.requests[(endpoint, assigned, served, str(status))] += 1
        histogram = self.durations.get((endpoint, served))
        if histogram is None:
            histogram = self.durations[(endpoint, served)] = [0.0] * (len(BUCKETS_SECONDS) + 2)
        histogram[bisect_left(BUCKETS_SECONDS, seconds)] += 1
        histogram[-1] += seconds

    def came_from(self, endpoint: str, sites: list[str], purpose: str) -> None:
        """The films of one request, by where they came from and what for."""
        for site in sites:
            self.films[(endpoint, site, purpose)] += 1

    def fell_back(self, endpoint: str, challenger: str, reason: str) -> None:
        """The champion answered for the challenger."""
        self.fallbacks[(endpoint, challenger, reason)] += 1

    def refused(self, status: int, reason: str) -> None:
        """One invocation was answered with an error and has no row."""
        self.rejected[(str(status), reason)] += 1

    def snapshot(self) -> dict[str, Any]:
        """The counts as JSON, to be added up over workers."""
        return {
            name: [[*key, value] for key, value in getattr(self, name).items()]
            for name in (*_COUNTERS, "durations")
        }

    def add(self, snapshot: dict[str, Any]) -> None:
        """Add another worker's counts."""
        for name in _COUNTERS:
            counter = getattr(self, name)
            for *key, value in snapshot.get(name, ()):
                counter[tuple(key)] += value
        for *key, values in snapshot.get("durations", ()):
            mine = self.durations.setdefault((key[0], key[1]), [0.0] * len(values))
            self.durations[(key[0], key[1])] = [a + b for a, b in zip(mine, values, strict=True)]

    def unavailable(self) -> int:
        """Refusals with a 5xx status: requests that have no row."""
        return sum(count for (status, _), count in self.rejected.items() if status.startswith("5"))


def prometheus_text(metrics: Metrics, gauges: dict[str, float]) -> str:
    """The exposition format, version 0.0.4. `gauges` maps a full series name (with its labels) to a
    value.
    """
    lines: list[str] = []

    def head(name: str, kind: str) -> None:
        lines.extend((f"# HELP {name} {_HELP[name]}", f"# TYPE {name} {kind}"))

    def counter(name: str, labels: tuple[str, ...], counts: Counter[Any]) -> None:
        head(name, "counter")
        lines.extend(
            f"{name}{_labels(labels, key)} {value}" for key, value in sorted(counts.items())
        )

    counter("xray_requests_total", ("endpoint", "assigned", "served", "status"), metrics.requests)
    counter("xray_rejected_total", ("status", "reason"), metrics.rejected)
    counter("xray_fallbacks_total", ("endpoint", "challenger", "reason"), metrics.fallbacks)
    counter("xray_films_total", ("endpoint", "site", "purpose"), metrics.films)
    name = "xray_request_duration_seconds"
    head(name, "histogram")
    for key, values in sorted(metrics.durations.items()):
        *counts, total = values
        running = 0.0
        for bound, count in zip((*map(str, BUCKETS_SECONDS), "+Inf"), counts, strict=True):
            running += count
            lines.append(
                f"{name}_bucket{_labels(('endpoint', 'served', 'le'), (*key, bound))} {running:.0f}"
            )
        lines.append(f"{name}_sum{_labels(('endpoint', 'served'), key)} {total:.6f}")
        lines.append(f"{name}_count{_labels(('endpoint', 'served'), key)} {running:.0f}")
    for series, value in gauges.items():
        lines.extend((f"# TYPE {series.partition('{')[0]} gauge", f"{series} {value:g}"))
    return "\n".join(lines) + "\n"


def _labels(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    def escaped(value: str) -> str:
        return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

    return (
        "{"
        + ",".join(f'{name}="{escaped(v)}"' for name, v in zip(names, values, strict=True))
        + "}"
    )
