"""The job `evaluate`, from log and inbox to the decision, on real Delta and real networks."""

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from xray_assets.cases.review import batch_counts
from xray_assets.catalog import (
    COMPARISON_SUMMARY,
    EXPERIMENTS,
    HOURLY_TRAFFIC,
    PAIRED_PREDICTIONS,
    PERFORMANCE,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    PROMOTION_DECISION,
    RECENT_ERRORS,
    RECENT_MISTAKES,
    REVIEW_ASSIGNMENTS,
    REVIEW_POLICY,
    REVIEW_PROGRESS,
    REVIEWED_CASES,
    REVIEWED_COUNTS,
    SCORED_COUNTS,
    SECOND_LOOKS,
    Key,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.definitions import build_definitions
from xray_assets.jobs import evaluate
from xray_assets.promotion.rule import PromotionRule
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.settings import Settings
from xray_assets_tests.logged_world import LoggedWorld

TABLES = (
    PREDICTIONS,
    PAIRED_PREDICTIONS,
    PREDICTION_FEEDBACK,
    REVIEW_ASSIGNMENTS,
    REVIEWED_CASES,
    REVIEWED_COUNTS,
    SCORED_COUNTS,
    PERFORMANCE,
    COMPARISON_SUMMARY,
    PROMOTION_DECISION,
)
SUMMARIES = {HOURLY_TRAFFIC, RECENT_ERRORS, RECENT_MISTAKES, REVIEW_PROGRESS, SECOND_LOOKS}
"""Kept on their own: their crashes are in `cases/test_summaries.py`."""

WRITES = 18
"""Writes of a run on a new log and inbox, without theirs and without those of gold.review_policy:
draws alone follow from it, and `review/test_draws.py` has those.
"""

STEP_US = 3_600_000_000
CLOCKS = {"scored_at", "decided_at", "input_versions", "decision_id", "log_position", "timestamp"}
CLOCKS |= {"feedback_timestamp", "read_rank", "label_delay_hours", "settled_at"}
CLOCKS |= {"due_at", "policy_hash"}


class Crash(RuntimeError):
    pass


def run(world: LoggedWorld, instance: dg.DagsterInstance, *, raise_on_error: bool = True) -> bool:
    """The job `evaluate`, without what only looks."""
    unchecked = dg.define_asset_job("unchecked", selection=evaluate.selection.without_checks())
    definitions = build_definitions(world.settings)
    job = dg.Definitions.merge(definitions, dg.Definitions(jobs=[unchecked])).resolve_job_def(
        "unchecked"
    )
    return job.execute_in_process(instance=instance, raise_on_error=raise_on_error).success


def lake(world: LoggedWorld) -> LocalDelta:
    return LocalDelta(root=world.settings.lake)


def content(world: LoggedWorld) -> dict[str, Any]:
    """What the tables say, without when it was computed."""
    tables, found = lake(world), {}
    for key in TABLES:
        rows = tables.read(key).collect()
        names = sorted(set(rows.columns) - CLOCKS - {"report", "evidence_sha256", "n"})
        flat = [name for name in names if rows.schema[name] != pl.List(pl.Int64)]
        found[key[1]] = rows.select(names).sort(flat).to_dicts()
    ledger = tables.read(SCORED_COUNTS).collect()
    cells = [name for name in ledger.columns if name not in ("n", "log_position")]
    found[SCORED_COUNTS[1]] = ledger.group_by(cells).agg(pl.col("n").sum()).sort(cells).to_dicts()
    found[PROMOTION_DECISION[1]] = [found[PROMOTION_DECISION[1]][-1]["n_reviewed"]]
    return found


def a_world(
    folder: Path, parts: list[int], instance: dg.DagsterInstance | None = None
) -> LoggedWorld:
    """Requests in parts, each third one not read; evaluated after each part if there is an
    instance.
    """
    world = LoggedWorld(folder, films=20, logged=True)
    for part in parts:
        ids = world.predict(part, STEP_US)
        world.read([one for number, one in enumerate(ids) if number % 3])
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


def crash_in(
    patched: pytest.MonkeyPatch, crash_at: int, keys: Collection[Key] = CONTRACTS.keys() - SUMMARIES
) -> None:
    """From now on the n-th write to one of the tables fails before it is made."""
    writes = 0

    def crashing(name: str) -> Any:
        original = getattr(LocalDelta, name)

        def write(self: LocalDelta, key: Key, *given: Any, **named: Any) -> Any:
            nonlocal writes
            writes += key in keys
            if key in keys and writes == crash_at:
                raise Crash(f"write {writes}")
            return original(self, key, *given, **named)

        return write

    for name in ("append", "merge", "overwrite"):
        patched.setattr(LocalDelta, name, crashing(name))


@pytest.mark.parametrize("crash_at", range(1, WRITES + 1))
def test_a_crash_at_any_write_is_finished_by_the_next_run(
    tmp_path: Path, whole: dict[str, Any], crash_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = a_world(tmp_path / "state", [60])
    with dg.DagsterInstance.ephemeral() as instance:
        with monkeypatch.context() as patched:
            crash_in(patched, crash_at, CONTRACTS.keys() - SUMMARIES - {REVIEW_POLICY})
            assert not run(world, instance, raise_on_error=False)
        run(world, instance)
    assert content(world) == whole


def rebuilt_counts(world: LoggedWorld) -> list[dict[str, Any]]:
    cases = lake(world).read(REVIEWED_CASES).collect()
    return batch_counts(cases, PromotionRule()).to_dicts()


def kept_counts(world: LoggedWorld) -> list[dict[str, Any]]:
    return lake(world).read(REVIEWED_COUNTS).sort("experiment_id", "batch").collect().to_dicts()


def reviewed_cases(world: LoggedWorld) -> list[dict[str, Any]]:
    return lake(world).read(REVIEWED_CASES).sort("review_rank").collect().to_dicts()


@pytest.fixture(scope="module")
def corrected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world of three batches, evaluated; then five early reads were corrected and twenty new
    ones came, which no run has seen.
    """
    folder = tmp_path_factory.mktemp("corrected") / "state"
    world = LoggedWorld(folder, films=20)
    ids = world.predict(230, STEP_US)
    world.read(ids)
    with dg.DagsterInstance.ephemeral() as instance:
        run(world, instance)
    assert len(kept_counts(world)) == 3
    world.read(ids[3:103:20], correct=True)
    world.read(world.predict(20, STEP_US))
    world.close()
    return folder


def grown(corrected: Path, folder: Path) -> LoggedWorld:
    shutil.copytree(corrected, folder)
    return LoggedWorld.reopen(folder)


@pytest.fixture(scope="module")
def settled(corrected: Path, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The cases that a run without a crash comes to."""
    world = grown(corrected, tmp_path_factory.mktemp("settled") / "state")
    before = kept_counts(world)
    with dg.DagsterInstance.ephemeral() as instance:
        run(world, instance)
    after = kept_counts(world)
    assert after == rebuilt_counts(world)
    assert [row["batch"] for row in after] == [0, 1, 2]
    changed = [old["counts"] != new["counts"] for old, new in zip(before, after, strict=True)]
    assert changed == [True, False, True]
    return reviewed_cases(world)


@pytest.mark.parametrize("crash_at", range(1, 9))
def test_corrections_move_the_counts_of_their_batches_also_after_a_crash_at_any_write(
    tmp_path: Path,
    corrected: Path,
    settled: list[dict[str, Any]],
    crash_at: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = grown(corrected, tmp_path / "state")
    keys = (SCORED_COUNTS, REVIEWED_CASES, REVIEWED_COUNTS, PROMOTION_DECISION)
    with dg.DagsterInstance.ephemeral() as instance:
        with monkeypatch.context() as patched:
            crash_in(patched, crash_at, keys)
            assert run(world, instance, raise_on_error=False) == (crash_at > 7)
        world.read(world.predict(5, STEP_US))  # the next run has more to do than the crashed one
        run(world, instance)
    assert kept_counts(world) == rebuilt_counts(world)
    assert reviewed_cases(world)[: len(settled)] == settled


def test_counts_that_were_deleted_are_summed_up_from_nothing(
    tmp_path: Path, corrected: Path
) -> None:
    world = grown(corrected, tmp_path / "state")
    before = kept_counts(world)
    shutil.rmtree(lake(world).uri(REVIEWED_COUNTS))
    with dg.DagsterInstance.ephemeral() as instance:
        run(world, instance)
    assert kept_counts(world) == rebuilt_counts(world)
    assert len(before) == len(kept_counts(world))


def test_a_table_names_the_run_that_wrote_it_last(corrected: Path) -> None:
    tables = LocalDelta(root=Settings(state=corrected).lake)
    runs = {tables.written_by(key) for key in (HOURLY_TRAFFIC, COMPARISON_SUMMARY, REVIEWED_COUNTS)}
    assert len(runs) == 1
    assert None not in runs
    assert tables.written_by(EXPERIMENTS) is None  # saved by a person
