"""What happened in one run of a monitor on a world, and the figures that are read off it."""

from collections.abc import Callable
from dataclasses import dataclass, field

CHANGE_DAY = 30
_CALM = {"NONE", "UNKNOWN"}


@dataclass
class Run:
    """One entry a judged day, from day 0."""

    levels: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    harm: list[tuple[str, ...]] = field(default_factory=list)
    rules: dict[str, list[bool]] = field(default_factory=dict)

    @property
    def alarms(self) -> list[bool]:
        """Whether the monitor stood above NONE, a day."""
        return [level not in _CALM for level in self.levels]


Measure = Callable[[Run], float | None]


def first_alarm(run: Run) -> float | None:
    """Days from the change to the first alarm; a false one that still stands counts as day 0."""
    return _first(run.alarms, CHANGE_DAY)


def named(kind: str) -> Measure:
    """Days to the first alarm of a kind."""
    return lambda run: _first(
        [alarm and found == kind for alarm, found in zip(run.alarms, run.kinds, strict=True)],
        CHANGE_DAY,
    )


def harm_at(site: str, start: int = CHANGE_DAY) -> Measure:
    """Days to the proof of harm at a site, or over all of them."""
    return lambda run: _first([bool({site, ""} & set(proven)) for proven in run.harm], start)


def concept(run: Run) -> float | None:
    """Days to the level CONCEPT."""
    return _first([level == "CONCEPT" for level in run.levels], CHANGE_DAY)


def quiet_again(end: int) -> Measure:
    """Days from the end of a change until the level is NONE and stays so for a week."""

    def measure(run: Run) -> float | None:
        calm = [level == "NONE" for level in run.levels]
        return _first([all(calm[day : day + 7]) for day in range(len(calm) - 6)], end)

    return measure


def unknown_at_once(run: Run) -> float:
    """Days from the change on which the level was anything but UNKNOWN."""
    return float(sum(level != "UNKNOWN" for level in run.levels[CHANGE_DAY:]))


def never_alarms(run: Run) -> float:
    """Alarm episodes from the change on."""
    return float(episodes(run.alarms[CHANGE_DAY:]))


def never_harms(run: Run) -> float:
    """Days on which harm was proven, or that were MAJOR or CONCEPT."""
    levels = zip(run.levels, run.harm, strict=True)
    return float(sum(bool(harm) or level in {"MAJOR", "CONCEPT"} for level, harm in levels))


def episodes(alarms: list[bool]) -> int:
    """Stretches of days in a row with an alarm."""
    return sum(now and not before for before, now in zip([False, *alarms], alarms, strict=False))


def _first(happened: list[bool], start: int) -> float | None:
    return next((float(day) for day, yes in enumerate(happened[start:]) if yes), None)
