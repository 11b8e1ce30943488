"""The requests of simulated days, without anything they are sent to."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.imaging.corruptions import CORRUPTIONS
from xray_assets.imaging.decode import decode
from xray_assets.simulation.clinic import ARRIVALS, Clinic, Request, monday_before
from xray_assets.simulation.films import Person
from xray_assets.simulation.scenarios import (
    NEW_SITE,
    ORDINARY,
    SCENARIOS,
    SITES,
    Change,
    NoScenario,
    scenario_of,
)

DAY = date(2026, 3, 2)
_GREY = np.random.default_rng(0).integers(40, 200, (60, 40), np.uint8)
PEOPLE = [Person((_GREY + number,), is_ill=number % 2 == 0) for number in range(20)]


def drawn(
    change: Change = ORDINARY, *, arrivals: str = "steady", days: int = 1, seed: int = 0
) -> list[Request]:
    clinic = Clinic(PEOPLE, films_a_day=100, arrivals=ARRIVALS[arrivals], seed=seed)
    found = (clinic.requests(DAY + timedelta(days=number), change) for number in range(days))
    return [request for day in found for request in day]


def films(requests: list[Request]) -> int:
    return sum(len(request.films) for request in requests)


def test_a_seed_gives_the_same_films_and_another_one_others() -> None:
    first, again, other = (
        [(one.patient_id, one.films) for one in drawn(seed=seed)] for seed in (3, 3, 4)
    )
    assert first == again != other


def test_patients_are_new_ones_but_for_some_who_come_again_and_none_has_a_known_id() -> None:
    requests = drawn(days=5)
    patients = [request.patient_id for request in requests]
    assert 0.85 < len(set(patients)) / len(patients) < 1
    assert all(patient and patient.startswith("simulated-") for patient in patients)
    assert {request.site for request in requests} == set(SITES)


def test_no_film_is_sent_twice_unless_a_client_repeats_itself() -> None:
    sent = [film for request in drawn(days=3) for film in request.films]
    assert len(set(sent)) == len(sent)
    repeated = [film for request in drawn(Change(repeated=0.5), days=3) for film in request.films]
    assert 1.3 < len(repeated) / len(set(repeated)) < 1.7


def test_a_change_at_one_site_leaves_the_other_as_it_was() -> None:
    ordinary, changed = drawn(), drawn(Change("inverted", site="south"))
    for before, after in zip(ordinary, changed, strict=True):
        at_south = after.site == "south"
        assert after.injected == at_south * len(after.films)
        assert (before.films == after.films) is not at_south
    assert {request.site for request in changed} == set(SITES)


def test_hidden_disease_changes_the_truth_and_no_pixel() -> None:
    ordinary, hidden = drawn(), drawn(Change(hidden=1.0))
    assert [request.films for request in ordinary] == [request.films for request in hidden]
    assert {truth for request in ordinary for truth in request.truths} == {0, 1}
    assert {truth for request in hidden for truth in request.truths} == {1}


def test_prevalence_new_sites_and_missing_names_are_what_the_scenario_says() -> None:
    def ill(requests: list[Request]) -> float:
        truths = [truth for request in requests for truth in request.truths]
        return sum(truths) / len(truths)

    assert 0.69 < ill(drawn(days=10)) < 0.79
    assert 0.50 < ill(drawn(Change(prevalence=0.55), days=10)) < 0.60
    named = [request.site for request in drawn(Change(new_site=0.2), days=10)]
    assert 0.15 < named.count(NEW_SITE) / len(named) < 0.25
    untagged = drawn(Change(untagged=True))
    assert {(request.site, request.patient_id) for request in untagged} == {(None, None)}


def test_requests_come_as_the_arrivals_say() -> None:
    week = [films(drawn(arrivals="weekly", days=days)) for days in (5, 7)]
    assert week[1] - week[0] < 0.6 * 2 * week[0] / 5
    assert {request.at.hour for request in drawn(arrivals="night-gap", days=3)} <= set(range(7, 20))
    assert films(drawn(Change(volume=10))) > 8 * films(drawn())
    assert drawn(Change(volume=0)) == []


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda one: one.name)
def test_every_scenario_is_ordinary_before_its_change_and_can_be_drawn(scenario) -> None:
    assert scenario.on(-1) == ORDINARY
    assert not scenario.change.corruption or scenario.change.corruption in CORRUPTIONS
    assert scenario.arrivals in ARRIVALS
    for request in drawn(scenario.on(0))[:5]:
        assert all(decode(film).dtype == np.uint8 for film in request.films)


def test_a_slow_change_grows_day_by_day_to_its_strength_and_a_short_one_ends() -> None:
    slow, short = scenario_of("slow"), scenario_of("burst")
    grown = [slow.on(day).strength or 0 for day in range(60)]
    assert grown == sorted(grown) and 1 < grown[0] < 1.01 and grown[-1] == pytest.approx(1.1)
    assert [short.on(day) == ORDINARY for day in range(4)] == [False, False, False, True]
    with pytest.raises(NoScenario, match="choose from none, weekly"):
        scenario_of("drft")


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 400))
def test_the_first_day_is_a_monday_and_the_last_one_is_over(today: date, days: int) -> None:
    first = monday_before(today, days)
    assert first.weekday() == 0
    assert 0 < (today - first).days - (days - 1) <= 7
