"""Dagster as a person uses it: runs launched and watched through the webserver's GraphQL API."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from xray_assets.errors import XrayError
from xray_assets.stack import dagster_api

_STATUS = """
query($id: ID!) { runOrError(runId: $id) {
  ... on Run { status stepStats { stepKey status startTime endTime } } } }"""
_UNFINISHED = """{ runsOrError(
  filter: {statuses: [QUEUED, NOT_STARTED, STARTING, STARTED, CANCELING]}, limit: 1) {
  ... on Runs { results { runId } } } }"""
_RUNS = """
query($job: String!) { runsOrError(filter: {pipelineName: $job}, limit: 50) {
  ... on Runs { results { runId status creationTime } } } }"""

FINISHED = ("SUCCESS", "FAILURE", "CANCELED")


class RunFailed(XrayError):
    """A run did not succeed; the message names it and the page that shows why."""


class Orchestrator:
    """The webserver of a running stack."""

    def __init__(self, url: str) -> None:
        """Nothing is asked here."""
        self.url = url

    def launch(self, job: str) -> str:
        """Launch a job; returns the run id. Raises DagsterRefused when Dagster does not."""
        return dagster_api.launch(self.url, job)

    def follow(self, run_id: str, on_step: Callable[[str, str, float], None]) -> None:
        """Wait for a run and tell each finished step (key, status, seconds). Raises RunFailed when
        it fails.
        """
        told: set[str] = set()
        while True:
            run = dagster_api.query(self.url, _STATUS, id=run_id)["runOrError"]
            for step in run["stepStats"]:
                if step["endTime"] and step["stepKey"] not in told:
                    told.add(step["stepKey"])
                    on_step(step["stepKey"], step["status"], step["endTime"] - step["startTime"])
            if run["status"] in FINISHED:
                break
            time.sleep(0.5)
        if run["status"] != "SUCCESS":
            raise RunFailed(f"run {run_id} ended in {run['status']}: see {self.url}/runs/{run_id}")

    def is_idle(self) -> bool:
        """True when no run is under way or waits."""
        return not dagster_api.query(self.url, _UNFINISHED)["runsOrError"]["results"]

    def runs(self, job: str) -> Iterator[dict[str, Any]]:
        """The latest runs of a job, newest first: runId, status, creationTime."""
        yield from dagster_api.query(self.url, _RUNS, job=job)["runsOrError"]["results"]
