"""E-detectors: what may never happen, whatever the numbers."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xray_assets.statistics.drift.detector import Detector, Streams, Tally, flagged, log_mean


def streams(tolerance: float, lowest: float) -> Streams:
    """One stream with these."""
    one = np.ones(1)
    name = np.array(["x"])
    return Streams(
        *(name, name, name, name, one, one, one, one),
        tolerance * one,
        lowest * one,
        one,
        np.array([[0.05, 0.4, 2.0, 10.0]]),
    )


def tally(*factors: float, paid: float = 1.0) -> Tally:
    """A day on which each stream's four bets grew by a log factor."""
    grown = np.repeat(np.array(factors)[:, None], 4, axis=1)
    n = len(factors)
    return Tally(grown, np.full(n, paid), np.ones(n))


@given(st.floats(0.01, 0.5), st.floats(-3, -0.01), st.floats(0, 1e4))
def test_no_bet_can_lose_everything_on_one_film(
    tolerance: float, lowest: float, pull: float
) -> None:
    bets = streams(tolerance, lowest).bets_in_force(np.array([pull]))
    assert np.all(1 + bets * lowest > 0.09)
    assert np.all(bets * pull <= tolerance * (1 + 1e-9))


def test_days_that_differ_within_tolerance_do_not_pay_on_average() -> None:
    days = np.random.default_rng(0).normal(0, 0.01, 40_000)
    n, tolerance = 400, 0.03
    for bet in streams(tolerance, -0.53).bets_in_force(np.array([n * 0.01**2]))[0]:
        # the mean over the films of a day, given the day, is (1 + b (day - t))^n
        assert np.exp(n * np.log1p(bet * (days - tolerance))).mean() < 1


@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=5))
def test_evidence_is_the_number_of_days_on_average_when_bets_are_fair(bets: list[float]) -> None:
    """Over every path of fair bets: each day's factor is 1 + b or 1 - b."""
    found: list[float] = []
    for path in product((-1, 1), repeat=len(bets)):
        detector = Detector(np.ones(1), 1e9)
        for sign, bet in zip(path, bets, strict=True):
            detector.observe(tally(np.log1p(sign * bet)))
        found.append(float(np.exp(detector.log_e[0])))
    assert np.mean(found) == pytest.approx(len(bets))


def test_a_stream_that_nobody_pays_into_does_not_age() -> None:
    detector = Detector(np.ones(2) / 2, 2_000.0)
    detector.observe(Tally(np.zeros((2, 4)), np.zeros(2), np.array([1.0, 0.0])))
    assert detector.log_e[0] == pytest.approx(0.0)
    assert detector.log_e[1] == -np.inf


def test_one_stream_alone_can_carry_the_alarm_and_no_stream_much_more() -> None:
    weight = np.full(50, 1 / 50)
    detector = Detector(weight, 2_000.0)
    for _ in range(100):
        detector.observe(tally(*([5.0] + [-5.0] * 49)))
    evidence = log_mean(detector.log_e, weight)
    assert detector.log_alarm < evidence < detector.log_alarm + 4


def test_a_stream_that_was_up_begins_anew_once_seven_days_lie_within_tolerance() -> None:
    detector = Detector(np.ones(1), 2_000.0)
    for _ in range(3):
        detector.observe(tally(20.0, paid=10.0))
    for _ in range(7):
        detector.observe(tally(0.0, paid=-1.0))
    assert detector.days_up[0] == 0 and detector.log_e[0] < 1


def test_a_stream_that_still_pays_stays_up() -> None:
    detector = Detector(np.ones(1), 2_000.0)
    for _ in range(40):
        detector.observe(tally(5.0, paid=1.0))
    assert detector.log_e[0] > detector.log_alarm


@given(st.lists(st.integers(-20, 20), min_size=1, max_size=30))
def test_flagged_streams_are_the_strongest_and_at_least_one(logs: list[int]) -> None:
    log_e, weight = np.array(logs, dtype=float), np.full(len(logs), 1 / len(logs))
    shown = flagged(log_e, weight, np.log(2_000.0))
    assert shown.any()
    if not shown.all():
        assert log_e[shown].min() >= log_e[~shown].max()
    k = int(shown.sum())
    if k > 1:
        assert (log_e + np.log(weight))[shown].min() >= np.log(2_000.0 / k) - 1e-9
