"""What time it is: the machine's clock, or the one that a simulation sets.

Everything that is stored or judged asks here, so that a simulated day is a day for all of the
house. Not here: how long something takes (`time.perf_counter`), waiting, processes, sessions.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_set_to: datetime | None = None


def now() -> datetime:
    """The present moment, UTC."""
    return _set_to or datetime.now(UTC)


def now_ns() -> int:
    """The same as nanoseconds since 1970."""
    return time.time_ns() if _set_to is None else _microseconds(_set_to) * 1000


def now_us() -> int:
    """The same as microseconds since 1970, as logs store it."""
    return now_ns() // 1000


def now_s() -> float:
    """The same as seconds since 1970."""
    return time.time() if _set_to is None else _set_to.timestamp()


@contextmanager
def set_to(moment: datetime) -> Iterator[None]:
    """Let it be this moment (UTC) in this process, for every thread, until the block ends."""
    global _set_to
    before, _set_to = _set_to, moment
    try:
        yield
    finally:
        _set_to = before


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)
