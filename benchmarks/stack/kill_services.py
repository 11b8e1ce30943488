"""Each service is killed again and again while clients ask the endpoint without a pause.

    python -m benchmarks.stack.kill_services [--times 10]

Prints how many requests to the endpoint failed while others died (there must be none), and how long
each service took to come back.
"""

import argparse
import os
import signal
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.stack.loop import Loop, wait_until
from xray_assets.stack.services import ENDPOINT, services
from xray_assets.stack.state import WORKSPACE

CONNECTIONS = 2


class Load:
    """Clients that send without a pause, and count what failed."""

    def __init__(self, loop: Loop) -> None:
        self.sent = self.failed = 0
        self._loop, self._done = loop, threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(CONNECTIONS)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._done.is_set():
            self.sent += 1
            try:
                self._loop.send(1)
            except Exception:
                self.failed += 1


def seconds_to_return(loop: Loop, name: str) -> float:
    """Kill one service's main process; seconds until its next one is ready."""
    known = services(loop.settings, workspace=WORKSPACE)[name]
    before = loop.processes()[name]
    began = time.time()
    os.kill(before.pid, signal.SIGKILL)

    def is_back() -> bool:
        now = loop.processes().get(name)
        return now is not None and now.pid != before.pid and known.is_ready(now.started)

    wait_until(is_back, name)
    return time.time() - began


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=10)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as folder:
        loop = Loop(Path(folder))
        loop.begin_anew()
        loop.xray("up", "--detach")
        try:
            loop.xray("materialize", "deploy")
            print(f"{'service':<14}{'killed':>8}{'median s':>10}{'longest s':>11}{'failed':>14}")
            for name in sorted(loop.processes(), key=lambda name: name == ENDPOINT):
                with Load(loop) as load:
                    took = sorted(seconds_to_return(loop, name) for _ in range(times))
                failed = f"{load.failed} of {load.sent}"
                median = took[len(took) // 2]
                print(f"{name:<14}{times:>8}{median:>10.1f}{took[-1]:>11.1f}{failed:>14}")
        finally:
            loop.xray("down")


if __name__ == "__main__":
    main()
