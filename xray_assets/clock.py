"""What time it is: the machine's clock, or the one that a simulation sets.

Everything that is stored or judged asks here, so that a simulated day is a day for all of the
house. Not here: how long something takes (`time.perf_counter`), and waiting.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_set_to: datetime | None = None


def now() -> datetime:
    """The present moment, UTC."""
    return _set_to or datetime.now(UTC)


@contextmanager
def set_to(moment: datetime) -> Iterator[None]:
    """Let it be this moment (UTC) in this process, for every thread, until the block ends."""
    global _set_to
    before, _set_to = _set_to, moment
    try:
        yield
    finally:
        _set_to = before
