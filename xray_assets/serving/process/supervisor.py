"""Several workers behind one listening socket: start them, restart one that dies, stop them all
gracefully.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from types import FrameType

from xray_assets.serving.process.server_log import ServerLog
from xray_assets.settings import Settings

_POLL_SECONDS = 0.1
_STOP_SECONDS = 40.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0


def supervise(
    listener: socket.socket, *, workers: int, settings: Settings, server_log: ServerLog
) -> None:
    """Keep `workers` workers alive until SIGTERM or SIGINT; connections wait in the socket's queue
    while one restarts.
    """
    stopping = False

    def stop(sig: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    lifeline, held = os.pipe()  # nobody writes; its end tells workers that this process is gone
    slots = [_Slot(index, (listener.fileno(), lifeline), settings) for index in range(workers)]
    try:
        while not stopping:
            for slot in slots:
                slot.keep_alive(server_log)
            time.sleep(_POLL_SECONDS)
    finally:
        for slot in slots:
            slot.ask_to_stop()
        listener.close()  # the last worker to close it answers what is still in its queue
        deadline = time.monotonic() + _STOP_SECONDS
        for slot in slots:
            slot.wait(max(0.0, deadline - time.monotonic()))
        os.close(lifeline)
        os.close(held)
        for number, handler in before.items():
            signal.signal(number, handler)


class _Slot:
    """One worker and its successors. A worker that dies at once is restarted ever more slowly."""

    def __init__(self, index: int, descriptors: tuple[int, int], settings: Settings) -> None:
        self._index = index
        self._descriptors = descriptors
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._pause = _FIRST_PAUSE
        self._started = self._not_before = 0.0

    def keep_alive(self, server_log: ServerLog) -> None:
        now = time.monotonic()
        if self._process is not None and self._process.poll() is not None:
            server_log.event("worker_died", worker=self._index, status=self._process.returncode)
            self._pause = (
                _FIRST_PAUSE if now - self._started > 10 else min(self._pause * 2, _LONGEST_PAUSE)
            )
            self._not_before = now + self._pause
            self._process = None
        if self._process is None and now >= self._not_before:
            self._started = now
            command = [
                sys.executable,
                "-m",
                "xray_assets.serving",
                "--worker",
                *map(str, self._descriptors),
            ]
            environment = {**os.environ, "XRAY_SERVING_SETTINGS": self._settings.model_dump_json()}
            self._process = subprocess.Popen(command, pass_fds=self._descriptors, env=environment)

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self, seconds: float) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
