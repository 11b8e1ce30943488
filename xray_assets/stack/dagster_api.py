"""The running Dagster's GraphQL API: questions, and launching a job as a person would."""

import json
import urllib.request
from collections.abc import Mapping
from typing import Any

from xray_assets.errors import XrayError

_LAUNCH = """
mutation($selector: JobOrPipelineSelector!, $config: RunConfigData) {
  launchRun(executionParams: {selector: $selector, runConfigData: $config}) {
    __typename
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
  }
}"""


class DagsterRefused(XrayError):
    """Dagster answered and did not do what was asked; the message holds its words."""


def query(url: str, text: str, *, timeout_seconds: float = 60.0, **variables: Any) -> Any:
    """The `data` of a GraphQL answer. Raises DagsterRefused for a query it does not accept, OSError
    or ValueError when nothing or something else answers.
    """
    request = urllib.request.Request(  # noqa: S310 - our own webserver
        f"{url}/graphql",
        json.dumps({"query": text, "variables": variables}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=timeout_seconds) as response:  # noqa: S310
        answer = json.load(response)
    if answer.get("errors"):
        raise DagsterRefused(f"Dagster's API refused the query: {answer['errors']}")
    return answer["data"]


def launch(url: str, job: str, config: Mapping[str, Any] | None = None) -> str:
    """Launch a job with a run config; returns the run's id. Raises DagsterRefused, else as
    `query`.
    """
    from xray_assets.definitions import LOCATION, REPOSITORY

    selector = {"jobName": job, "repositoryName": REPOSITORY, "repositoryLocationName": LOCATION}
    launched = query(url, _LAUNCH, selector=selector, config=config or {})["launchRun"]
    if launched["__typename"] != "LaunchRunSuccess":
        raise DagsterRefused(f"Dagster refused to launch {job}: {launched}")
    return launched["run"]["runId"]
