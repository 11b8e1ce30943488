"""The server's own log: one JSON object a line on stderr, built from allow-listed fields only.

Nothing that a client sent is ever written: no image, name, id, tag, key or body. Requests are rows
of the inference log, not lines here.
"""

import json
import logging
import sys
import time
from typing import IO

ALLOWED = frozenset(
    {
        "endpoint",
        "config_version",
        "served",
        "reason",
        "status",
        "seconds",
        "host",
        "port",
        "pid",
        "workers",
        "worker",
        "folder",
        "problem",
        "error_type",
        "rows",
        "images",
    }
)


class HttpServerEvents(logging.Handler):
    """Sends what the HTTP server logs to it: the fixed part of each message."""

    def __init__(self, server_log: "ServerLog") -> None:
        super().__init__(logging.WARNING)
        self._server_log = server_log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one event; the exception's type, but neither its text nor its traceback."""
        error = record.exc_info[0] if record.exc_info else None
        self._server_log.event(
            "http_server",
            problem=str(record.msg).strip(),
            error_type=error.__name__ if error is not None else None,
        )


class ServerLog:
    """Writes events. A field that is not on the list is a programming error."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        """Write to `stream`, by default stderr."""
        self._stream = stream or sys.stderr

    def event(self, event: str, **fields: str | int | float | None) -> None:
        """Write one line; raises ValueError for a field outside ALLOWED."""
        if strange := fields.keys() - ALLOWED:
            raise ValueError(f"fields {sorted(strange)} are not on the allow-list")
        line = {"time": round(time.time(), 3), "event": event, **fields}
        try:
            self._stream.write(json.dumps(line) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            pass  # a full disk or closed pipe behind stderr must not stop serving
