"""The job `evaluate`, from log and inbox to the decision, on real Delta and real networks."""

import shutil
from collections.abc import Collection
from dataclasses import dataclass
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
    SCORE_BANDS,
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
SUMMARIES = {HOURLY_TRAFFIC, RECENT_ERRORS, RECENT_MISTAKES, REVIEW_PROGRESS}
SUMMARIES |= {SECOND_LOOKS, SCORE_BANDS}
"""Kept on their own: their crashes are in `cases/test_summaries.py`."""

KEPT = CONTRACTS.keys() - SUMMARIES - {REVIEW_POLICY}
"""Without the policy too: draws alone follow from it, and `review/test_draws.py` has those."""

WRITES, WRITES_OF_A_CORRECTION = 20, 7
"""Writes of a run on a new log and inbox; to the tables of cases and counts where reads changed."""

STEP_US = 3_600_000_000
CLOCKS = {"scored_at", "decided_at", "input_versions", "decision_id", "log_position", "timestamp"}
CLOCKS |= {"feedback_timestamp", "read_rank", "label_delay_hours", "settled_at"}
CLOCKS |= {"due_at", "policy_hash"}


def run(world: LoggedWorld, instance: dg.DagsterInstance | None = None) -> None:
    """The job `evaluate`, without what only looks."""
    unchecked = dg.define_asset_job("unchecked", selection=evaluate.selection.without_checks())
    definitions = build_definitions(world.settings)
    merged = dg.Definitions.merge(definitions, dg.Definitions(jobs=[unchecked]))
    assert merged.resolve_job_def("unchecked").execute_in_process(instance=instance).success


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


def killed_before_each_write(
    world: LoggedWorld, folder: Path, keys: Collection[Key] = KEPT
) -> list[Path]:
    """Evaluate the world, and copy its state before each write to one of the tables: what a process
    that is killed there leaves. Where nothing was written since the last copy it leaves the same.
    """
    left: list[Path] = []
    seen: list[set[Path]] = [set()]

    def copying(name: str) -> Any:
        write = getattr(LocalDelta, name)

        def copied_first(self: LocalDelta, key: Key, *given: Any, **named: Any) -> Any:
            files = set(Path(world.settings.lake).rglob("*.json"))
            if key in keys and files != seen[-1]:
                seen.append(files)
                left.append(folder / str(len(left) + 1))
                shutil.copytree(world.settings.state, left[-1])
            return write(self, key, *given, **named)

        return copied_first

    world.close()
    with pytest.MonkeyPatch.context() as patched:
        for name in ("append", "merge", "overwrite"):
            patched.setattr(LocalDelta, name, copying(name))
        run(world)
    return left


@dataclass
class Killed:
    """What kills left of a run, and what the run comes to where nobody kills it."""

    left: list[Path]
    whole: Any


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """A run over 60 new requests."""
    folder = tmp_path_factory.mktemp("killed")
    world = a_world(folder / "state", [60])
    left = killed_before_each_write(world, folder)
    assert len(left) == WRITES
    return Killed(left, content(world))


def test_a_second_run_writes_no_row(tmp_path: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        world = a_world(tmp_path / "state", [30], instance)
        before = content(world)
        decided = lake(world).version(PROMOTION_DECISION)
        run(world, instance)
        assert content(world) == before
        assert lake(world).version(PROMOTION_DECISION) == decided


def test_evaluating_in_two_parts_comes_to_the_same_as_in_one(
    tmp_path: Path, killed: Killed
) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        parts = content(a_world(tmp_path / "state", [27, 33], instance))
    for name, rows in killed.whole.items():
        if name != REVIEWED_CASES[1]:  # ranks follow the inbox, which was filled in two parts
            assert parts[name] == rows, name
    ranks = [row.pop("review_rank") for row in parts[REVIEWED_CASES[1]]]
    assert sorted(ranks) == list(range(len(ranks)))


@pytest.mark.parametrize("write", range(WRITES))
def test_a_run_that_is_killed_before_any_write_is_finished_by_the_next(
    killed: Killed, write: int
) -> None:
    world = LoggedWorld.reopen(killed.left[write])
    run(world)
    assert content(world) == killed.whole


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
    run(world)
    assert len(kept_counts(world)) == 3
    world.read(ids[3:103:20], correct=True)
    world.read(world.predict(20, STEP_US))
    world.close()
    return folder


def grown(corrected: Path, folder: Path) -> LoggedWorld:
    shutil.copytree(corrected, folder)
    return LoggedWorld.reopen(folder)


@pytest.fixture(scope="module")
def killed_correction(corrected: Path, tmp_path_factory: pytest.TempPathFactory) -> Killed:
    """A run over the corrections; `whole` are its cases."""
    folder = tmp_path_factory.mktemp("killed")
    world = grown(corrected, folder / "state")
    before = kept_counts(world)
    keys = (SCORED_COUNTS, REVIEWED_CASES, REVIEWED_COUNTS, PROMOTION_DECISION)
    left = killed_before_each_write(world, folder, keys)
    assert len(left) == WRITES_OF_A_CORRECTION
    after = kept_counts(world)
    assert after == rebuilt_counts(world)
    assert [row["batch"] for row in after] == [0, 1, 2]
    changed = [old["counts"] != new["counts"] for old, new in zip(before, after, strict=True)]
    assert changed == [True, False, True]
    return Killed(left, reviewed_cases(world))


@pytest.mark.parametrize("write", range(WRITES_OF_A_CORRECTION))
def test_corrections_move_the_counts_of_their_batches_also_after_a_kill_before_any_write(
    killed_correction: Killed, write: int
) -> None:
    world = LoggedWorld.reopen(killed_correction.left[write])
    world.read(world.predict(5, STEP_US))  # the next run has more to do than the killed one
    run(world)
    assert kept_counts(world) == rebuilt_counts(world)
    assert reviewed_cases(world)[: len(killed_correction.whole)] == killed_correction.whole


def test_counts_that_were_deleted_are_summed_up_from_nothing(
    tmp_path: Path, corrected: Path
) -> None:
    world = grown(corrected, tmp_path / "state")
    before = kept_counts(world)
    shutil.rmtree(lake(world).uri(REVIEWED_COUNTS))
    run(world)
    assert kept_counts(world) == rebuilt_counts(world)
    assert len(before) == len(kept_counts(world))


def test_a_table_names_the_run_that_wrote_it_last(corrected: Path) -> None:
    tables = LocalDelta(root=Settings(state=corrected).lake)
    written = (HOURLY_TRAFFIC, COMPARISON_SUMMARY, REVIEWED_COUNTS)
    runs = {tables.last_write(key).run_id for key in written}
    assert len(runs) == 1
    assert None not in runs
    assert tables.last_write(EXPERIMENTS).run_id is None  # saved by a person
