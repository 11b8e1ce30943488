"""Levels: each limit of the table, on both sides of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from xray_assets.statistics.drift.levels import (
    LIMITS,
    Findings,
    Level,
    level_and_kind,
    review_fractions,
)

DRIFT = Findings(alarm=True, families=frozenset({"film"}))
JUST_BELOW = 1 - 1e-9


def test_levels_are_their_names_in_their_order_and_unknown_stands_apart() -> None:
    assert [level.rank for level in Level] == [0, 1, 2, 3, 4, -1]
    assert Level.MAJOR == "MAJOR"


def test_without_an_alarm_nothing_else_counts() -> None:
    quiet = replace(DRIFT, alarm=False, harm=True, rank_shift=1.0, off_support=1.0)
    assert level_and_kind(quiet) == (Level.NONE, "")


@pytest.mark.parametrize("what", ["rank_shift", "outside", "prevalence"])
def test_an_effect_is_moderate_from_its_limit_on(what: str) -> None:
    limit = getattr(LIMITS, what)
    assert level_and_kind(replace(DRIFT, **{what: limit}))[0] == "MODERATE"
    assert level_and_kind(replace(DRIFT, **{what: limit * JUST_BELOW}))[0] == "MINOR"


def test_a_site_that_was_never_seen_is_moderate_and_named_segment() -> None:
    assert level_and_kind(replace(DRIFT, unseen_site=True)) == (Level.MODERATE, "segment")


def test_films_off_the_embeddings_support_are_major_from_their_limit_on() -> None:
    at = replace(DRIFT, off_support=LIMITS.off_support)
    assert level_and_kind(at)[0] == "MAJOR"
    assert level_and_kind(replace(at, off_support=LIMITS.off_support * JUST_BELOW))[0] == "MINOR"


@pytest.mark.parametrize("family", ["film", "embedding", "score", "segment"])
def test_proven_harm_with_drift_is_major(family: str) -> None:
    both = Findings(alarm=True, families=frozenset({family, "truth"}), harm=True)
    assert level_and_kind(both) == (Level.MAJOR, "performance")


def test_truth_that_changed_while_nothing_else_did_is_concept_with_or_without_harm() -> None:
    for harm in (False, True):
        alone = Findings(alarm=True, families=frozenset({"truth"}), harm=harm)
        assert level_and_kind(alone) == (Level.CONCEPT, "concept")


def test_truth_that_changed_with_the_prevalence_is_no_harm() -> None:
    both = Findings(alarm=True, families=frozenset({"score", "truth"}))
    assert level_and_kind(both) == (Level.MINOR, "prevalence")


@pytest.mark.parametrize(
    ("families", "kind"),
    [
        ({"score"}, "prevalence"),
        ({"score", "film"}, "covariate"),
        ({"embedding"}, "covariate"),
        ({"segment"}, "segment"),
        ({"operations"}, "operations"),
    ],
)
def test_the_kind_names_what_moved(families: set[str], kind: str) -> None:
    assert level_and_kind(Findings(alarm=True, families=frozenset(families)))[1] == kind


def test_more_is_reviewed_where_truth_is_asked_for_and_the_floor_elsewhere() -> None:
    asked = {"A": True, "B": False}
    assert review_fractions(Level.NONE, asked) == {"A": 0.1, "B": 0.1}
    assert review_fractions(Level.MINOR, asked) == {"A": 0.2, "B": 0.1}
    for level in (Level.MODERATE, Level.MAJOR, Level.CONCEPT):
        assert review_fractions(level, asked) == {"A": 0.5, "B": 0.1}
