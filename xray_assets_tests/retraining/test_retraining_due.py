"""Every trigger, every skip and every guard of retraining, through the sensor and the asset, on
real tables.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from xray_assets.catalog import EXPERIMENTS
from xray_assets.sensors.asking import LEVEL_TAG
from xray_assets_tests.retraining.made_world import DAY, NOW, Learning


@pytest.fixture
def world(tmp_path: Path) -> Learning:
    return Learning(tmp_path / "state")


def asked(world: Learning, **config: Any) -> dict[str, Any]:
    """The row that comes of a tick which asks for a run."""
    wanted = world.tick()
    assert isinstance(wanted, dg.RunRequest), wanted
    return world.run(**config)


def wanted(world: Learning) -> str:
    """State and code of the row that the run which a tick asks for would write."""
    told = world.tick()
    assert isinstance(told, dg.RunRequest), told
    state, code, *_ = told.tags[LEVEL_TAG].split("-")
    return f"{state}: {code}"


def test_nothing_asks_for_a_retraining_where_nothing_happened(world: Learning) -> None:
    assert "no trigger" in world.tick()
    assert world.run() == {}


def test_a_tick_looks_again_where_something_changed_and_every_hour(world: Learning) -> None:
    assert "no trigger" in world.tick()
    assert "as at the last look" in world.tick()
    world.reads(1, 0)
    assert "no trigger" in world.tick()
    world.now = NOW + timedelta(hours=1)
    assert "no trigger" in world.tick()


def test_a_drift_that_lasts_for_a_week_asks_for_one_and_a_shorter_one_does_not(
    world: Learning,
) -> None:
    world.reads(80, 80)
    world.monitored("MODERATE", days=7)
    assert "no trigger" in world.tick()
    world.now = NOW + 2 * DAY
    row = asked(world)
    assert (row["triggers"], row["state"], row["method"]) == ("drift", "running", "retrain")
    assert (row["level"], row["kind"], row["sites"]) == ("MODERATE", "covariate", "A")
    assert (row["episode_id"], row["baseline_id"]) == ("episode-1", "baseline-1")


def test_a_moved_prevalence_asks_for_another_operating_point_and_needs_fewer_reads(
    world: Learning,
) -> None:
    world.reads(30, 30)
    world.monitored("MODERATE", "prevalence")
    row = asked(world)
    assert (row["triggers"], row["method"]) == ("drift", "recalibrate")


def test_proven_harm_asks_at_once(world: Learning) -> None:
    world.reads(80, 80)
    world.monitored("MAJOR", "performance", days=1, harm=("A",))
    assert asked(world)["triggers"] == "performance"


def test_many_new_truths_ask_for_one(world: Learning) -> None:
    world.reads(149, 150)
    assert "no trigger" in world.tick()
    world.reads(1, 0)
    row = asked(world)
    assert (row["triggers"], row["new_truths"]) == ("volume", 300)


def test_many_are_a_fifth_of_a_large_set(tmp_path: Path) -> None:
    world = Learning(tmp_path, set_size=2000)
    world.reads(200, 199)
    assert "no trigger" in world.tick()
    world.reads(1, 0)
    assert asked(world)["triggers"] == "volume"


def test_an_old_model_with_a_hundred_new_truths_asks_for_one(world: Learning) -> None:
    world.experiment(days_ago=31)
    world.reads(50, 49)
    assert "no trigger" in world.tick()
    world.reads(1, 0)
    assert asked(world)["triggers"] == "age"


def test_a_young_model_does_not(world: Learning) -> None:
    world.experiment(days_ago=29)
    world.reads(60, 60)
    assert "no trigger" in world.tick()


@pytest.mark.parametrize("broken", ["rejects", "undecodable", "nulls"])
def test_a_broken_feed_blocks_every_other_trigger_and_a_person_too(
    world: Learning, broken: str
) -> None:
    world.reads(200, 200)
    if broken == "rejects":
        world.traffic(refused_now=6)
    else:
        world.features(broken_now=1, problem="not_decoded" if broken == "undecodable" else None)
    row = asked(world)
    assert (row["state"], row["reason_code"]) == ("skipped", "data_quality")
    assert row["triggers"] == "volume,data_quality"
    assert broken in row["reason"]
    if broken == "rejects":
        row = world.run(ask="manual", by="a person", reason="now")
        assert (row["state"], row["reason_code"]) == ("skipped", "data_quality")


def test_a_feed_that_is_worse_by_less_than_five_points_blocks_nothing(world: Learning) -> None:
    world.reads(200, 200)
    world.traffic(refused_now=5)
    assert wanted(world) == "running: due"


def test_a_person_asks_with_a_reason(world: Learning) -> None:
    world.reads(60, 60)
    assert "no trigger" in world.tick()
    row = world.run(ask="manual", by="ann", reason="a new scanner")
    assert (row["triggers"], row["state"]) == ("manual", "running")
    assert (row["asked_by"], row["reason"]) == ("ann", "a new scanner")


def test_two_triggers_at_once_are_one_request_that_names_both(world: Learning) -> None:
    world.experiment(days_ago=40)
    world.reads(200, 200)
    world.monitored("MODERATE")
    row = asked(world)
    assert row["triggers"] == "drift,volume,age"
    assert len(world.rows) == 1


@pytest.mark.parametrize(
    ("normal", "pneumonia", "code"), [(49, 50, "too_few_truths"), (100, 19, "too_few_of_a_class")]
)
def test_too_little_to_learn_is_skipped_with_a_row_and_told_once(
    world: Learning, normal: int, pneumonia: int, code: str
) -> None:
    world.reads(normal, pneumonia)
    world.monitored("MODERATE")
    row = asked(world)
    assert (row["state"], row["reason_code"]) == ("skipped", code)
    assert world.tick() == f"skip: drift; {code}: {row['reason']}"
    world.run()
    assert len(world.rows) == 1


def test_no_truth_of_the_drifted_site_asks_for_reads_first(world: Learning) -> None:
    world.reads(100, 100, site="B")
    world.reads(100, 100, site="A", days_ago=30)  # before it drifted
    world.monitored("MODERATE")
    assert asked(world)["reason_code"] == "none_from_the_site"
    world.reads(1, 0, site="A")
    assert asked(world)["state"] == "running"


def test_reads_of_very_unequal_weight_count_for_what_they_are_worth(world: Learning) -> None:
    world.reads(100, 100, chance=1.0)
    world.reads(5, 5, chance=0.1)
    world.monitored("MODERATE")
    assert wanted(world) == "skipped: effective_size"


@pytest.mark.parametrize(
    "read",
    [
        {"blinded": False},
        {"feedback_source": "simulation"},
        {"drawn": False},
        {"answers": ("same", "other")},
        {"confidence": "uncertain"},
    ],
)
def test_reads_that_would_teach_the_model_itself_or_a_skewed_sample_are_no_truths(
    world: Learning, read: dict[str, Any]
) -> None:
    world.reads(100, 100, **read)
    world.monitored("MODERATE")
    assert wanted(world) == "skipped: too_few_truths"


def test_pathology_is_a_truth_whoever_had_seen_what(world: Learning) -> None:
    world.reads(100, 100, blinded=False, feedback_source="pathology")
    world.monitored("MODERATE")
    assert wanted(world) == "running: due"


def test_what_films_mean_is_a_persons_to_decide(world: Learning) -> None:
    world.reads(100, 100)
    world.monitored("CONCEPT", "concept", harm=("A",))
    assert asked(world)["reason_code"] == "concept"
    assert world.run(ask="manual", by="ann", reason="labels checked")["state"] == "running"


def test_readers_who_agree_less_than_before_are_looked_at_first(world: Learning) -> None:
    world.reads(50, 50, days_ago=40, answers=("same", "same"))
    world.reads(30, 30, days_ago=2, answers=("same", "other"))
    world.reads(100, 100)
    world.monitored("MODERATE")
    assert wanted(world) == "skipped: agreement_fell"


def test_not_knowing_teaches_nothing(world: Learning) -> None:
    world.reads(200, 200)
    world.monitored("UNKNOWN", "", codes="no_rows")
    assert wanted(world) == "skipped: unknown"


def test_a_baseline_that_is_not_full_yet_holds_nothing_back(world: Learning) -> None:
    world.reads(200, 200)
    world.monitored("UNKNOWN", "", codes="baseline_incomplete")
    assert wanted(world) == "running: due"


def test_an_escalation_turns_it_off(world: Learning) -> None:
    world.reads(100, 100)
    world.monitored("MODERATE", auto=False)
    assert wanted(world) == "skipped: escalated"


def test_one_is_in_flight_at_a_time_and_a_run_that_is_gone_is_not_waited_for(
    world: Learning,
) -> None:
    run = create_run_for_test(
        world.instance, job_name="retrain", status=dg.DagsterRunStatus.STARTED
    )
    world.request("running", days_ago=0.1, run_id=run.run_id)
    world.reads(100, 100)
    world.monitored("MODERATE")
    assert "in_flight" in world.tick()
    world.run(ask="manual", by="ann", reason="now")
    assert [row["state"] for row in world.rows] == ["running"]
    world.instance.report_run_failed(run)
    world.run()
    first, second = world.rows
    assert (first["state"], first["reason_code"]) == ("failed", "run_ended")
    assert (second["state"], second["reason_code"]) == ("skipped", "too_soon")


@pytest.mark.parametrize("state", ["gated", "opened"])
def test_seven_days_lie_between_two(world: Learning, state: str) -> None:
    world.request(state, days_ago=6.9)
    world.reads(100, 100)
    world.monitored("MODERATE")
    assert wanted(world) == "skipped: too_soon"
    world.now = NOW + timedelta(hours=3)
    assert wanted(world) == "running: due"


def test_four_in_ninety_days_are_the_most_and_what_people_ask_for_counts_as_none(
    world: Learning,
) -> None:
    for ago in (89, 60, 30, 10):
        world.request("opened", days_ago=ago)
    world.reads(100, 100)
    world.monitored("MODERATE")
    assert asked(world)["reason_code"] == "too_many"
    world.now = NOW + 1.1 * DAY
    row = asked(world)
    assert (row["state"], row["budget_left"]) == ("running", 1)


def test_two_candidates_in_a_row_that_fail_turn_it_off_until_a_persons_one_passes(
    world: Learning,
) -> None:
    world.request("gated", days_ago=60)
    world.request("gated", days_ago=40)
    world.reads(100, 100)
    world.monitored("MODERATE")
    assert asked(world)["reason_code"] == "failed_in_a_row"
    assert world.run(ask="manual", by="ann", reason="mended")["state"] == "running"


def test_one_that_passed_between_two_that_failed_leaves_it_on(world: Learning) -> None:
    world.request("gated", days_ago=60)
    world.request("recommended", days_ago=50, triggers="manual")
    world.request("gated", days_ago=40)
    world.reads(100, 100)
    world.monitored("MODERATE")
    assert wanted(world) == "running: due"


def test_a_request_waits_for_the_end_of_an_experiment_and_takes_new_triggers_along(
    world: Learning,
) -> None:
    world.experiment(days_ago=31, running=True)
    world.reads(100, 100)
    row = asked(world)
    assert (row["state"], row["reason_code"]) == ("asked", "experiment_open")
    assert "wait" in world.tick()
    world.monitored("MODERATE")
    again = asked(world)
    assert (again["request_id"], again["triggers"]) == (row["request_id"], "drift,age")
    world.tables.overwrite(EXPERIMENTS, world.tables.read(EXPERIMENTS).collect().clear())
    started = asked(world)
    assert (started["request_id"], started["state"]) == (row["request_id"], "running")


@pytest.mark.parametrize("mode", ["off", "recommend"])
def test_unless_it_is_allowed_nothing_is_trained_by_itself(tmp_path: Path, mode: str) -> None:
    world = Learning(tmp_path, mode=mode)
    world.reads(100, 100)
    world.monitored("MODERATE")
    if mode == "off":
        assert "XRAY_RETRAIN is off" in world.tick()
    else:
        row = asked(world)
        assert (row["state"], row["reason_code"]) == ("asked", "recommended")
    started = world.run(ask="manual", by="ann", reason="as recommended")
    assert started["state"] == "running"
    assert len(world.rows) == 1


@pytest.mark.parametrize(
    ("mode", "verdict", "state"),
    [("recommend", "KEEP_TESTING", "recommended"), ("shadow", "ROLLBACK", "gated")],
)
def test_a_backtested_candidate_is_taken_on_at_the_next_tick(
    tmp_path: Path, mode: str, verdict: str, state: str
) -> None:
    world = Learning(tmp_path, mode=mode)
    made = {"artifact_sha256": "abc", "model": "c.models.candidates", "version": 3}
    world.request("registered", days_ago=1, **made)
    assert "no trigger" in world.tick()
    world.backtested("abc", verdict)
    row = asked(world)
    assert row["state"] == state
    assert len(world.rows) == 1


def test_simulated_reads_count_in_the_simulators_own_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XRAY_ENVIRONMENT", "simulation")
    world = Learning(tmp_path)
    world.reads(100, 100, feedback_source="simulation")
    world.monitored("MODERATE")
    assert asked(world)["new_truths"] == 200
