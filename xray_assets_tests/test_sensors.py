"""The sensors as sequences of ticks on a real instance, real Delta tables, a real inbox; only the
endpoint is a stand-in.
"""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test

from xray_assets.catalog import (
    FEEDBACK_PENDING,
    FEEDBACK_REJECTS,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.deployments import ramp
from xray_assets.feedback.inbox import Entry, Inbox
from xray_assets.feedback.intake.run import take_in
from xray_assets.feedback.submission import submit_feedback_batch
from xray_assets.resources.local.feedback import LocalInbox
from xray_assets.resources.local.inference_log import LocalLog
from xray_assets.resources.local.roles import roles
from xray_assets.resources.local.tables import LocalDelta
from xray_assets.resources.serving.endpoint import ModelServing
from xray_assets.rollout.experiment import Experiment
from xray_assets.rollout.served import EndpointUnreachable, ServedConfig, wanted_entities
from xray_assets.rollout.state import record, save
from xray_assets.runs.identity import PROCESS_TAG
from xray_assets.sensors import arrivals
from xray_assets.sensors.arrivals import feedback_arrived, requests_logged
from xray_assets.sensors.asking import LEVEL_TAG
from xray_assets.sensors.ramp import promotion_decided
from xray_assets.settings import Settings
from xray_assets_tests.feedback.scenery import endpoint_log, prediction_rows, request_id
from xray_assets_tests.rollout.examples import an_experiment


class StandInEndpoint(ModelServing):
    """Serves what the test says. Dagster makes nested resources anew, so the answer is kept
    outside, by host.
    """

    def served(self) -> ServedConfig | None:
        answer = SERVED[self.host]
        if isinstance(answer, EndpointUnreachable):
            raise answer
        return answer


SERVED: dict[str, ServedConfig | EndpointUnreachable | None] = {}


class World:
    """One deployment in a temporary folder, and an instance to tick against."""

    def __init__(self, folder: Path) -> None:
        self.instance = dg.DagsterInstance.ephemeral()
        self.tables = LocalDelta(root=str(folder / "lake"))
        self.settings = Settings(state=folder)
        self.settings.endpoint_folder.mkdir(parents=True)
        self.inbox_path = self.settings.feedback_inbox
        self.inbox = LocalInbox(path=str(self.inbox_path))
        self.log = LocalLog(path=str(self.settings.endpoint_folder / "log.sqlite"))
        self.endpoint = StandInEndpoint(host=str(folder))
        self.serves(None)
        settings = Settings(ramp_dwell_seconds=0, ramp_dwell_requests=0, experiment_max_days=10_000)
        own = replace(
            roles(settings), tables=self.tables, serving=self.endpoint, inference_log=self.log
        )
        self.ramp = ramp(settings, own)
        self.cursor: str | None = None

    def tick(self, sensor: dg.SensorDefinition, **resources: Any) -> Any:
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources=resources
        ) as context:
            result = sensor.evaluate_tick(context)
        self.cursor = result.cursor
        return result

    def tick_feedback(self) -> Any:
        return self.tick(
            feedback_arrived, tables=self.tables, inbox=self.inbox, inference_log=self.log
        )

    def tick_requests(self) -> Any:
        return self.tick(requests_logged, tables=self.tables, inference_log=self.log)

    def tick_promotion(self) -> Any:
        return self.tick(promotion_decided, ramp=self.ramp)

    def serves(self, answer: ServedConfig | EndpointUnreachable | None) -> None:
        SERVED[self.endpoint.host] = answer

    def submit(self, count: int) -> None:
        start = self.inbox.end().position
        with Inbox(self.inbox_path) as inbox:
            inbox.add([Entry(f"f{number}", "{}", "{}") for number in range(start, start + count)])

    def answer(self, name: str) -> None:
        """What the endpoint leaves behind of an answered request."""
        endpoint_log(self.settings.state, [(name, 1, datetime.now(UTC))])

    def take_in(self) -> None:
        """What a successful run leaves behind."""
        end = self.inbox.end()
        for key in (FEEDBACK_PENDING, FEEDBACK_REJECTS, PREDICTION_FEEDBACK):
            self.tables.append(
                key, CONTRACTS[key].empty(), source=end.source, position=end.position
            )

    def run(self, job: str, request: dg.RunRequest, status: dg.DagsterRunStatus) -> dg.DagsterRun:
        return create_run_for_test(self.instance, job_name=job, status=status, tags=request.tags)

    def succeed(self, run: dg.DagsterRun) -> None:
        success = dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, run.job_name)
        self.instance.report_dagster_event(success, run.run_id)

    def open(self, experiment: Experiment) -> None:
        save(self.tables, [experiment], seen=0)
        served = ServedConfig(1, experiment.experiment_id, tuple(wanted_entities(experiment)))
        self.serves(served)
        record(self.tables, served, decided_by="test", cause="test")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_an_empty_inbox_asks_for_nothing_and_says_so(world: World) -> None:
    assert "all 0 feedbacks" in world.tick_feedback().skip_message


def test_ten_feedbacks_at_once_ask_for_one_run(world: World) -> None:
    world.submit(10)
    assert len(world.tick_feedback().run_requests) == 1


def test_ten_thousand_feedbacks_at_once_give_one_run(world: World, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    ids = [request_id(now) for _ in range(10_000)]
    rows = [(name, number % 2, now) for number, name in enumerate(ids)]
    world.tables.append(PREDICTIONS, prediction_rows(rows))
    reads = [{"request_id": name, "radiologist_id": "DR001", "read": "normal"} for name in ids]
    assert len(submit_feedback_batch(reads, settings=world.settings)) == 10_000
    requests = [*world.tick_feedback().run_requests]
    run = world.run("evaluate", requests[0], dg.DagsterRunStatus.STARTED)
    for _ in range(3):
        requests += world.tick_feedback().run_requests
    list(take_in(world.tables, world.inbox, now + timedelta(seconds=1)))
    world.succeed(run)
    for _ in range(3):
        requests += world.tick_feedback().run_requests
    assert len(requests) == 1
    assert world.tables.row_count(PREDICTION_FEEDBACK) == 10_000


def test_no_second_run_is_asked_for_while_one_is_under_way(world: World) -> None:
    world.submit(1)
    request = world.tick_feedback().run_requests[0]
    world.run("evaluate", request, dg.DagsterRunStatus.STARTED)
    world.submit(5)
    assert "under way" in world.tick_feedback().skip_message


def test_a_run_whose_process_is_gone_is_not_waited_for(world: World) -> None:
    world.submit(1)
    request = world.tick_feedback().run_requests[0]
    run = world.run("evaluate", request, dg.DagsterRunStatus.STARTED)
    world.instance.add_run_tags(run.run_id, {PROCESS_TAG: f"{os.getpid()}:1"})
    assert len(world.tick_feedback().run_requests) == 1


def test_a_read_of_an_unknown_request_asks_for_no_run_however_much_traffic_comes(
    world: World, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    unknown = {"request_id": request_id(now), "radiologist_id": "DR001", "read": "normal"}
    submit_feedback_batch([unknown], settings=world.settings)
    list(take_in(world.tables, world.inbox, now))
    assert world.tables.row_count(FEEDBACK_PENDING) == 1
    for _ in range(3):
        world.answer(request_id(now))
        assert "1 wait for their prediction" in world.tick_feedback().skip_message
    world.answer(unknown["request_id"])
    assert len(world.tick_feedback().run_requests) == 1


def test_requests_are_moved_without_feedback_once_they_have_waited(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [1000.0]
    monkeypatch.setattr(arrivals.time, "time", lambda: clock[0])
    assert "all 0 requests" in world.tick_requests().skip_message
    world.answer(request_id(datetime.now(UTC)))
    assert "1 requests wait" in world.tick_requests().skip_message
    clock[0] += world.log.follow_seconds - 1
    assert not world.tick_requests().run_requests
    clock[0] += 1
    assert len(world.tick_requests().run_requests) == 1
    assert not world.tick_requests().run_requests  # the next one is as long after it


def test_a_run_of_evaluate_moves_the_requests_too_and_is_waited_for(world: World) -> None:
    world.answer(request_id(datetime.now(UTC)))
    world.cursor = "1.0"  # ahead since 1970
    create_run_for_test(world.instance, job_name="evaluate", status=dg.DagsterRunStatus.STARTED)
    assert "moves them too" in world.tick_requests().skip_message


def test_feedback_that_came_during_a_run_is_asked_for_after_it(world: World) -> None:
    world.submit(1)
    request = world.tick_feedback().run_requests[0]
    world.take_in()
    world.run("evaluate", request, dg.DagsterRunStatus.SUCCESS)
    assert not world.tick_feedback().run_requests
    world.submit(1)
    later = world.tick_feedback().run_requests[0]
    assert later.run_key != request.run_key


def test_a_failed_run_is_tried_again_with_another_run_key(world: World) -> None:
    world.submit(1)
    first = world.tick_feedback().run_requests[0]
    world.run("evaluate", first, dg.DagsterRunStatus.FAILURE)
    second = world.tick_feedback().run_requests[0]
    assert (first.tags[LEVEL_TAG], second.run_key) == (
        second.tags[LEVEL_TAG],
        f"{second.tags[LEVEL_TAG]}-attempt-1",
    )


def test_a_run_that_failed_after_it_took_the_feedback_in_is_tried_again(world: World) -> None:
    world.submit(1)
    request = world.tick_feedback().run_requests[0]
    world.take_in()
    world.run("evaluate", request, dg.DagsterRunStatus.FAILURE)
    again = world.tick_feedback().run_requests[0]
    assert again.run_key != request.run_key
    world.run("evaluate", again, dg.DagsterRunStatus.SUCCESS)
    assert not world.tick_feedback().run_requests


def test_a_job_that_keeps_failing_is_given_a_pause(world: World) -> None:
    world.submit(1)
    for _ in range(2):
        request = world.tick_feedback().run_requests[0]
        world.run("evaluate", request, dg.DagsterRunStatus.FAILURE)
    assert "failed 2 times" in world.tick_feedback().skip_message


def test_refused_runs_of_a_person_give_the_sensor_no_pause(world: World) -> None:
    world.open(an_experiment())
    world.serves(None)
    for _ in range(3):
        create_run_for_test(
            world.instance, job_name="deploy", status=dg.DagsterRunStatus.FAILURE, tags={}
        )
    assert world.tick_promotion().run_requests


def test_a_lost_cursor_changes_nothing(world: World) -> None:
    world.submit(3)
    world.take_in()
    world.cursor = None
    assert not world.tick_feedback().run_requests


def test_before_the_first_experiment_there_is_nothing_to_reconcile(world: World) -> None:
    assert "no experiment yet" in world.tick_promotion().skip_message


def test_an_experiment_that_is_served_as_wanted_is_left_alone(world: World) -> None:
    world.open(an_experiment())
    assert "verdict pending" in world.tick_promotion().skip_message


def test_an_endpoint_that_serves_something_else_is_put_right(world: World) -> None:
    world.open(an_experiment())
    save(world.tables, [replace(an_experiment(), stage=70, state="ramping")], seen=1)
    request = world.tick_promotion().run_requests[0]
    assert request.run_config["ops"]["endpoint_config"]["config"]["generation"] == 2


def test_a_config_that_was_served_but_never_recorded_is_put_right(world: World) -> None:
    experiment = an_experiment()
    world.open(experiment)
    world.serves(ServedConfig(2, experiment.experiment_id, tuple(wanted_entities(experiment))))
    assert world.tick_promotion().run_requests


def test_an_unreachable_endpoint_is_said_to_be_unreachable_never_healthy(world: World) -> None:
    world.open(an_experiment())
    world.serves(EndpointUnreachable("nothing answers"))
    assert "cannot see what is served" in world.tick_promotion().skip_message


def test_a_failed_step_is_tried_again_with_another_run_key(world: World) -> None:
    world.open(an_experiment())
    world.serves(None)
    first = world.tick_promotion().run_requests[0]
    world.run("deploy", first, dg.DagsterRunStatus.FAILURE)
    second = world.tick_promotion().run_requests[0]
    assert first.run_key != second.run_key
    assert first.tags == second.tags
