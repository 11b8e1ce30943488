"""Who is filmed on a simulated day: new patients, those who come again, and a ward's."""

from dataclasses import dataclass

import numpy as np

from benchmarks.monitoring.simulated.plans import SITES, Change, Plan
from benchmarks.monitoring.simulated.pool import Pool

UNTAGGED = 3
"""Number of the new site where it calls itself A."""
_RETURNS_WITHIN = 60


@dataclass(frozen=True, eq=False)
class Patients:
    """One entry a film: patient's number, film in the pool, number of the site. All (N,)."""

    number: np.ndarray
    film: np.ndarray
    site: np.ndarray

    def __getitem__(self, chosen: np.ndarray) -> "Patients":
        """Some of them."""
        return Patients(self.number[chosen], self.film[chosen], self.site[chosen])

    @staticmethod
    def joined(parts: list["Patients"]) -> "Patients":
        """Several groups as one."""
        numbers, films, sites = zip(
            *((one.number, one.film, one.site) for one in parts), strict=True
        )
        return Patients(np.concatenate(numbers), np.concatenate(films), np.concatenate(sites))


def at_sites(change: Change, site: np.ndarray) -> np.ndarray:
    """Which films are of the sites that a change is about."""
    if not change.sites:
        return np.ones(len(site), bool)
    return np.isin(site, [SITES.index(name) for name in change.sites])


class Clinic:
    """Draws the films of each day, in order, from the pool's patients."""

    def __init__(self, pool: Pool, plan: Plan, rng: np.random.Generator) -> None:
        self.plan, self._rng = plan, rng
        self._ward: list[Patients] = []
        self._recent: list[Patients] = []
        self._next_patient = 0
        families = (pool.family == 0, pool.family == 1, pool.family >= 0)  # of sites A, B, C
        self._films = [
            [np.flatnonzero(own & (pool.positive == label)) for label in (0, 1)] for own in families
        ]
        group = pool.patient * 2 + pool.family
        self._order = np.argsort(group, kind="stable")
        self._first = np.searchsorted(group[self._order], group)
        self._count = np.searchsorted(group[self._order], group, side="right") - self._first

    def filmed(self, day: int, changes: list[Change]) -> Patients:
        """The films of a day; each is any film of its person and family."""
        patients = self._patients(day, changes)
        first, count = self._first[patients.film], self._count[patients.film]
        film = self._order[first + (self._rng.random(len(first)) * count).astype(int)]
        return Patients(patients.number, film, patients.site)

    def _patients(self, day: int, changes: list[Change]) -> Patients:
        plan, rng = self.plan, self._rng
        expected = plan.weekend_films if plan.at_rest(day) else plan.weekday_films
        if plan.burst_every and day % plan.burst_every == 0:
            expected *= plan.burst
        shares, scale = self._site_shares(changes)
        films = rng.poisson(expected * scale)
        if plan.stay > 1:
            while len(self._ward) < plan.stay:  # on the first day it is full already
                self._ward.append(self._new(day, round(films / plan.stay), shares, changes))
            admitted = self._new(day, round(films / plan.stay), shares, changes)
            self._ward = [*self._ward[1:], admitted]
            return Patients.joined(self._ward)
        mean = np.dot(plan.films_of_a_patient, np.arange(1, len(plan.films_of_a_patient) + 1))
        people = max(1, round(films / mean))
        again = self._returning(round(people * plan.returning))
        fresh = self._new(day, people - len(again.number), shares, changes)
        self._recent = [*self._recent[-_RETURNS_WITHIN + 1 :], fresh]
        today = Patients.joined([again, fresh])
        choices = len(plan.films_of_a_patient)
        number = 1 + rng.choice(choices, len(today.number), p=plan.films_of_a_patient)
        return today[np.repeat(np.arange(len(number)), number)]

    def _returning(self, count: int) -> Patients:
        if not self._recent or not count:
            nobody = np.empty(0, np.int64)
            return Patients(nobody, nobody, nobody)
        known = Patients.joined(self._recent)
        return known[self._rng.choice(len(known.number), min(count, len(known.number)), False)]

    def _site_shares(self, changes: list[Change]) -> tuple[np.ndarray, float]:
        """(shares of A, B, C, and of a new site under A's name; factor of the whole volume)."""
        b = self.plan.site_b
        for change in changes:
            b = b if change.site_b is None else change.site_b
        volumes, scale = np.array([1 - b, b, 0, 0]), 1.0
        for change in changes:
            if change.volume_of:
                volumes[SITES.index(change.volume_of)] *= change.volume
            else:
                scale *= change.volume
        for change in changes:
            volumes *= 1 - change.new_site
            volumes[SITES.index("C") if change.tagged else UNTAGGED] += change.new_site
        return volumes / volumes.sum(), scale * float(volumes.sum())

    def _new(self, day: int, count: int, shares: np.ndarray, changes: list[Change]) -> Patients:
        """New patients, each with a film of the pool of their site and label."""
        plan, rng = self.plan, self._rng
        site = rng.choice(len(shares), count, p=shares)
        usual = plan.prevalence + plan.weekend_prevalence * plan.at_rest(day)
        prevalence = np.full(count, usual + rng.normal(0, plan.day_deviation))
        for change in changes:
            season = change.season * np.sin(2 * np.pi * (day - change.start) / 365)
            prevalence += at_sites(change, site) * (change.prevalence + season)
        label = (rng.random(count) < prevalence).astype(int)
        film = np.empty(count, np.int64)
        for at, own in enumerate(self._films):
            for value in (0, 1):
                chosen = (np.minimum(site, 2) == at) & (label == value)
                film[chosen] = rng.choice(own[value], int(chosen.sum()))
        number = np.arange(self._next_patient, self._next_patient + count)
        self._next_patient += count
        return Patients(number, film, site)
