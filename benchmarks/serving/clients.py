"""Clients that send without pause and remember exactly what was acknowledged."""

import http.client
import itertools
import json
import threading
from pathlib import Path

from material import ENDPOINT, Process


class Clients:
    """`count` threads, each with a connection of its own; a body each from a file of bodies."""

    def __init__(self, server: Process, bodies: Path, count: int = 8) -> None:
        self.acknowledged: dict[str, float] = {}
        self.refused: list[int] = []
        self.broken = 0
        """Requests whose connection ended without an answer."""
        self._server = server
        self._bodies = [line.encode() for line in bodies.read_text().splitlines()]
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(count)]

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        host = self._server.url.removeprefix("http://")
        path = f"/serving-endpoints/{ENDPOINT}/invocations"
        headers = {
            "Authorization": f"Bearer {self._server.client_token}",
            "Content-Type": "application/json",
        }
        connection = http.client.HTTPConnection(host, timeout=30)
        for turn in itertools.count(number * 97):
            if self._stop.is_set():
                break
            try:
                connection.request("POST", path, self._bodies[turn % len(self._bodies)], headers)
                answer = connection.getresponse()
                content = answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                if self._server.popen.poll() is not None:
                    break
                self.broken += 1
                continue
            if answer.status == 200:
                request_id = answer.headers["databricks-request-id"]
                self.acknowledged[request_id] = json.loads(content)["predictions"][0]
            else:
                self.refused.append(answer.status)
        connection.close()
