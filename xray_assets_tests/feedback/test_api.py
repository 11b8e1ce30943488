"""The feedback API as its clients meet it: a real process, real HTTP."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from xray_assets.feedback.inbox_rows import InboxRows
from xray_assets.web.account_changes import add_account
from xray_assets_tests.feedback.scenery import endpoint_log, request_id, settings

NOW = datetime.now(UTC)
POSITIVE, NEGATIVE, UNKNOWN = (request_id(NOW) for _ in range(3))
SECRET = "sentinel-of-a-patient"


class Api:
    """A running feedback API."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.log = state / "api.log"
        environment = os.environ | {
            "XRAY_STATE": str(state),
            "XRAY_FEEDBACK_PORT": "0",
            "XRAY_TOKEN": "operator",
            "XRAY_CLIENT_TOKENS": "client",
        }
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "xray_assets.feedback_api"],
                env=environment,
                stderr=log,
                stdout=log,
            )
        self.client = httpx.Client(base_url=self._address(), timeout=60)

    def _address(self) -> str:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            found = re.findall(r"feedback API on (http://\S+)", self.log.read_text())
            if found and "startup complete" in self.log.read_text():
                return found[-1]
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = "client"
    ) -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return self.client.request(method, path, json=body, headers=headers)

    def post(self, request: str, token: str = "client", **body: Any) -> httpx.Response:
        return self.call("POST", f"/feedback/{request}", body, token=token)

    def rows(self) -> list[tuple[int, str, str, int]]:
        return InboxRows(settings(self.state).feedback_inbox).read_after(0, 100_000)


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    state = tmp_path_factory.mktemp("state")
    endpoint_log(state, [(POSITIVE, 1, NOW), (NEGATIVE, 0, NOW)])
    return {
        "state": str(state),
        "DR001": add_account(settings(state), "DR001", "reader"),
        "judge": add_account(settings(state), "judge", "adjudicator"),
    }


@pytest.fixture(scope="module")
def api(tokens: dict[str, str]) -> Iterator[Api]:
    running = Api(Path(tokens["state"]))
    yield running
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(60) in (0, -signal.SIGTERM)


def error(response: httpx.Response, status: int, code: str) -> str:
    assert response.status_code == status, response.text
    assert (
        response.json().keys() == {"error_code", "message"}
        and response.json()["error_code"] == code
    )
    return response.json()["message"]


def test_a_read_is_stored_and_its_type_derived(api: Api):
    answer = api.post(NEGATIVE, radiologist_id="DR009", read="pneumonia", blinded=True)
    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["feedback_type"]) == (
        "accepted",
        "false-negative",
    )
    assert api.rows()[-1][1] == answer.json()["feedback_id"]
    assert '"feedback_source":"api"' in api.rows()[-1][2]


def test_an_unknown_request_is_stored_as_pending(api: Api):
    assert api.post(UNKNOWN, radiologist_id="a", read="normal").json()["status"] == "pending"


def test_the_same_feedback_twice_is_one_row_and_one_answer(api: Api):
    body = {"radiologist_id": "a", "feedback_type": "true-positive", "feedback_id": "once"}
    first, before = api.post(POSITIVE, **body), len(api.rows())
    assert api.post(POSITIVE, **body).json() == first.json()
    assert len(api.rows()) == before
    assert "new feedback_id" in error(
        api.post(POSITIVE, **body, notes="x"), 409, "RESOURCE_CONFLICT"
    )


def test_a_contradiction_is_a_409_and_stores_nothing(api: Api):
    before = len(api.rows())
    message = error(
        api.post(NEGATIVE, radiologist_id="a", feedback_type="true-positive"),
        409,
        "CONTRADICTORY_FEEDBACK",
    )
    assert "contradicts the log" in message
    assert len(api.rows()) == before


def test_without_a_known_token_nothing_is_answered(api: Api):
    for token in (None, "wrong"):
        answer = api.call(
            "POST", f"/feedback/{POSITIVE}", {"radiologist_id": "a", "read": "normal"}, token=token
        )
        error(answer, 401, "UNAUTHENTICATED")
        error(api.call("GET", f"/predictions/{POSITIVE}", token=token), 401, "UNAUTHENTICATED")
        error(api.call("GET", "/stats", token=token), 401, "UNAUTHENTICATED")


def test_a_reader_is_who_the_token_says(api: Api, tokens: dict[str, str]):
    answer = api.post(POSITIVE, token=tokens["DR001"], read="normal")
    assert answer.status_code == 200 and '"radiologist_id":"dr001"' in api.rows()[-1][2]
    error(
        api.post(POSITIVE, token=tokens["DR001"], read="normal", radiologist_id="x"),
        403,
        "PERMISSION_DENIED",
    )


def test_an_adjudicator_is_made_by_the_token_and_never_by_the_body(
    api: Api, tokens: dict[str, str]
):
    assert api.post(POSITIVE, token=tokens["judge"], read="normal").status_code == 200
    assert '"reader_role":"adjudicator"' in api.rows()[-1][2]
    for token in ("client", "operator", tokens["DR001"]):
        answer = api.post(
            POSITIVE, token=token, read="normal", radiologist_id="DR001", reader_role="adjudicator"
        )
        assert "comes from the token" in error(answer, 403, "PERMISSION_DENIED")


def test_readers_stay_blind(api: Api, tokens: dict[str, str]):
    for path in (f"/predictions/{POSITIVE}", "/stats"):
        error(api.call("GET", path, token=tokens["judge"]), 403, "PERMISSION_DENIED")
    for request in (POSITIVE, NEGATIVE):
        told = api.post(request, token=tokens["DR001"], read="normal").json()
        assert told["feedback_type"] is None and told["status"] == "accepted"
        claim = api.post(request, token=tokens["DR001"], feedback_type="true-positive")
        assert "send read" in error(claim, 400, "INVALID_PARAMETER_VALUE")
        late = api.post(request, token=tokens["DR001"], read="normal", shown_at="2026-01-01")
        assert "leave it out" in error(late, 400, "INVALID_PARAMETER_VALUE")


def test_a_batch_is_stored_whole_or_not_at_all(api: Api):
    good = {"request_id": POSITIVE, "radiologist_id": "a", "read": "normal"}
    before = len(api.rows())
    bad = api.call("POST", "/feedback", {"feedback": [good, good | {"read": "perhaps"}]})
    assert "row 1" in error(bad, 400, "INVALID_PARAMETER_VALUE")
    assert len(api.rows()) == before
    answer = api.call(
        "POST", "/feedback", {"feedback": [good | {"feedback_id": f"b{n}"} for n in range(500)]}
    )
    assert [one["feedback_id"] for one in answer.json()["receipts"]] == [
        f"b{n}" for n in range(500)
    ]
    assert len(api.rows()) == before + 500


def test_prediction_info_and_stats_are_for_programs(api: Api):
    info = api.call("GET", f"/predictions/{POSITIVE}").json()
    assert (info["predicted_label"], info["request_id"]) == (1, POSITIVE)
    error(api.call("GET", f"/predictions/{UNKNOWN}"), 404, "RESOURCE_DOES_NOT_EXIST")
    stats = api.call("GET", "/stats?days=3").json()
    assert stats["received"] == len(api.rows()) and stats["days"] == 3
    error(api.call("GET", "/stats?days=0"), 400, "INVALID_PARAMETER_VALUE")
    error(api.call("GET", "/stats?days=x"), 400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        {"read": "normal"},
        {"read": 1, "radiologist_id": "a"},
        {"read": "normal", "radiologist_id": "a", "blinded": "yes"},
        {"read": "normal", "radiologist_id": "a", "label": 1},
        {"read": "normal", "radiologist_id": "a", "notes": "x" * 5000},
    ],
)
def test_a_bad_body_is_a_400_that_says_why(api: Api, body: Any):
    assert error(api.call("POST", f"/feedback/{POSITIVE}", body), 400, "INVALID_PARAMETER_VALUE")


def test_a_body_over_the_limit_and_no_json_are_refused(api: Api):
    headers = {"Authorization": "Bearer client", "Content-Type": "application/json"}
    huge = b'{"notes": "' + b"x" * (16 * 1024 * 1024) + b'"}'
    try:
        answer = api.client.post(f"/feedback/{POSITIVE}", content=huge, headers=headers)
        error(answer, 413, "MAX_REQUEST_SIZE_EXCEEDED")
    except httpx.WriteError:
        pass  # the server closed while the client still sent
    answer = api.client.post(f"/feedback/{POSITIVE}", content=b"{nope", headers=headers)
    error(answer, 400, "INVALID_PARAMETER_VALUE")


def test_unknown_routes_and_methods_answer_in_the_same_form(api: Api):
    error(api.call("GET", "/nothing"), 404, "RESOURCE_DOES_NOT_EXIST")
    error(api.call("GET", f"/feedback/{POSITIVE}"), 405, "METHOD_NOT_ALLOWED")


def test_the_first_page_says_what_is_here_and_the_documentation_loads_nothing(api: Api):
    contents = api.call("GET", "/", token=None).json()
    page = api.call("GET", contents["documentation"], token=None)
    document = api.call("GET", contents["openapi"], token=None).json()
    assert all(path in page.text for path in document["paths"])
    assert "http" not in page.text and "<script" not in page.text
    (body,) = document["paths"]["/feedback/{request_id}"]["post"]["requestBody"]["content"].values()
    assert "feedback_id" in body["schema"]["properties"]


@pytest.mark.parametrize("name", ["abc", "1", "null", "019a0000-0000-7000-8000"])
def test_what_can_be_no_request_is_refused(api: Api, name: str):
    before = len(api.rows())
    error(api.post(name, radiologist_id="a", read="normal"), 400, "INVALID_PARAMETER_VALUE")
    assert len(api.rows()) == before


def test_a_programs_token_speaks_for_no_reader_who_has_an_account(api: Api):
    before = len(api.rows())
    for name in ("judge", " JUDGE", "DR001"):
        for token in ("client", "operator"):
            answer = api.post(POSITIVE, token=token, radiologist_id=name, read="normal")
            assert "own token" in error(answer, 403, "PERMISSION_DENIED")
    row = {"request_id": POSITIVE, "radiologist_id": "Judge", "read": "normal"}
    error(api.call("POST", "/feedback", {"feedback": [row]}), 403, "PERMISSION_DENIED")
    assert len(api.rows()) == before


def test_health_needs_no_token(api: Api):
    answer = api.call("GET", "/health", token=None)
    assert answer.status_code == 200 and answer.json()["inbox_position"] == len(api.rows())


def test_nothing_that_was_sent_reaches_the_log_or_an_error(api: Api):
    answers = [
        api.post(POSITIVE, radiologist_id=SECRET, read=SECRET, notes=SECRET),
        api.post(POSITIVE, radiologist_id="a", read="normal", notes=SECRET, unknown=SECRET),
        api.post(POSITIVE, radiologist_id=SECRET, read="normal", notes=SECRET),
    ]
    assert SECRET not in answers[0].text + answers[1].text
    assert SECRET not in api.log.read_text()


def test_an_acknowledged_feedback_survives_kill_9_of_the_api(tmp_path: Path):
    endpoint_log(tmp_path, [(POSITIVE, 1, NOW)])
    first = Api(tmp_path)
    receipts = [
        first.post(POSITIVE, radiologist_id=f"r{n}", read="normal").json() for n in range(5)
    ]
    first.process.kill()
    first.process.wait()
    assert [row[1] for row in first.rows()] == [receipt["feedback_id"] for receipt in receipts]
    again = Api(tmp_path)
    body = {"radiologist_id": "r4", "read": "normal", "feedback_id": receipts[4]["feedback_id"]}
    assert again.post(POSITIVE, **body).json() == receipts[4]
    again.process.terminate()
    again.process.wait()


def test_a_taken_port_gives_a_clear_error(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = os.environ | {
            "XRAY_STATE": str(tmp_path),
            "XRAY_FEEDBACK_PORT": str(port),
            "XRAY_TOKEN": "t",
        }
        ended = subprocess.run(
            [sys.executable, "-m", "xray_assets.feedback_api"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert (
        ended.returncode == 1
        and "XRAY_FEEDBACK_PORT" in ended.stderr
        and "Traceback" not in ended.stderr
    )
