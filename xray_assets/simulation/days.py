"""Day after day: the clinic's requests to the endpoint, readers at the queue, and the house at
night. What was injected goes into the lines of the simulation, which nothing else reads.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as hour

import dagster as dg
import polars as pl

from xray_assets import clock
from xray_assets.catalog import MONITORING_DAYS, PREDICTIONS, REVIEW_ASSIGNMENTS
from xray_assets.rollout.state import last_experiment
from xray_assets.settings import Settings
from xray_assets.simulation.clinic import ARRIVALS, Clinic, monday_before
from xray_assets.simulation.endpoint import Endpoint
from xray_assets.simulation.happened import happened
from xray_assets.simulation.house import House, quiet
from xray_assets.simulation.outcome import Answers, Line, Outcome
from xray_assets.simulation.people import FILMS, people
from xray_assets.simulation.readers import (
    BY,
    ERROR_RATE,
    Sent,
    SimulatedReaders,
    reader_accounts,
)
from xray_assets.simulation.scenarios import Scenario
from xray_assets.simulation.state import alone, prepare
from xray_assets.statistics.drift.levels import Level
from xray_assets.web.account_changes import add_account
from xray_assets.web.roles import Role

QUIET_DAYS = 7
"""Days that are compared with a baseline before anything changes."""
CHECKED_EVERY = 7
"""Nights between two at which tables are checked and tidied; a stack does it every night."""
_EVENING, _NIGHT = hour(20), timedelta(days=1, minutes=10)


def simulate(
    settings: Settings,
    scenario: Scenario,
    *,
    days: int = 90,
    films_a_day: int = 60,
    seed: int = 0,
    arrivals: str = "",
    quiet_days: int = QUIET_DAYS,
    pool: int = FILMS,
    on_day: Callable[[Line], None] = lambda line: None,
    progress: Callable[[str], None] = lambda words: None,
    until: Callable[[Line], bool] = lambda line: False,
) -> Outcome:
    """Simulate days that are over, the last one a few days ago; `until` ends it early.
    `pool`: films of the source that all simulated ones are made from.

    Raises StateRefused, NobodyLeft, JobFailed and what the house's own jobs raise.
    """
    first = monday_before(clock.now().date(), days)
    lines: list[Line] = []
    with ExitStack() as stack:
        stack.enter_context(alone(settings))
        stack.enter_context(quiet())
        prepare(settings, seed=seed, progress=progress)
        began = time.perf_counter()
        token = add_account(settings, "simulated-clinic", Role.SIMULATION, by=BY)
        endpoint = stack.enter_context(Endpoint(settings, token))
        home = str(settings.dagster_home)
        instance = stack.enter_context(dg.DagsterInstance.from_config(home))
        house = House(settings, instance)
        clinic = Clinic(
            people(settings, films=pool),
            films_a_day=films_a_day,
            arrivals=ARRIVALS[arrivals or scenario.arrivals],
            seed=seed,
        )
        with clock.set_to(datetime.combine(first, hour(), UTC)):
            house.run("deploy")
        world = _World(settings, scenario, clinic, endpoint, house, seed, quiet_days)
        for number in range(days):
            lines.append(world.day(number, first + timedelta(days=number)))
            on_day(lines[-1])
            if until(lines[-1]):
                break
    return Outcome(scenario, seed, world.change_day, lines, time.perf_counter() - began)


class _World:
    """What goes on from day to day."""

    def __init__(
        self,
        settings: Settings,
        scenario: Scenario,
        clinic: Clinic,
        endpoint: Endpoint,
        house: House,
        seed: int,
        quiet_days: int,
    ) -> None:
        self._scenario, self._quiet_days = scenario, quiet_days
        self.change_day: int | None = None
        """Number of the day on which the change comes; None until there is a baseline"""
        self._clinic, self._endpoint, self._house = clinic, endpoint, house
        self._began = time.perf_counter()
        self._sent: dict[str, Sent] = {}
        readers = reader_accounts(settings)
        self._readers = SimulatedReaders(settings, readers, self._sent, seed=seed)

    def day(self, number: int, day: date) -> Line:
        """One day, and the night after it."""
        since = -1 if self.change_day is None else number - self.change_day
        change = self._scenario.on(since)
        requests = self._clinic.requests(day, change)
        films = refused = injected = 0
        for request, request_id in zip(requests, self._endpoint.send(requests), strict=True):
            injected += request.injected
            if request_id is None:
                refused += len(request.films)
                continue
            films += len(request.films)
            for place, truth in enumerate(request.truths):
                name = request_id if len(request.truths) == 1 else f"{request_id}.{place}"
                self._sent[name] = Sent(day, truth)
        with clock.set_to(datetime.combine(day, _EVENING, UTC)):
            errors = ERROR_RATE if change.reader_errors is None else change.reader_errors
            reads = self._readers.read(day, error_rate=errors)
        night = datetime.combine(day, hour(), UTC) + _NIGHT
        with clock.set_to(night):
            failed = self._house.night(checked=number % CHECKED_EVERY == CHECKED_EVERY - 1)
        line = self._line(number, day, films, refused, injected, reads)
        line = replace(line, done=(*line.done, *(f"a run of {job} failed" for job in failed)))
        if self.change_day is None and line.is_compared:
            self.change_day = number + self._quiet_days
        return line

    def _line(
        self, number: int, day: date, films: int, refused: int, injected: int, reads: int
    ) -> Line:
        tables = self._house.room.tables
        judged = tables.read(MONITORING_DAYS).filter(pl.col("date") == day).collect()
        found = judged.row(0, named=True) if judged.height else None
        drawn = tables.read(REVIEW_ASSIGNMENTS).filter("drawn", pl.col("prediction_date") == day)
        experiment = last_experiment(tables)
        start = datetime.combine(day, hour(), UTC) + _NIGHT - timedelta(days=1)
        return Line(
            number=number,
            day=day,
            films=films,
            refused=refused,
            injected=injected,
            drawn=drawn.select(pl.len()).collect().item(),
            reads=reads,
            is_compared=bool(found and found["baseline_id"]),
            level=Level(found["level"]) if found else None,
            kind=found["kind"] if found else "",
            sites=tuple(found["sites"]) if found else (),
            harm_sites=tuple(found["harm_sites"]) if found else (),
            reasons=tuple(found["reason_codes"].split()) if found else (),
            review_shares=(
                dict(zip(found["review_sites"], found["review_shares"], strict=True))
                if found
                else {}
            ),
            answers=self._answers(day),
            experiment=experiment.state if experiment else "",
            stage=experiment.stage if experiment else None,
            done=happened(tables, start, start + timedelta(days=1)),
            seconds=time.perf_counter() - self._began,
        )

    def _answers(self, day: date) -> dict[str, Answers]:
        logged = self._house.room.tables.read(PREDICTIONS).filter(pl.col("date") == day)
        rows = logged.select("request_id", "site", "predicted_label").drop_nulls().collect().rows()
        found: dict[str, Answers] = {}
        for request_id, site, label in rows:
            healthy = self._sent[request_id].truth == 0
            right = int((label == 0) == healthy)
            one = Answers(healthy=1, cleared=right) if healthy else Answers(ill=1, found=right)
            found[site] = found.get(site, Answers()) + one
        return found
