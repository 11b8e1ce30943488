"""Starting several processes: order, readiness, what goes wrong, and that nothing stays behind."""

import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.errors import XrayError
from xray_assets.runs.identity import ProcessIdentity
from xray_assets.settings import Settings
from xray_assets.stack import running, supervision
from xray_assets.stack import stack as stack_module
from xray_assets.stack.environment import process_environment
from xray_assets.stack.processes import RunningProcess
from xray_assets.stack.readiness import NotLoadableError, answers, status
from xray_assets.stack.services import DEFAULT_SERVICES, GROUPS, MLFLOW_UI, Service, expand
from xray_assets.stack.stack import Stack, StackError, StackStopped
from xray_assets.stack.state import StateError, prepare_state
from xray_assets.stack.supervision import noticed, pause_seconds
from xray_assets_tests.stack.free_ports import free_ports, settings_of_a_test

SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")
NAMES = ("endpoint", "feedback-api", "code-server")


def service(name: str, command: tuple[str, ...] = SLEEP, **more: Any) -> Service:
    return Service(name, name.title(), command, **{"is_ready": lambda _started: True, **more})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of_a_test(tmp_path)


@pytest.fixture
def made_of(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Callable[..., Stack]:
    """A stack of other services than the real ones."""

    def make(*chosen: Service, told: list[str] | None = None) -> Stack:
        known = {one.name: one for one in chosen}
        monkeypatch.setattr(stack_module, "services", lambda *_, **__: known)
        progress = [].append if told is None else told.append
        return Stack(settings, names=list(known), progress=progress)

    return make


def test_what_was_started_runs_inside_the_block_and_not_after_it(
    made_of: Callable[..., Stack], settings: Settings
) -> None:
    with made_of(*map(service, NAMES)):
        inside = running.running(settings)
    assert set(inside) == set(NAMES)
    assert running.running(settings) == {}
    assert not any(process.is_alive for process in inside.values())


def test_an_error_or_an_interrupt_in_the_block_stops_everything_too(
    made_of: Callable[..., Stack], settings: Settings
) -> None:
    for error in (RuntimeError, KeyboardInterrupt, SystemExit):
        with pytest.raises(error), made_of(service("endpoint")):
            inside = running.running(settings)
            raise error
        assert not inside["endpoint"].is_alive


def test_a_service_starts_only_after_those_it_needs(made_of: Callable[..., Stack]) -> None:
    order, asked = [], iter([False, False, True])
    first = service("code-server", is_ready=lambda _started: next(asked))
    second = service("endpoint", after=("code-server",))
    with made_of(second, first, told=order):
        pass
    assert order == [
        "starting Code-Server",
        "Code-Server is ready",
        "starting Endpoint",
        "Endpoint is ready",
    ]


def test_a_process_that_dies_is_named_with_its_last_words(
    made_of: Callable[..., Stack], settings: Settings
) -> None:
    dying = (sys.executable, "-c", "import sys; print('the disk is full'); sys.exit(3)")
    stack = made_of(
        service("feedback-api"), service("endpoint", dying, is_ready=lambda _started: False)
    )
    with pytest.raises(StackError, match=r"(?s)endpoint ended with code 3.*the disk is full"):
        stack.start()
    assert running.running(settings) == {}


def killed(process: RunningProcess) -> None:
    os.kill(process.pid, signal.SIGKILL)
    while process.is_alive:
        time.sleep(0.01)


def looked_after_until(stack: Stack, done: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        stack._members.look_after()
        time.sleep(0.02)


def test_a_service_that_dies_later_is_started_again_and_its_restart_is_counted(
    made_of: Callable[..., Stack], settings: Settings
) -> None:
    told: list[str] = []
    with made_of(service("endpoint"), service("feedback-api"), told=told) as stack:
        before = running.running(settings)
        killed(before["endpoint"])
        looked_after_until(stack, lambda: len(running.running(settings)) == 2)
        after = running.running(settings)
    assert after["feedback-api"] == before["feedback-api"]
    assert (after["endpoint"].restarts, after["endpoint"].crashes) == (1, 1)
    assert "endpoint ended with code -9: it starts again in 1 s" in told[-1]


def test_a_service_that_keeps_dying_is_called_a_loop_and_waits_longer_each_time(
    made_of: Callable[..., Stack], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "LONGEST_PAUSE_SECONDS", 0.01)
    told: list[str] = []
    with made_of(service("endpoint"), told=told) as stack:
        for crash in range(1, 4):
            killed(running.running(settings)["endpoint"])
            looked_after_until(
                stack, lambda crash=crash: stack._members.running["endpoint"].restarts == crash
            )
    assert "in a loop" in told[-1]
    assert "in a loop" not in told[-2]


@given(crashes=st.integers(1, 100))
def test_the_pause_doubles_from_one_second_to_thirty(crashes: int) -> None:
    pause = pause_seconds(crashes)
    assert pause == min(2 ** (crashes - 1), 30)


def test_a_service_that_ran_steadily_begins_to_count_anew() -> None:
    process = RunningProcess("endpoint", 1, "1", "log", started=0.0, crashes=4)
    assert noticed(process, now=59.0).crashes == 5
    assert noticed(process, now=60.0).crashes == 1


def test_what_runs_without_a_supervisor_is_taken_over_and_what_was_started_otherwise_is_replaced(
    made_of: Callable[..., Stack], settings: Settings
) -> None:
    left = made_of(service("endpoint"), service("feedback-api"))
    left.start()
    left.leave_running()
    before = running.running(settings)
    other = service("feedback-api", (*SLEEP, "another argument"))
    with made_of(service("endpoint"), other):
        after = running.running(settings)
    assert after["endpoint"].pid == before["endpoint"].pid
    assert after["feedback-api"].pid != before["feedback-api"].pid
    assert not any(process.is_alive for process in (*before.values(), *after.values()))


def test_what_a_dead_service_left_of_its_group_ends_before_it_starts_again(
    made_of: Callable[..., Stack], settings: Settings
) -> None:
    child = "import time; print('up', flush=True); time.sleep(600)"
    family = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', "
        f"{child!r}]); print(child.pid, flush=True); child.wait()"
    )
    with made_of(service("endpoint", (sys.executable, "-c", family))) as stack:
        parent = running.running(settings)["endpoint"]
        while len(parent.last_lines().splitlines()) < 2:
            time.sleep(0.02)
        worker = ProcessIdentity.of(min(int(w) for w in parent.last_lines().split() if w.isdigit()))
        killed(parent)
        assert worker.is_alive
        looked_after_until(stack, lambda: stack._members.running["endpoint"].restarts)
        assert not worker.is_alive


def test_a_stop_elsewhere_is_no_failure_even_while_one_process_is_slow_to_end(
    made_of: Callable[..., Stack], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "GRACE_SECONDS", 2.5)
    monkeypatch.setattr(stack_module, "WATCH_SECONDS", 0.1)
    mark = settings.state / "deaf"
    deaf = (
        "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"pathlib.Path({str(mark)!r}).touch(); time.sleep(600)"
    )
    told: list[str] = []
    endpoint = service("endpoint", (sys.executable, "-c", deaf))
    with made_of(service("feedback-api"), endpoint, told=told) as stack:
        while not mark.exists():
            time.sleep(0.02)
        elsewhere = threading.Thread(
            target=running.stop, args=(settings, dict(stack._members.running))
        )
        elsewhere.start()
        stack.wait()
        elsewhere.join()
    assert told[-1].startswith("`xray down` in another shell stopped ")


def test_a_stack_that_is_stopped_while_it_starts_is_an_error_that_says_so(
    made_of: Callable[..., Stack], settings: Settings
) -> None:
    def stopped_elsewhere(_started: float) -> bool:
        running.stop(settings, running.running(settings))
        return False

    with pytest.raises(StackStopped, match="`xray down` in another shell stopped endpoint"):
        made_of(service("endpoint", is_ready=stopped_elsewhere)).start()


def test_a_process_that_is_never_ready_is_an_error_not_a_wait_for_ever(
    made_of: Callable[..., Stack], settings: Settings
) -> None:
    slow = service("endpoint", is_ready=lambda _started: False, ready_seconds=0.3)
    with pytest.raises(StackError, match="not ready within"):
        made_of(slow).start()
    assert running.running(settings) == {}


def test_an_interrupt_while_starting_leaves_nothing_behind(
    made_of: Callable[..., Stack], settings: Settings
) -> None:
    def interrupted(_started: float) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_of(service("feedback-api"), service("endpoint", is_ready=interrupted)).start()
    assert running.running(settings) == {}


def test_definitions_that_do_not_load_are_an_error_in_dagster_s_words(
    made_of: Callable[..., Stack],
) -> None:
    def broken(_started: float) -> bool:
        raise NotLoadableError("Dagster cannot load xray_assets: No module named 'x'")

    with pytest.raises(StackError, match="No module named 'x'"):
        made_of(service("webserver", is_ready=broken)).start()


def test_a_taken_port_is_refused_before_anything_starts_and_names_the_setting(
    tmp_path: Path,
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = settings_of_a_test(tmp_path).model_copy(update={"endpoint_port": port})
        with pytest.raises(StackError, match=f"port {port} .*XRAY_ENDPOINT_PORT"):
            Stack(settings, names=["feedback-api", "endpoint"]).start()
    assert not (settings.state / "logs" / "feedback-api.log").exists()


def test_a_second_start_from_the_same_state_is_refused(made_of: Callable[..., Stack]) -> None:
    with (
        made_of(service("endpoint")),
        pytest.raises(StackError, match=r"already running.*xray down"),
    ):
        made_of(service("endpoint")).start()


def test_a_stack_left_running_is_found_and_stopped_by_its_records(
    made_of: Callable[..., Stack], settings: Settings
) -> None:
    stack = made_of(service("endpoint"))
    stack.start()
    stack.leave_running()
    stack.stop()
    alive = running.running(settings)
    assert alive["endpoint"].is_alive
    running.stop(settings, alive)
    assert not alive["endpoint"].is_alive
    assert not (running.run_folder(settings) / "sockets").is_symlink()


def test_every_stack_in_a_folder_is_found_so_that_nothing_is_deleted_under_it(
    made_of: Callable[..., Stack], settings: Settings
) -> None:
    with made_of(service("endpoint")):
        for folder in (settings.state, settings.state.parent):
            (found,) = running.below(settings, folder)
            assert running.running(found)["endpoint"].is_alive
    assert running.below(settings, settings.state.parent) == []


def test_services_have_groups_and_unknown_names_are_listed() -> None:
    assert expand(["daemon", "dagster"]) == GROUPS["dagster"]
    assert expand([MLFLOW_UI, *DEFAULT_SERVICES]) == (*DEFAULT_SERVICES, MLFLOW_UI)
    with pytest.raises(XrayError, match=r"no service dagit: choose from .*webserver"):
        expand(["dagit"])


def test_a_state_folder_that_cannot_be_made_is_an_error_that_names_the_setting(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="XRAY_STATE"):
        prepare_state(Settings(state=tmp_path / "file" / "state"))


def test_an_unhealthy_answer_is_an_answer() -> None:
    class Unwell(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(503)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Unwell) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/health"
        assert (answers(url), status(url)) == (True, 503)
        server.shutdown()
    assert not answers(f"http://127.0.0.1:{free_ports(1)[0]}/health")


@contextmanager
def ended(up: subprocess.Popen[Any], settings: Settings) -> Iterator[None]:
    """A test that fails inside leaves no process, and does not wait for one."""
    try:
        yield
    finally:
        up.kill()
        running.stop(settings, running.running(settings))
        up.communicate()


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, "xray down"])
def test_xray_up_serves_until_it_is_told_to_stop_and_leaves_nothing(
    tmp_path: Path, end: signal.Signals | str
) -> None:
    settings = settings_of_a_test(tmp_path)
    environment = os.environ | {
        "XRAY_STATE": str(settings.state),
        "XRAY_ENDPOINT_PORT": str(settings.endpoint_port),
    }
    xray = [sys.executable, "-c", "from xray_assets.cli import main; main()"]
    # a shell's background job ignores SIGINT, and so would its children
    signal.signal(signal.SIGINT, signal.default_int_handler)
    up = subprocess.Popen(
        [*xray, "up", "endpoint"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with ended(up, settings):
        assert up.stdout is not None
        assert up.stderr is not None
        for line in up.stdout:
            if "Ctrl-C" in line:
                break
        alive = running.running(settings)
        assert status(f"{settings.endpoint_url}/health") == 503
        if isinstance(end, signal.Signals):
            up.send_signal(end)
        else:
            subprocess.run([*xray, "down"], env=environment, check=True, timeout=60)
        assert up.wait(timeout=60) == (130 if end is signal.SIGINT else 0)
        assert up.stderr.read() == ""
        said = "`xray down` in another shell stopped endpoint" in up.stdout.read()
        assert said == (end == "xray down")
    assert not alive["endpoint"].is_alive
    deadline = time.monotonic() + 60
    while status(f"{settings.endpoint_url}/health") is not None:
        assert time.monotonic() < deadline


def test_a_detached_stack_has_a_supervisor_that_starts_again_what_dies_until_xray_down(
    tmp_path: Path,
) -> None:
    settings = settings_of_a_test(tmp_path)
    xray = [sys.executable, "-c", "from xray_assets.cli import main; main()"]
    environment = process_environment(settings)
    try:
        subprocess.run([*xray, "up", "endpoint", "--detach"], env=environment, check=True)
        before = running.running(settings)["endpoint"]
        supervisor = ProcessIdentity.parse(before.supervisor)
        assert supervisor.is_alive
        os.kill(before.pid, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while (now := running.running(settings).get("endpoint")) is None or now.restarts == 0:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        subprocess.run([*xray, "down"], env=environment, check=True)
        while supervisor.is_alive:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert running.recorded(settings) == {}
    finally:
        running.stop(settings, running.recorded(settings))


def test_xray_up_that_is_ended_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    settings = settings_of_a_test(tmp_path)
    environment = os.environ | {
        "XRAY_STATE": str(settings.state),
        "XRAY_DAGSTER_PORT": str(settings.dagster_port),
    }
    xray = [sys.executable, "-c", "from xray_assets.cli import main; main()", "up", "dagster"]
    up = subprocess.Popen(xray, env=environment, stdout=subprocess.DEVNULL)
    with ended(up, settings):
        deadline = time.monotonic() + 60
        while not (started := running.running(settings)):
            assert time.monotonic() < deadline and up.poll() is None
            time.sleep(0.02)
        up.send_signal(signal.SIGTERM)
        assert up.wait(timeout=60) == 130
    assert not any(process.is_alive for process in started.values())
    assert not running.running(settings)
