import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from xray_assets.errors import NotYetOnDatabricks
from xray_assets.feedback import (
    FeedbackRefused,
    get_feedback_stats,
    get_prediction_info,
    quick_feedback,
    submit_feedback,
    submit_feedback_batch,
)
from xray_assets.feedback.fields import ContradictoryFeedback, FeedbackIdTaken
from xray_assets.feedback.inbox import InboxUnavailable
from xray_assets.feedback.inbox_rows import InboxRows
from xray_assets.feedback.intake.run import take_in
from xray_assets.feedback.receiver import FeedbackBatchRefused
from xray_assets.resources.local.feedback import LocalInbox
from xray_assets.stack.state import prepare_state
from xray_assets_tests.feedback.scenery import endpoint_log, lake, log, request_id, settings

NOW = datetime.now(UTC)
POSITIVE, NEGATIVE, FAILED, MOVED, UNKNOWN = (request_id(NOW) for _ in range(5))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    endpoint_log(tmp_path, [(POSITIVE, 1, NOW), (NEGATIVE, 0, NOW), (FAILED, None, NOW)])
    log(lake(tmp_path), [(MOVED, 1, NOW)])
    return tmp_path


def submit(state: Path, request: str = POSITIVE, *args: Any, **fields: Any) -> Any:
    return submit_feedback(
        request, *args, **{"radiologist_id": "DR001", "settings": settings(state)} | fields
    )


def stored(state: Path) -> list[dict[str, Any]]:
    return [
        json.loads(row[2]) for row in InboxRows(settings(state).feedback_inbox).read_after(0, 1000)
    ]


def test_a_type_that_agrees_with_the_log_is_accepted(state: Path):
    receipt = submit(state, POSITIVE, "true-positive")
    assert (receipt.status, receipt.feedback_type, receipt.position) == (
        "accepted",
        "true-positive",
        1,
    )
    assert stored(state)[0]["read"] == "pneumonia"


def test_the_type_is_derived_from_a_read(state: Path):
    assert submit(state, NEGATIVE, read="pneumonia").feedback_type == "false-negative"
    assert submit(state, POSITIVE, ground_truth="NORMAL").feedback_type == "false-positive"
    assert submit(state, POSITIVE, read="uncertain").feedback_type is None


def test_a_prediction_that_only_the_table_holds_is_found(state: Path):
    assert submit(state, MOVED, "true-positive").status == "accepted"


@pytest.mark.parametrize(
    ("request_id", "claim"),
    [(NEGATIVE, "true-positive"), (POSITIVE, "true-negative"), (MOVED, "false-negative")],
    ids=["negative", "positive", "moved"],
)
def test_a_type_that_contradicts_the_logged_label_is_refused(
    state: Path, request_id: str, claim: str
):
    with pytest.raises(ContradictoryFeedback, match="contradicts the log: the model answered"):
        submit(state, request_id, claim)
    assert stored(state) == []


def test_a_failed_request_has_nothing_to_review(state: Path):
    with pytest.raises(FeedbackRefused, match="status 500"):
        submit(state, FAILED, read="normal")


def test_an_unknown_request_is_pending(state: Path):
    receipt = submit(state, UNKNOWN, "true-positive")
    assert (receipt.status, receipt.feedback_type) == ("pending", None)


def test_the_same_feedback_again_gives_the_same_receipt_even_when_the_log_has_come_since(
    state: Path,
):
    first = submit(state, UNKNOWN, "true-positive", feedback_id="mine")
    log(lake(state), [(UNKNOWN, 0, NOW)])
    assert submit(state, UNKNOWN, "true-positive", feedback_id="mine") == first
    with pytest.raises(FeedbackIdTaken):
        submit(state, UNKNOWN, read="normal", feedback_id="mine")
    assert len(stored(state)) == 1


def test_a_batch_is_stored_whole_or_not_at_all(state: Path):
    rows: list[dict[str, Any]] = [
        {
            "request_id": POSITIVE,
            "feedback_type": "true-positive",
            "radiologist_id": "a",
            "notes": None,
        },
        {"request_id": NEGATIVE, "feedback_type": "true-positive", "radiologist_id": "a"},
        {"request_id": UNKNOWN, "read": "normal", "radiologist_id": "a"},
    ]
    with pytest.raises(
        FeedbackBatchRefused, match=r"nothing was stored, 1 rows are refused: row 1: .*contradicts"
    ):
        submit_feedback_batch(rows, settings=settings(state))
    assert stored(state) == []
    frame = pl.DataFrame([rows[0], rows[2]])
    receipts = submit_feedback_batch(frame.iter_rows(named=True), settings=settings(state))
    assert [receipt.status for receipt in receipts] == ["accepted", "pending"]


def test_a_batch_names_every_bad_row(state: Path):
    rows = [{"request_id": POSITIVE, "radiologist_id": "a"}, {"request": POSITIVE}]
    with pytest.raises(FeedbackBatchRefused) as refused:
        submit_feedback_batch(rows, settings=settings(state))
    assert [row for row, _ in refused.value.problems] == [0, 1]


def test_a_big_batch_needs_few_queries(state: Path):
    rows = [
        {"request_id": POSITIVE, "read": "normal", "radiologist_id": f"r{n}"} for n in range(3000)
    ]
    receipts = submit_feedback_batch(rows, settings=settings(state))
    assert [receipt.position for receipt in receipts] == list(range(1, 3001))


@pytest.mark.parametrize(
    ("request_id", "correct", "truth", "expected"),
    [
        (POSITIVE, True, "PNEUMONIA", "true-positive"),
        (POSITIVE, False, "normal", "false-positive"),
        (NEGATIVE, True, "NORMAL", "true-negative"),
        (NEGATIVE, False, "PNEUMONIA", "false-negative"),
    ],
    ids=["true-positive", "false-positive", "true-negative", "false-negative"],
)
def test_quick_feedback_derives_the_type(
    state: Path, request_id: str, correct: bool, truth: str, expected: str
):
    receipt = quick_feedback(
        request_id, correct, truth, radiologist_id="a", settings=settings(state)
    )
    assert receipt.feedback_type == expected


@pytest.mark.parametrize(
    ("request_id", "correct", "truth"),
    [
        (POSITIVE, True, "NORMAL"),
        (POSITIVE, False, "PNEUMONIA"),
        (NEGATIVE, True, "PNEUMONIA"),
        (NEGATIVE, False, "NORMAL"),
    ],
    ids=["positive-right", "positive-wrong", "negative-right", "negative-wrong"],
)
def test_quick_feedback_that_cannot_be_true_is_refused(
    state: Path, request_id: str, correct: bool, truth: str
):
    with pytest.raises(ContradictoryFeedback):
        quick_feedback(request_id, correct, truth, settings=settings(state))


def test_quick_feedback_refuses_what_is_no_answer(state: Path):
    with pytest.raises(FeedbackRefused, match="True or False"):
        quick_feedback(POSITIVE, "yes", "NORMAL", settings=settings(state))  # type: ignore[arg-type]
    with pytest.raises(FeedbackRefused, match="one of PNEUMONIA, NORMAL"):
        quick_feedback(POSITIVE, True, "flu", settings=settings(state))


def test_prediction_info_tells_what_is_logged(state: Path):
    info = get_prediction_info(POSITIVE, settings=settings(state))
    assert info is not None
    assert (info["predicted_label"], info["threshold"], info["status_code"]) == (1, 0.5, 200)
    assert abs(info["timestamp"] - NOW) < timedelta(milliseconds=1)
    moved = get_prediction_info(MOVED, settings=settings(state))
    assert moved is not None and moved.keys() == info.keys()
    assert get_prediction_info(UNKNOWN, settings=settings(state)) is None


def test_stats_count_consensus_coverage_and_what_waits(state: Path):
    tables = lake(state)
    log(tables, [(POSITIVE, 1, NOW), (NEGATIVE, 0, NOW), (FAILED, None, NOW)])
    empty = get_feedback_stats(7, settings=settings(state))
    assert (empty["predictions"], empty["reviewed"], empty["accuracy"]) == (3, 0, None)
    submit(state, POSITIVE, "true-positive")
    submit(state, POSITIVE, "true-positive", radiologist_id="DR002")
    submit(state, NEGATIVE, read="pneumonia")
    submit(state, UNKNOWN, read="normal")
    inbox = LocalInbox(path=str(settings(state).feedback_inbox))
    assert get_feedback_stats(7, settings=settings(state))["not_yet_taken_in"] == 4
    list(take_in(tables, inbox, datetime.now(UTC)))
    stats = get_feedback_stats(7, settings=settings(state))
    assert stats == {
        "days": 7, "predictions": 3, "reads": 3, "readers": 2, "reviewed": 2,
        "coverage_pct": pytest.approx(200 / 3),
        "true-positive": 1, "false-positive": 0, "true-negative": 0, "false-negative": 1,
        "accuracy": 0.5, "sensitivity": 0.5, "specificity": None,
        "received": 4, "not_yet_taken_in": 0, "pending": 1, "rejected": 0,
    }  # fmt: skip
    with pytest.raises(FeedbackRefused, match="days must be"):
        get_feedback_stats(0, settings=settings(state))


def test_a_read_is_refused_where_no_stack_ever_ran_and_nothing_is_made_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for call in (
        lambda **more: submit(tmp_path, POSITIVE, "true-positive", **more),
        lambda **more: quick_feedback(POSITIVE, True, "PNEUMONIA", **more),
        lambda **more: submit_feedback_batch(
            [{"request_id": POSITIVE, "radiologist_id": "a", "read": "normal"}], **more
        ),
    ):
        monkeypatch.setenv("XRAY_STATE", str(tmp_path / "forgotten"))
        with pytest.raises(InboxUnavailable, match=r"no stack ever ran from .*forgotten.*XRAY_ST"):
            call(settings=None)
        with pytest.raises(InboxUnavailable, match="nothing was stored"):
            call(settings=settings(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_read_is_taken_as_soon_as_a_stack_was_started_from_the_folder(tmp_path: Path):
    prepare_state(settings(tmp_path))
    assert submit(tmp_path, UNKNOWN, "true-positive").status == "pending"


def test_stats_of_nothing_are_zeros(tmp_path: Path):
    stats = get_feedback_stats(settings=settings(tmp_path))
    assert (stats["predictions"], stats["received"], stats["coverage_pct"]) == (0, 0, None)


def test_on_databricks_the_calls_say_that_they_come_later(tmp_path: Path):
    there = settings(tmp_path, deployment="databricks")
    for call in (
        lambda: submit_feedback("r", "true-positive", radiologist_id="a", settings=there),
        lambda: get_prediction_info("r", settings=there),
        lambda: get_feedback_stats(settings=there),
    ):
        with pytest.raises(NotYetOnDatabricks):
            call()


def test_importing_submitting_and_counting_load_no_dagster(state: Path):
    program = (
        "import sys; from pathlib import Path; import xray_assets.feedback as f\n"
        "assert 'polars' not in sys.modules\n"
        "from xray_assets.settings import Settings\n"
        "settings = Settings(state=Path(sys.argv[1]))\n"
        f"f.submit_feedback('{POSITIVE}', 'true-positive', radiologist_id='a', settings=settings)\n"
        "assert f.get_feedback_stats(settings=settings)['received'] == 1\n"
        "assert 'dagster' not in sys.modules and 'mlflow' not in sys.modules, 'heavy'\n"
    )
    subprocess.run([sys.executable, "-c", program, str(state)], check=True)
