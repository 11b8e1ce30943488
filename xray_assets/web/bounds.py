"""What a request, a connection and a server may cost: for every server of the project, here.

`http_protocol` holds a connection's bounds, `http_answers.read_body` and `gate` a request's. What
decoding a film costs is the endpoint's own (`serving/hot_path`).
"""

import time
from dataclasses import dataclass

from xray_assets.settings import Settings
from xray_assets.web.refusals import TooManyRequests

HEAD_BYTES = 128 * 1024
HEAD_SECONDS = 30.0
"""Of a connection's start, or the first byte of a request, to the end of its head."""
BODY_SECONDS = 30.0
"""Of the end of a head to the end of its body."""
WRITE_SECONDS = 60.0
"""How long a client may leave an answer unread."""
CONNECTIONS = 512
"""Of one process; more are closed at once."""


@dataclass(frozen=True)
class Bounds:
    """What one server takes on at a time; more is 429."""

    body_bytes: int
    requests: int = 256
    bytes_in_work: int = 64 * 1024 * 1024


FEEDBACK = Bounds(body_bytes=16 * 1024 * 1024)
DAGSTER = MLFLOW = Bounds(body_bytes=4 * 1024 * 1024, requests=64)


def room_bounds(settings: Settings) -> Bounds:
    """Of the reading room: films that are tried are as large as the endpoint takes them."""
    return Bounds(body_bytes=settings.endpoint_body_bytes)


def endpoint_bounds(settings: Settings) -> Bounds:
    """Of one worker of the endpoint."""
    return Bounds(
        body_bytes=settings.endpoint_body_bytes,
        requests=settings.endpoint_concurrency,
        bytes_in_work=256 * 1024 * 1024,
    )


class RateLimit:
    """A token bucket for each account: `rate` requests a second, bursts of one second's worth. 0 =
    no limit.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._burst = max(rate, 1.0)
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, caller: str) -> None:
        """Count one request; raises TooManyRequests. Callers are known accounts, so the table stays
        small.
        """
        if self._rate <= 0:
            return
        now = time.monotonic()
        level, before = self._buckets.get(caller, (self._burst, now))
        level = min(self._burst, level + (now - before) * self._rate)
        allowed = level >= 1.0
        self._buckets[caller] = level - 1.0 if allowed else level, now
        if not allowed:
            raise TooManyRequests(
                f"over {self._rate:g} requests a second: retry in a second", reason="rate_limit"
            )


class InWork:
    """How much is being worked on: bounds memory and waiting."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.requests = 0
        self.bytes = 0

    def enter(self) -> "Ticket":
        """Begin a request; raises TooManyRequests when too many are in work."""
        if self.requests >= self.bounds.requests:
            raise TooManyRequests(
                f"{self.requests} requests are in work: retry in a second", reason="concurrency"
            )
        self.requests += 1
        return Ticket(self)


class Ticket:
    """One request in work and the bytes it holds."""

    __slots__ = ("_bytes", "_in_work")

    def __init__(self, in_work: InWork) -> None:
        self._in_work = in_work
        self._bytes = 0

    def hold(self, size: int) -> None:
        """Count `size` more bytes; raises TooManyRequests when memory would run short."""
        if self._in_work.bytes + size > self._in_work.bounds.bytes_in_work:
            raise TooManyRequests(
                "too many large bodies are in work: retry in a second", reason="memory"
            )
        self._in_work.bytes += size
        self._bytes += size

    def leave(self) -> None:
        """End the request."""
        self._in_work.requests -= 1
        self._in_work.bytes -= self._bytes
