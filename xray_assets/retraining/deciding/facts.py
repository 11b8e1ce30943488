"""What a decision about a retraining is made of, and the limits that it is made by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from xray_assets.contracts.tables.days import LEVELS, UNKNOWN
from xray_assets.reasons import BASELINE_INCOMPLETE

KNOWN_LEVELS = tuple(level for level in LEVELS if level != UNKNOWN)
"""Lowest first."""


@dataclass(frozen=True)
class Limits:
    """What a trigger takes, what there must be to learn, and how often; amended section 5."""

    drift_days: int = 7
    volume_least: int = 300
    volume_share: float = 0.2
    age_days: int = 30
    least_truths: int = 100
    least_of_a_class: int = 20
    least_for_recalibration: int = 50
    quality_points: float = 0.05
    days_apart: int = 7
    window_days: int = 90
    most_in_window: int = 4
    failures_in_a_row: int = 2


LIMITS = Limits()


@dataclass(frozen=True)
class Standing:
    """Where monitoring stands: level, kind, sites ("" alone: all), since when, of which episode.

    `since`: since when it is at MODERATE or above without a break (any kind). `harm`: harm is
    proven. `reasons`: codes, of UNKNOWN why.
    """

    level: str = UNKNOWN
    kind: str = ""
    sites: tuple[str, ...] = ()
    since: datetime | None = None
    harm: bool = False
    reasons: tuple[str, ...] = (BASELINE_INCOMPLETE,)
    episode_id: str | None = None
    baseline_id: str | None = None
    auto: bool = True
    """False from an escalation until a person resolves it."""

    def at_least(self, level: str) -> bool:
        """Whether the level is this or higher; UNKNOWN is none of them."""
        return self.level in KNOWN_LEVELS[KNOWN_LEVELS.index(level) :]


@dataclass(frozen=True)
class NewTruths:
    """Countable truths since the last training set. Effective numbers are Kish's, of the weights.

    `at_sites`: truths by site of films that came since the trigger (`Standing.since`).
    """

    normal: int = 0
    pneumonia: int = 0
    effective_normal: float = 0.0
    effective_pneumonia: float = 0.0
    effective: float = 0.0
    at_sites: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def count(self) -> int:
        """Both classes."""
        return self.normal + self.pneumonia


@dataclass(frozen=True)
class Earlier:
    """An earlier request, as far as it bears on this one."""

    request_id: str
    state: str
    triggers: tuple[str, ...]
    asked_at: datetime
    updated_at: datetime
    is_alive: bool = True
    """Of a running one: whether anybody carries it out."""


@dataclass(frozen=True)
class Quality:
    """The feed's share of failed films, now and before; None where there are too few to say.

    By what failed: refused by the endpoint (`rejects`), films that do not decode when they are
    measured (`undecodable`), features that are missing (`nulls`).
    """

    now: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    before: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    def worse_by(self, points: float) -> tuple[str, ...]:
        """What failed more than before by at least so much."""
        known = self.now.keys() & self.before.keys()
        return tuple(sorted(k for k in known if self.now[k] - self.before[k] >= points - 1e-12))


@dataclass(frozen=True)
class Word:
    """A person's word: who, why, and whether a recalibration is wanted and nothing else."""

    by: str
    reason: str
    recalibrate: bool = False


@dataclass(frozen=True)
class Facts:
    """All that a decision is made of."""

    mode: str = "recommend"
    standing: Standing = Standing()
    new: NewTruths = NewTruths()
    last_set_size: int | None = None
    last_trained_at: datetime | None = None
    quality: Quality = Quality()
    agreement_fell: bool = False
    experiment_open: bool = False
    earlier: tuple[Earlier, ...] = ()
    """Oldest first."""
    word: Word | None = None


def days(count: float) -> timedelta:
    """So many days."""
    return timedelta(days=count)
