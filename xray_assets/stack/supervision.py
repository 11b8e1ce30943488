"""When a service that died is started again: after a pause that doubles with every crash. Pure."""

from dataclasses import replace

from xray_assets.stack.processes import RunningProcess

STEADY_SECONDS = 60.0
"""A service that ran this long has not crashed in a row with what was before."""

LONGEST_PAUSE_SECONDS = 30.0

LOOP = 3
"""Crashes in a row that are called a loop: starting again does not mend it."""


def noticed(process: RunningProcess, now: float) -> RunningProcess:
    """A process that was found dead, with its crashes in a row counted. `now` is Unix time."""
    steady = now - process.started >= STEADY_SECONDS
    return replace(process, died=now, crashes=1 if steady else process.crashes + 1)


def pause_seconds(crashes: int) -> float:
    """Before the next start, after this many crashes in a row: 1, 2, 4 ... 30 s."""
    return min(2.0 ** (crashes - 1), LONGEST_PAUSE_SECONDS)


def is_due(process: RunningProcess, now: float) -> bool:
    """True when a dead process's pause is over."""
    return process.died is not None and now >= process.died + pause_seconds(process.crashes)


def is_crash_loop(process: RunningProcess, now: float) -> bool:
    """True for a service that keeps dying, also in the moments in which it runs."""
    return process.crashes >= LOOP and (
        process.died is not None or now - process.started < STEADY_SECONDS
    )
