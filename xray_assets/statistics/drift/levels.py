"""From evidence to a level: the one table of limits, and the rule that reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How grave a day's evidence is; compares equal to its own name. `rank` is the order, and what
    could not be judged stands outside of it.
    """

    NONE = "NONE"
    MINOR = "MINOR"
    MODERATE = "MODERATE"
    MAJOR = "MAJOR"
    CONCEPT = "CONCEPT"
    UNKNOWN = "UNKNOWN"

    @property
    def rank(self) -> int:
        """0 (NONE) to 4 (CONCEPT); -1 for UNKNOWN, which is no level of evidence."""
        return -1 if self is Level.UNKNOWN else list(Level).index(self)


@dataclass(frozen=True)
class Limits:
    """Where a level begins. Shares and ranks lie in [0, 1]."""

    alarm: float = 2_000.0
    """Mean e-detector of an alarm: on average not once in so many days within tolerance"""
    rank_shift: float = 0.10
    """Shift of the mean rank that makes a drift MODERATE"""
    outside: float = 0.03
    """Share of films outside the baseline's range that makes it MODERATE"""
    prevalence: float = 0.10
    """Change of the prevalence that makes it MODERATE"""
    off_support: float = 0.20
    """Share of films off the embedding's support that makes it MAJOR"""
    missing: float = 0.10
    """Largest share of films without a feature, or without a score, in a day that can be judged"""
    expected: float = 20.0
    """Films that the weekday had in the baseline, from which too few of them are not judged"""
    lately: int = 14
    """Days for which reads may still be of films that drifted: a week to settle, a week to fall"""
    volume: float = 0.10
    """Part of the expected films below which they are too few"""
    review_floor: float = 0.10
    review_minor: float = 0.20
    review_moderate: float = 0.50


LIMITS = Limits()


@dataclass(frozen=True)
class Findings:
    """What a day showed. families: those whose evidence is up; the rest counts for nothing without
    an alarm. Effects are of flagged streams alone.
    """

    alarm: bool
    families: frozenset[str] = frozenset()
    harm: bool = False
    drifted_lately: bool = False
    """Whether streams that need no truth were up in the last days: reads lag behind their films"""
    rank_shift: float = 0.0
    outside: float = 0.0
    prevalence: float = 0.0
    unseen_site: bool = False
    off_support: float = 0.0


COVARIATE = frozenset({"film", "embedding"})
DRIFT = COVARIATE | {"score", "segment"}


def level_and_kind(findings: Findings, limits: Limits = LIMITS) -> tuple[Level, str]:
    """Level and kind of a day that could be judged."""
    if not findings.alarm:
        return Level.NONE, ""
    drifted = bool(findings.families & DRIFT) or findings.drifted_lately
    kind = _kind(findings)
    if findings.harm and drifted:
        return Level.MAJOR, "performance"
    if findings.off_support >= limits.off_support:
        return Level.MAJOR, kind
    if "truth" in findings.families and not drifted:
        return Level.CONCEPT, "concept"
    moderate = (
        findings.rank_shift >= limits.rank_shift
        or findings.outside >= limits.outside
        or abs(findings.prevalence) >= limits.prevalence
        or findings.unseen_site
    )
    return (Level.MODERATE if moderate else Level.MINOR), kind


def _kind(findings: Findings) -> str:
    """Scores that move while films given the score stand still: prevalence."""
    if findings.unseen_site:
        return "segment"
    for kind, of in (
        ("covariate", COVARIATE),
        ("prevalence", {"score"}),
        ("segment", {"segment"}),
        ("operations", {"operations"}),
    ):
        if findings.families & of:
            return kind
    return "performance" if findings.drifted_lately else "concept"


def review_fractions(
    level: Level, sites: Mapping[str, bool], limits: Limits = LIMITS
) -> dict[str, float]:
    """Share of tomorrow's films to review. sites: by site, whether truth is asked for there: it
    drifted, and neither harm nor its absence is shown.
    """
    if level is Level.MINOR:
        raised = limits.review_minor
    elif level.rank > Level.MINOR.rank:
        raised = limits.review_moderate
    else:
        raised = limits.review_floor
    return {site: raised if asked else limits.review_floor for site, asked in sites.items()}
