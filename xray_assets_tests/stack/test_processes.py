"""Processes are found again, told from others, and ended with all their descendants."""

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from xray_assets.stack import processes
from xray_assets.stack.processes import RunningProcess, start_process

STUBBORN_FAMILY = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import signal, time; "
    "signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"],
    stdout=subprocess.PIPE)
grandchild.stdout.readline()
print(grandchild.pid, flush=True)
time.sleep(600)
"""


def start(folder: Path, code: str, name: str = "service") -> RunningProcess:
    log = folder / f"{name}.log"
    command = [sys.executable, "-c", code]
    return start_process(name, command, environment=os.environ, log=log)[0]


def wait_for_output(process: RunningProcess) -> str:
    deadline = time.monotonic() + 120
    while not (lines := process.last_lines()):
        assert time.monotonic() < deadline, "the process printed nothing"
        time.sleep(0.02)
    return lines


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_stopping_ends_the_whole_family_even_one_that_ignores_sigterm(tmp_path: Path) -> None:
    process = start(tmp_path, STUBBORN_FAMILY)
    grandchild = int(wait_for_output(process))
    assert process.is_alive
    assert lives(grandchild)
    processes.stop_processes([process], grace_seconds=0.3)
    assert not process.is_alive
    assert not lives(grandchild)


def test_stopping_what_is_gone_already_is_no_error(tmp_path: Path) -> None:
    process = start(tmp_path, "print('bye')")
    wait_for_output(process)
    processes.stop_processes([process], grace_seconds=5)
    processes.stop_processes([process], grace_seconds=5)


def test_a_running_process_is_remembered_and_a_dead_one_is_not(tmp_path: Path) -> None:
    alive = start(tmp_path, "import time; time.sleep(600)", "alive")
    dead = start(tmp_path, "pass", "dead")
    try:
        for one in (alive, dead):
            processes.remember(one, tmp_path)
        processes.stop_processes([dead], grace_seconds=5)
        assert processes.remembered(tmp_path) == {"alive": alive}
        processes.forget(alive, tmp_path)
        assert processes.remembered(tmp_path) == {}
    finally:
        processes.stop_processes([alive], grace_seconds=5)


def test_a_later_process_with_the_same_id_is_not_taken_for_ours(tmp_path: Path) -> None:
    ours = start(tmp_path, "import time; time.sleep(600)")
    try:
        processes.remember(ours, tmp_path)
        record = tmp_path / "service.json"
        earlier = json.loads(record.read_text()) | {"birth": "1"}
        record.write_text(json.dumps(earlier))
        assert processes.remembered(tmp_path) == {}
    finally:
        processes.stop_processes([ours], grace_seconds=5)


def test_only_an_end_that_somebody_asked_for_was_wanted(tmp_path: Path) -> None:
    process = start(tmp_path, "import time; time.sleep(600)")
    try:
        processes.remember(process, tmp_path)
        assert not processes.end_was_wanted(process, tmp_path)
        processes.mark_stopping(process, tmp_path)
        assert processes.end_was_wanted(process, tmp_path)
        assert set(processes.remembered(tmp_path)) == {"service"}
        processes.forget(process, tmp_path)
        assert processes.end_was_wanted(process, tmp_path)
    finally:
        processes.stop_processes([process], grace_seconds=5)


def test_the_record_of_a_later_process_is_neither_marked_nor_removed(tmp_path: Path) -> None:
    later = start(tmp_path, "import time; time.sleep(600)")
    earlier = replace(later, birth="1")
    try:
        processes.remember(later, tmp_path)
        processes.mark_stopping(earlier, tmp_path)
        processes.forget(earlier, tmp_path)
        assert processes.remembered(tmp_path) == {"service": later}
        assert processes.end_was_wanted(earlier, tmp_path)
    finally:
        processes.stop_processes([later], grace_seconds=5)


@pytest.mark.parametrize("record", ["", "{", "[]", '{"name": "x"}'])
def test_half_a_record_is_ignored(tmp_path: Path, record: str) -> None:
    (tmp_path / "service.json").write_text(record)
    assert processes.remembered(tmp_path) == {}


def test_the_log_of_the_last_start_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    for word in ("first", "second"):
        process = start(tmp_path, f"print('{word}')")
        wait_for_output(process)
        processes.stop_processes([process], grace_seconds=5)
    assert (tmp_path / "service.log").read_text() == "second\n"
    assert (tmp_path / "service.log.1").read_text() == "first\n"
