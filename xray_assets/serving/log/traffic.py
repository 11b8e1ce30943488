"""What a config has done so far, counted from the log itself: the figures of `/model-info`, exact
over workers and restarts.

Counts are images (rows) of the requests that count; routing keys are distinct, by the model
assigned at their first request under the config. Standard library.

`InferenceLogRows.traffic` is another count: of the newest rows only, because the guards of a ramp
ask how it is now, and in a process of its own, which has no counts to go on from.
"""

import math
import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xray_assets.catalog import CLINICAL

_RECENT_ROWS = 2000
"""The 95th percentile is over so many of the newest rows: a guard asks how it is now."""


@dataclass
class _Counted:
    """Running counts of one config version, up to a log position."""

    position: int
    rows: Counter[tuple[str, str, int]] = field(default_factory=Counter)


class Traffic:
    """Counts incrementally: each call reads only rows that are new since the last."""

    def __init__(self, log: Path, *, counted: str = CLINICAL) -> None:
        """`counted`: the purpose of the requests that count."""
        self._log, self._purpose = log, counted
        self._counted: dict[int, _Counted] = {}

    def since(self, config_version: int, names: Iterable[str]) -> dict[str, Any]:
        """Figures of the config version; `names` are its served entities, champion first. Raises
        sqlite3.Error.

        Maps of the answer are by served-entity name: `requests_by_assigned`, `requests_by_served`,
        `routing_keys_by_assigned`, `errors_by_served` (status >= 500), `p95_ms_by_served` (null
        without rows); `fallbacks` is a number.
        """
        names = list(names)
        if not self._log.exists():
            return _figures(names, Counter(), {}, {}, position=0)
        connection = sqlite3.connect(self._log, timeout=5, isolation_level=None)
        try:
            connection.execute("PRAGMA query_only = 1")
            connection.execute("BEGIN")
            counted = self._count(connection, config_version)
            keys = dict(
                connection.execute(
                    (
                        "SELECT assigned_model_name, count(*) FROM exposures WHERE config_version "
                        "= ? "
                        "GROUP BY 1"
                    ),
                    (config_version,),
                ).fetchall()
            )
            recent = connection.execute(
                "SELECT served_model_name, latency_ms FROM predictions "
                "WHERE config_version = ? AND purpose = ? AND log_position > ? "
                "ORDER BY log_position DESC LIMIT ?",
                (config_version, self._purpose, counted.position - 4 * _RECENT_ROWS, _RECENT_ROWS),
            ).fetchall()
        finally:
            connection.close()
        latencies: dict[str, list[float]] = {}
        for name, latency in recent:
            latencies.setdefault(name, []).append(latency)
        return _figures(names, counted.rows, keys, latencies, position=counted.position)

    def _count(self, connection: sqlite3.Connection, config_version: int) -> _Counted:
        counted = self._counted.get(config_version)
        if counted is None:
            start = connection.execute(
                "SELECT log_position FROM config_starts WHERE config_version = ?", (config_version,)
            ).fetchone()
            last = (
                connection.execute("SELECT max(log_position) FROM predictions").fetchone()[0] or 0
            )
            counted = _Counted(start[0] - 1 if start else last)
        last = connection.execute("SELECT max(log_position) FROM predictions").fetchone()[0] or 0
        counted.rows.update(
            {
                (assigned, served, status): count
                for assigned, served, status, count in connection.execute(
                    "SELECT assigned_model_name, served_model_name, status_code, count(*) FROM "
                    "predictions WHERE log_position > ? "
                    "AND config_version = ? AND purpose = ? GROUP BY 1, 2, 3",
                    (counted.position, config_version, self._purpose),
                )
            }
        )
        counted.position = last
        self._counted = {
            version: kept for version, kept in self._counted.items() if version > config_version - 8
        }
        self._counted[config_version] = counted
        return counted


def _figures(
    names: list[str],
    rows: Counter[tuple[str, str, int]],
    keys: dict[str, int],
    latencies: dict[str, list[float]],
    *,
    position: int,
) -> dict[str, Any]:
    assigned: Counter[str] = Counter(dict.fromkeys(names, 0))
    served: Counter[str] = Counter(dict.fromkeys(names, 0))
    errors: Counter[str] = Counter(dict.fromkeys(names, 0))
    fallbacks = 0
    for (assigned_name, served_name, status), count in rows.items():
        assigned[assigned_name] += count
        served[served_name] += count
        if status >= 500:
            errors[served_name] += count
        if assigned_name != served_name:
            fallbacks += count
    return {
        "requests": sum(rows.values()),
        "requests_by_assigned": dict(assigned),
        "requests_by_served": dict(served),
        "routing_keys_by_assigned": {name: keys.get(name, 0) for name in names},
        "errors": sum(errors.values()),
        "errors_by_served": dict(errors),
        "fallbacks": fallbacks,
        "p95_ms_by_served": {name: _p95(latencies.get(name, [])) for name in names},
        "log_position": position,
    }


def _p95(values: list[float]) -> float | None:
    """Nearest-rank 95th percentile."""
    return round(sorted(values)[math.ceil(0.95 * len(values)) - 1], 3) if values else None
