"""gold/prediction_feedback, gold/feedback_rejects and gold/feedback_pending on real Delta
tables.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from xray_assets.assets.feedback import prediction_feedback
from xray_assets.catalog import FEEDBACK_PENDING, FEEDBACK_REJECTS, PREDICTION_FEEDBACK, PREDICTIONS
from xray_assets.checks.keeps_its_contract import contract_checks
from xray_assets.errors import NotYetOnDatabricks
from xray_assets.feedback.intake.run import IntakeConflict, take_in
from xray_assets.lake.cursor import Cursor
from xray_assets.resources.databricks.feedback import FeedbackTable
from xray_assets.resources.local.feedback import LocalInbox
from xray_assets.resources.local.tables import LocalDelta
from xray_assets_tests.crashing_tables import Crash, CrashingTables
from xray_assets_tests.feedback.scenery import entry, lake, log, request_id, send

NOW = datetime.now(UTC)
REQUESTS = [request_id(NOW - timedelta(days=day)) for day in range(4)]
KEYS = (PREDICTION_FEEDBACK, FEEDBACK_REJECTS, FEEDBACK_PENDING)


def logged(tables: LocalDelta, *numbers: int) -> None:
    log(tables, [(REQUESTS[n], n % 2, NOW - timedelta(days=n)) for n in numbers])


def inbox(folder: Path) -> LocalInbox:
    return LocalInbox(path=str(folder / "inbox.sqlite"))


def first_wave(folder: Path) -> None:
    """Two reads of one prediction, one contradiction, one unknown request."""
    send(
        folder / "inbox.sqlite",
        entry("f1", REQUESTS[0], read="normal"),
        entry("f2", REQUESTS[1], read="pneumonia"),
        entry("f3", REQUESTS[0], read=None, feedback_type="true-positive"),
        entry("f4", REQUESTS[2]),
    )


def second_wave(folder: Path) -> None:
    """A correction of f1, and another reader."""
    send(
        folder / "inbox.sqlite",
        entry("f5", REQUESTS[0], read="pneumonia"),
        entry("f6", REQUESTS[1], radiologist_id="DR002", read="normal"),
        entry("f7", REQUESTS[3]),
    )


def tables_of(tables: Any) -> dict[str, pl.DataFrame]:
    return {
        key[1]: tables.read(key).collect().drop("rejected_at", strict=False).sort("feedback_id")
        for key in KEYS
    }


def run(tables: Any, folder: Path, now: datetime = NOW + timedelta(seconds=1)) -> None:
    list(take_in(tables, inbox(folder), now))


def test_feedback_is_accepted_rejected_or_kept_waiting(tmp_path: Path):
    tables = lake(tmp_path)
    logged(tables, 0, 1)
    first_wave(tmp_path)
    run(tables, tmp_path)
    found = tables_of(tables)
    assert found["prediction_feedback"].select(
        "feedback_id", "feedback_type", "acceptance_rank"
    ).rows() == [
        ("f1", "true-negative", 1),
        ("f2", "true-positive", 2),
    ]
    assert found["feedback_rejects"]["feedback_id"].to_list() == ["f3"]
    assert found["feedback_pending"]["feedback_id"].to_list() == ["f4"]
    assert tables.position(PREDICTION_FEEDBACK, "feedback_inbox") == 4


def test_a_correction_supersedes_and_a_late_prediction_frees_its_feedback(tmp_path: Path):
    tables = lake(tmp_path)
    logged(tables, 0, 1)
    first_wave(tmp_path)
    run(tables, tmp_path)
    second_wave(tmp_path)
    run(tables, tmp_path)
    logged(tables, 2)
    run(tables, tmp_path)  # nothing new in the inbox
    found = tables_of(tables)["prediction_feedback"]
    assert dict(found.select("feedback_id", "superseded_by").iter_rows()) == {
        "f1": "f5", "f2": None, "f4": None, "f5": None, "f6": None,
    }  # fmt: skip
    assert dict(found.select("feedback_id", "acceptance_rank").iter_rows())["f4"] == 5
    assert tables_of(tables)["feedback_pending"]["feedback_id"].to_list() == ["f7"]


def test_a_rerun_changes_no_row_and_no_table(tmp_path: Path):
    tables = lake(tmp_path)
    logged(tables, 0, 1)
    first_wave(tmp_path)
    run(tables, tmp_path)
    before, versions = tables_of(tables), [tables.version(key) for key in KEYS]
    run(tables, tmp_path)
    assert [tables.version(key) for key in KEYS] == versions
    for key, frame in tables_of(tables).items():
        assert_frame_equal(frame, before[key])


def test_a_crash_between_any_two_writes_is_finished_by_the_next_run(tmp_path: Path):
    calm = lake(tmp_path / "calm")
    for wave, numbers in ((first_wave, (0, 1)), (second_wave, (2,))):
        wave(tmp_path / "calm")
        logged(calm, *numbers)
        run(calm, tmp_path / "calm")
    crashes = 0
    for writes in range(20):
        folder = tmp_path / str(writes)
        tables = lake(folder)
        first_wave(folder)
        logged(tables, 0, 1)
        run(tables, folder)
        second_wave(folder)
        logged(tables, 2)
        try:
            run(CrashingTables(tables, writes), folder)
            break
        except Crash:
            crashes += 1
        run(tables, folder)
        for key, frame in tables_of(calm).items():
            found = tables_of(tables)[key]
            skipped = ["received_at", "timestamp"]  # each folder has its own inbox
            assert_frame_equal(found.drop(skipped, strict=False), frame.drop(skipped, strict=False))
        assert tables.position(PREDICTION_FEEDBACK, "feedback_inbox") == 7
    assert crashes == 7, (
        "append and overwrite of the waiting, append, marks and position of the new, two ends"
    )


def test_a_run_that_another_one_overtook_writes_nothing(tmp_path: Path):
    tables = lake(tmp_path)
    logged(tables, 0, 1)
    first_wave(tmp_path)

    class Overtaken(CrashingTables):
        overtaken = False

        def position(self, key: Any, source: str) -> int:
            if source == "feedback_acceptances" and not self.overtaken:
                self.overtaken = True
                run(tables, tmp_path)  # after this run has looked, before it writes
            return tables.position(key, source)

    with pytest.raises(IntakeConflict, match="run this one again"):
        run(Overtaken(tables, None), tmp_path)
    before = tables_of(tables)
    assert [frame.height for frame in before.values()] == [2, 1, 1]
    run(tables, tmp_path)
    assert [frame.height for frame in tables_of(tables).values()] == [2, 1, 1]


def test_the_assets_materialize_with_counts_and_pass_their_checks(tmp_path: Path):
    tables = lake(tmp_path)
    logged(tables, 0, 1, 1 + 2)
    first_wave(tmp_path)
    result = dg.materialize(
        [prediction_feedback, *contract_checks([prediction_feedback])],
        resources={"tables": tables, "inbox": inbox(tmp_path)},
    )
    assert result.success
    metadata = {
        event.asset_key.path[-1]: event.materialization.metadata
        for event in result.get_asset_materialization_events()
    }
    assert metadata["prediction_feedback"]["accepted"].value == 2
    assert metadata["prediction_feedback"]["dagster/row_count"].value == 2
    assert "100.0%" in str(metadata["prediction_feedback"]["coverage"].value)
    assert (
        metadata["feedback_rejects"]["rejected"].value,
        metadata["feedback_pending"]["pending"].value,
    ) == (1, 1)
    assert len(result.get_asset_check_evaluations()) == 3
    assert all(check.passed for check in result.get_asset_check_evaluations())


def test_the_assets_materialize_before_anything_was_ever_sent(tmp_path: Path):
    result = dg.materialize(
        [prediction_feedback, *contract_checks([prediction_feedback])],
        resources={"tables": lake(tmp_path), "inbox": inbox(tmp_path)},
    )
    assert result.success


def test_the_graph_is_predictions_to_feedback_in_the_gold_pool():
    for spec in prediction_feedback.specs:
        assert [dep.asset_key for dep in spec.deps] == [dg.AssetKey(PREDICTIONS)]
    assert prediction_feedback.op.pool == "gold"
    assert {spec.key for spec in prediction_feedback.specs} == {dg.AssetKey(key) for key in KEYS}


def test_the_inbox_resource_hands_over_rows_in_order(tmp_path: Path):
    first_wave(tmp_path)
    first = Cursor.at(inbox(tmp_path).end().source, 1)
    rows, cursor = inbox(tmp_path).read_after(first, 2)
    assert cursor.position == 3
    assert rows["inbox_position"].to_list() == [2, 3] and rows["feedback_id"].to_list() == [
        "f2",
        "f3",
    ]
    assert abs(rows["received_at"][0] - datetime.now(UTC)) < timedelta(minutes=1)
    nowhere = inbox(tmp_path / "nowhere")
    assert nowhere.end().position == 0
    assert nowhere.read_after(nowhere.end(), 5)[0].is_empty()


def test_the_databricks_twin_says_that_its_calls_come_later():
    for call in (lambda: FeedbackTable().end(), lambda: FeedbackTable().read_after(Cursor(), 1)):
        with pytest.raises(NotYetOnDatabricks):
            call()
