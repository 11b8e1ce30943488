"""Dagster as a person uses it: runs launched and watched through the webserver's GraphQL API."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from xray_assets.definitions import LOCATION, REPOSITORY

_LAUNCH = """
mutation($selector: JobOrPipelineSelector!) {
  launchRun(executionParams: {selector: $selector, mode: "default"}) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}"""
_STATUS = """
query($id: ID!) { runOrError(runId: $id) {
  ... on Run { status stepStats { stepKey status startTime endTime } } } }"""
_RUNS = """
query($job: String!) { runsOrError(filter: {pipelineName: $job}, limit: 50) {
  ... on Runs { results { runId status creationTime } } } }"""

FINISHED = ("SUCCESS", "FAILURE", "CANCELED")


class RunFailed(RuntimeError):
    """A run did not succeed; the message names it and the page that shows why."""


class Orchestrator:
    """The webserver of a running stack."""

    def __init__(self, url: str) -> None:
        """Connect lazily."""
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=60)

    def launch(self, job: str) -> str:
        """Launch a job; returns the run id. Raises RunFailed when Dagster refuses."""
        selector = {
            "pipelineName": job,
            "repositoryName": REPOSITORY,
            "repositoryLocationName": LOCATION,
        }
        answer = self._query(_LAUNCH, selector=selector)["launchRun"]
        if answer["__typename"] != "LaunchRunSuccess":
            raise RunFailed(f"Dagster refused to launch {job}: {answer}")
        return answer["run"]["runId"]

    def follow(self, run_id: str, on_step: Callable[[str, str, float], None]) -> None:
        """Wait for a run and tell each finished step (key, status, seconds). Raises RunFailed when
        it fails.
        """
        told: set[str] = set()
        while True:
            run = self._query(_STATUS, id=run_id)["runOrError"]
            for step in run["stepStats"]:
                if step["endTime"] and step["stepKey"] not in told:
                    told.add(step["stepKey"])
                    on_step(step["stepKey"], step["status"], step["endTime"] - step["startTime"])
            if run["status"] in FINISHED:
                break
            time.sleep(0.5)
        if run["status"] != "SUCCESS":
            raise RunFailed(f"run {run_id} ended in {run['status']}: see {self.url}/runs/{run_id}")

    def runs(self, job: str) -> Iterator[dict[str, Any]]:
        """The latest runs of a job, newest first: runId, status, creationTime."""
        yield from self._query(_RUNS, job=job)["runsOrError"]["results"]

    def _query(self, text: str, **variables: Any) -> dict[str, Any]:
        response = self._http.post("/graphql", json={"query": text, "variables": variables})
        response.raise_for_status()
        answer = response.json()
        if answer.get("errors"):
            raise RunFailed(f"Dagster's API refused the query: {answer['errors']}")
        return answer["data"]
