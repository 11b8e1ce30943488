"""What came of a simulation: a line a day, and what to say at its end. Data and sums; no table."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from xray_assets.simulation.scenarios import Scenario
from xray_assets.statistics.drift.levels import Level


@dataclass(frozen=True)
class Answers:
    """How films of a day were answered, by the truth that the simulation knows."""

    ill: int = 0
    found: int = 0
    healthy: int = 0
    cleared: int = 0

    def __add__(self, other: "Answers") -> "Answers":
        """Both together."""
        pairs = zip(asdict(self).values(), asdict(other).values(), strict=True)
        return Answers(*(mine + its for mine, its in pairs))

    @property
    def sensitivity(self) -> float | None:
        """Share of ill patients' films that were called pneumonia; None without any."""
        return self.found / self.ill if self.ill else None

    @property
    def specificity(self) -> float | None:
        """Share of the others' films that were called normal; None without any."""
        return self.cleared / self.healthy if self.healthy else None


@dataclass(frozen=True)
class Line:
    """One simulated day.

    `injected`: films that the scenario changed; `drawn`: cases for review; `is_compared`: with a
    baseline; `level`: of its evidence, None where it is not judged; `answers`: by site;
    `experiment`: the last one's state, and `stage` its share; `done`: what the house did by itself,
    in words; `seconds`: since the start.
    """

    number: int
    day: date
    films: int
    refused: int
    injected: int
    drawn: int
    reads: int
    is_compared: bool
    level: Level | None
    kind: str
    sites: tuple[str, ...]
    harm_sites: tuple[str, ...]
    reasons: tuple[str, ...]
    review_shares: dict[str, float]
    answers: dict[str, Answers]
    experiment: str
    stage: int | None
    done: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """A simulation. `change_day`: the number of the first day with the scenario's change; None
    where it ended before.
    """

    scenario: Scenario
    seed: int
    change_day: int | None
    lines: Sequence[Line]
    seconds: float

    @property
    def before(self) -> list[Line]:
        """The days before the change."""
        return [line for line in self.lines if not self._is_since(line)]

    @property
    def since(self) -> list[Line]:
        """The days with the change, and after it."""
        return [line for line in self.lines if self._is_since(line)]

    @property
    def days_to_alarm(self) -> int | None:
        """Days from the change to the first alarm, 0 on the same day; None without one."""
        return next((day for day, line in enumerate(self.since) if _is_alarm(line)), None)

    @property
    def days_to_harm(self) -> int | None:
        """Days from the change until harm was proven somewhere; None where it was not."""
        return next((day for day, line in enumerate(self.since) if line.harm_sites), None)

    @property
    def reached(self) -> Level:
        """The highest level since the change; UNKNOWN where a day since then could not be judged
        and nothing worse was seen.
        """
        levels = [line.level for line in self.since if line.level]
        highest = max(levels, key=lambda level: level.rank, default=Level.UNKNOWN)
        return Level.UNKNOWN if highest == Level.NONE and Level.UNKNOWN in levels else highest

    @property
    def alarms_before(self) -> int:
        """Days with an alarm before anything was changed."""
        return sum(map(_is_alarm, self.before))

    def levels(self) -> dict[str, int]:
        """Days at each level."""
        return dict(Counter(line.level or "not judged" for line in self.lines))

    def document(self) -> dict[str, Any]:
        """All of it for programs."""
        return {
            "scenario": self.scenario.name,
            "seed": self.seed,
            "change_day": self.change_day,
            "expected": self.scenario.expected,
            "reached": self.reached,
            "days_to_alarm": self.days_to_alarm,
            "days_to_harm": self.days_to_harm,
            "alarms_before": self.alarms_before,
            "levels": self.levels(),
            "films": sum(line.films for line in self.lines),
            "drawn": sum(line.drawn for line in self.lines),
            "reads": sum(line.reads for line in self.lines),
            "seconds": round(self.seconds, 1),
            "days": [asdict(line) for line in self.lines],
        }

    def _is_since(self, line: Line) -> bool:
        return self.change_day is not None and line.number >= self.change_day


def answers_of(lines: Iterable[Line], site: str = "") -> Answers:
    """How the films of these days were answered; of one site where it is named."""
    found = (
        answers for line in lines for name, answers in line.answers.items() if site in ("", name)
    )
    return sum(found, Answers())


def _is_alarm(line: Line) -> bool:
    return line.level is not None and line.level.rank > 0
