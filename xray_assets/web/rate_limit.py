"""Limits on what one server takes on: requests a second of a token, requests and bytes in work at
once.
"""

import time

from xray_assets.web.refusals import TooManyRequests

MAX_BYTES_IN_WORK = 256 * 1024 * 1024


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

    def __init__(self, max_requests: int) -> None:
        self._max_requests = max_requests
        self.requests = 0
        self.bytes = 0

    def enter(self) -> "Ticket":
        """Begin a request; raises TooManyRequests when too many are in work."""
        if self.requests >= self._max_requests:
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
        if self._in_work.bytes + size > MAX_BYTES_IN_WORK:
            raise TooManyRequests(
                "too many large bodies are in work: retry in a second", reason="memory"
            )
        self._in_work.bytes += size
        self._bytes += size

    def leave(self) -> None:
        """End the request."""
        self._in_work.requests -= 1
        self._in_work.bytes -= self._bytes
