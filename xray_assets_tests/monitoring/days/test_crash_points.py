"""A few of the seeds of `python -m benchmarks.monitoring.crash_points`, and one on real tables."""

from itertools import count
from pathlib import Path

import polars as pl
import pytest

from benchmarks.monitoring import crash_points
from xray_assets.resources.local.tables import LocalDelta

EXPECTED: dict[str, list[pl.DataFrame]] = {}


@pytest.mark.parametrize("seed", [6])
def test_runs_that_die_come_late_twice_and_out_of_order_leave_the_same_record(seed: int) -> None:
    outcome = crash_points.judged_through(seed, EXPECTED, None)
    assert (outcome.kills > 0, outcome.problems) == (True, [])


def test_so_do_they_in_delta(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crash_points, "DAYS", 9)
    numbers = count()
    outcome = crash_points.judged_through(
        2, {}, lambda: LocalDelta(root=str(tmp_path / str(next(numbers))))
    )
    assert (outcome.kills > 0, outcome.problems) == (True, [])
