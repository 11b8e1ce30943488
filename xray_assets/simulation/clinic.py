"""The requests of each day: how many, when, whose, from where, and what a change makes of them.

Seeded: the same scenario, seed and days give the same films. Not here: sending them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

import numpy as np

from xray_assets.simulation.films import Person, changed, filmed_again, jpeg
from xray_assets.simulation.scenarios import NEW_SITE, SITES, Change

PREVALENCE, DAY_DEVIATION = 0.74, 0.02
FILMS_OF_A_PATIENT = (0.75, 0.2, 0.05)
"""Chances of one, two and three films in a request: 1.3 on average."""
RETURNING, WITHIN_DAYS = 0.1, 20
"""Share of a day's patients who were filmed in the last days."""
SITE_SHARES = (0.6, 0.4)
WEEKEND_VOLUME, WEEKEND_PREVALENCE, WEEKEND_PORTABLE = 0.4, 0.06, 0.3
_PORTABLE = Change("portable", share=WEEKEND_PORTABLE)
_SOUTH = Change("contrast", 0.95)
"""What tells the second site's films from the first's."""


@dataclass(frozen=True, eq=False)
class Request:
    """One request: files of one patient, and what is true of them (1 ill, 0 not)."""

    at: datetime
    patient_id: str | None
    site: str | None
    films: tuple[bytes, ...]
    truths: tuple[int, ...]
    injected: int = 0
    """Films of it that the scenario changed"""


@dataclass(frozen=True)
class Arrivals:
    """How films come: `volume(day)` times the usual, in the hours from the first to the last."""

    volume: Callable[[date], float] = lambda day: 1.0
    hours: range = range(24)
    weekends: bool = False
    """Weekends have other patients and other films"""


def _is_weekend(day: date) -> bool:
    return day.weekday() >= 5


ARRIVALS = MappingProxyType(
    {
        "steady": Arrivals(),
        "weekly": Arrivals(lambda day: WEEKEND_VOLUME if _is_weekend(day) else 1.0, weekends=True),
        "surge": Arrivals(lambda day: 3.0 if day.toordinal() % 10 == 0 else 1.0),
        "night-gap": Arrivals(hours=range(7, 20)),
    }
)
"""How requests may come, by name."""


@dataclass(frozen=True)
class _Patient:
    patient_id: str
    person: Person
    site: str
    last: int


class Clinic:
    """Draws one day after the other."""

    def __init__(
        self, people: Sequence[Person], *, films_a_day: int, arrivals: Arrivals, seed: int
    ) -> None:
        """No day is drawn yet. What a change draws for itself moves nothing else."""
        self._people = {ill: [one for one in people if one.is_ill == ill] for ill in (True, False)}
        self._films_a_day, self._arrivals = films_a_day, arrivals
        self._rng, self._odds = (np.random.default_rng([seed, films_a_day, of]) for of in (0, 1))
        self._recent: list[_Patient] = []
        self._met = 0

    def requests(self, day: date, change: Change) -> list[Request]:
        """A day's requests by time."""
        rng, number = self._rng, day.toordinal()
        expected = self._films_a_day * self._arrivals.volume(day) * change.volume
        mean = sum(n * chance for n, chance in enumerate(FILMS_OF_A_PATIENT, start=1))
        patients = int(rng.poisson(expected / mean))
        self._recent = [one for one in self._recent if number - one.last <= WITHIN_DAYS]
        again = min(round(patients * RETURNING), len(self._recent))
        chosen = rng.choice(len(self._recent), again, replace=False) if again else ()
        back = [self._recent[place] for place in chosen]
        weekend = self._arrivals.weekends and _is_weekend(day)
        usual = PREVALENCE if change.prevalence is None else change.prevalence
        ill = usual + WEEKEND_PREVALENCE * weekend + rng.normal(0, DAY_DEVIATION)
        new = [self._new(number, ill, change) for _ in range(patients - again)]
        self._recent += new
        made = [self._request(day, one, change, weekend) for one in (*back, *new)]
        twice = [one for one in made if self._odds.random() < change.repeated]
        return sorted((*made, *twice), key=lambda one: one.at)

    def _new(self, number: int, ill: float, change: Change) -> _Patient:
        rng = self._rng
        people = self._people[bool(rng.random() < ill)]
        person = people[int(rng.integers(len(people)))]
        site = SITES[int(rng.random() >= SITE_SHARES[0])]
        if self._odds.random() < change.new_site:
            site = NEW_SITE
        self._met += 1
        return _Patient(f"simulated-{self._met:06d}", person, site, number)

    def _request(self, day: date, patient: _Patient, change: Change, weekend: bool) -> Request:
        rng, arrivals = self._rng, self._arrivals
        count = 1 + int(rng.choice(len(FILMS_OF_A_PATIENT), p=FILMS_OF_A_PATIENT))
        hidden = not patient.person.is_ill and self._odds.random() < change.hidden
        here = replace(change, corruption="") if change.site not in ("", patient.site) else change
        films, injected = [], 0
        for _ in range(count):
            shown = patient.person.films[int(rng.integers(len(patient.person.films)))]
            film = filmed_again(shown, rng)
            for usual, applies in ((_SOUTH, patient.site == SITES[1]), (_PORTABLE, weekend)):
                film = changed(film, usual, rng) if applies else film
            sent = changed(film, here, self._odds)
            injected += sent is not film
            films.append(jpeg(sent))
        hour = arrivals.hours[int(rng.integers(len(arrivals.hours)))]
        return Request(
            at=datetime.combine(day, time(hour, 30), UTC),
            patient_id=None if change.untagged else patient.patient_id,
            site=None if change.untagged else patient.site,
            films=tuple(films),
            truths=(int(patient.person.is_ill or hidden),) * count,
            injected=count if hidden or patient.site == NEW_SITE else injected,
        )


def monday_before(day: date, days: int) -> date:
    """The latest Monday from which so many days are over before a day."""
    first = day - timedelta(days=days)
    return first - timedelta(days=first.weekday())
