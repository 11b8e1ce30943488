"""One clock for all of the house."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

import xray_assets
from xray_assets import clock
from xray_assets.serving.hot_path import request_ids

OWN_CLOCK = {
    "clock.py": "it is the clock",
    "lake/upkeep.py": "delta-rs dates commits itself",
    "sensors/asking.py": "Dagster dates runs itself",
    "sensors/arrivals.py": "how long the log was ahead is a duration",
    "training/records/tracking.py": "MLflow dates runs itself",
    "runs/unfinished.py": "Dagster dates runs itself",
    "serving/process/worker_statuses.py": "a sign of life of a process",
    "serving/process/server_log.py": "what a process says of itself",
    "serving/control/operations.py": "the age of a process",
    "stack/members.py": "the age of a process",
    "stack/processes.py": "the age of a process",
    "stack/stack.py": "the age of a process",
    "stack/status.py": "the age of processes and of Dagster's runs",
    "commands/operations/status.py": "the age of processes and of Dagster's runs",
    "web/sign_in/sessions.py": "sessions of people",
}
"""Who asks the machine itself, and why: nothing that is stored of data or judged on it."""

_ASKS = re.compile(r"datetime\.(utc)?now\(|date\.today\(|\btime\.time(_ns)?\b")


def test_whoever_asks_the_machine_itself_has_a_reason():
    package = Path(xray_assets.__file__).parent
    asking = {
        str(file.relative_to(package))
        for file in package.rglob("*.py")
        if _ASKS.search(re.sub(r'"[^"\n]*"', "", file.read_text()))
    }
    assert asking == OWN_CLOCK.keys()


@given(st.datetimes(datetime(2001, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_every_form_of_a_set_clock_is_the_same_moment(moment):
    with clock.set_to(moment):
        assert clock.now() == moment
        assert clock.now_us() * 1000 == clock.now_ns()
        since = datetime(1970, 1, 1, tzinfo=UTC)
        assert since + timedelta(microseconds=clock.now_us()) == moment
        assert abs(clock.now_s() * 1e6 - clock.now_us()) < 100


def test_a_clock_goes_on_by_itself_after_the_block_even_one_that_fails():
    try:
        with clock.set_to(datetime(2001, 1, 1, tzinfo=UTC)):
            raise KeyError
    except KeyError:
        pass
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_request_id_carries_the_day_that_was_set_and_ids_of_one_moment_still_rise(monkeypatch):
    monkeypatch.setattr(request_ids, "_last", 0)  # ids of a process never fall
    moment = datetime(2024, 2, 29, 12, tzinfo=UTC)
    with clock.set_to(moment):
        ids = [request_ids.new_request_id() for _ in range(1000)]
    assert ids == sorted(ids) and len(set(ids)) == len(ids)
    assert {UUID(name).int >> 80 for name in ids} == {int(moment.timestamp() * 1000)}
