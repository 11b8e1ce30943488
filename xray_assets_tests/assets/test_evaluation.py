"""The job `evaluate`, from log and inbox to the decision, on real Delta and real networks."""

from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from xray_assets.catalog import (
    COMPARISON_SUMMARY,
    PAIRED_PREDICTIONS,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    PROMOTION_DECISION,
    REVIEWED_CASES,
    SCORED_COUNTS,
)
from xray_assets.definitions import build_definitions
from xray_assets.resources.tables import LocalDelta
from xray_assets_tests.logged_world import LoggedWorld

TABLES = (
    PREDICTIONS,
    PAIRED_PREDICTIONS,
    PREDICTION_FEEDBACK,
    REVIEWED_CASES,
    SCORED_COUNTS,
    COMPARISON_SUMMARY,
    PROMOTION_DECISION,
)
STEP_US = 3_600_000_000
CLOCKS = {"scored_at", "decided_at", "input_versions", "decision_id", "log_position", "timestamp"}


class Crash(RuntimeError):
    pass


def run(world: LoggedWorld, instance: dg.DagsterInstance, *, raise_on_error: bool = True) -> bool:
    job = build_definitions(world.settings).resolve_job_def("evaluate")
    return job.execute_in_process(instance=instance, raise_on_error=raise_on_error).success


def lake(world: LoggedWorld) -> LocalDelta:
    return LocalDelta(root=world.settings.lake)


def content(world: LoggedWorld) -> dict[str, Any]:
    """What the tables say, without when it was computed."""
    tables, found = lake(world), {}
    for key in TABLES:
        rows = tables.read(key).collect()
        names = sorted(set(rows.columns) - CLOCKS - {"report", "evidence_sha256", "n"})
        found[key[1]] = rows.select(names).sort(names).to_dicts()
    ledger = tables.read(SCORED_COUNTS).collect()
    cells = [name for name in ledger.columns if name not in ("n", "log_position")]
    found[SCORED_COUNTS[1]] = ledger.group_by(cells).agg(pl.col("n").sum()).sort(cells).to_dicts()
    found[PROMOTION_DECISION[1]] = [found[PROMOTION_DECISION[1]][-1]["n_reviewed"]]
    return found


def a_world(
    folder: Path, parts: list[int], instance: dg.DagsterInstance | None = None
) -> LoggedWorld:
    """Requests in parts, each third one read; evaluated after each part if there is an instance."""
    world = LoggedWorld(folder, films=20)
    for part in parts:
        ids = world.predict(part, STEP_US)
        world.read(ids[::3])
        if instance:
            run(world, instance)
    return world


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What 60 requests at once come to."""
    with dg.DagsterInstance.ephemeral() as instance:
        return content(a_world(tmp_path_factory.mktemp("whole") / "state", [60], instance))


def test_a_second_run_writes_no_row(tmp_path: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        world = a_world(tmp_path / "state", [30], instance)
        before = content(world)
        decided = lake(world).version(PROMOTION_DECISION)
        run(world, instance)
        assert content(world) == before
        assert lake(world).version(PROMOTION_DECISION) == decided


def test_evaluating_in_two_parts_comes_to_the_same_as_in_one(
    tmp_path: Path, whole: dict[str, Any]
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        parts = content(a_world(tmp_path / "state", [27, 33], instance))
    for name in whole:
        if name != REVIEWED_CASES[1]:  # ranks follow the inbox, which was filled in two parts
            assert parts[name] == whole[name], name
    ranks = [row.pop("review_rank") for row in parts[REVIEWED_CASES[1]]]
    assert sorted(ranks) == list(range(len(ranks)))


@pytest.mark.parametrize("crash_at", range(1, 12))
def test_a_crash_at_any_write_is_finished_by_the_next_run(
    tmp_path: Path, whole: dict[str, Any], crash_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = a_world(tmp_path / "state", [60])
    writes = 0

    def crashing(name: str) -> Any:
        original = getattr(LocalDelta, name)

        def write(self: LocalDelta, *given: Any, **named: Any) -> Any:
            nonlocal writes
            writes += 1
            if writes == crash_at:
                raise Crash(f"write {writes}")
            return original(self, *given, **named)

        return write

    with dg.DagsterInstance.ephemeral() as instance:
        with monkeypatch.context() as patched:
            for name in ("append", "merge", "overwrite"):
                patched.setattr(LocalDelta, name, crashing(name))
            assert not run(world, instance, raise_on_error=False)
        run(world, instance)
    assert content(world) == whole
