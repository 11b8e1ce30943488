"""What a simulation changes, and the level that is expected of it. Data alone.

A change is what is done to the traffic or to the readers from a day on; the monitor is never told.
"""

from dataclasses import dataclass, replace
from types import MappingProxyType

from xray_assets.errors import XrayError
from xray_assets.statistics.drift.levels import Level

SITES = ("north", "south")
"""Where films come from; a third, NEW_SITE, is known by name and sends none before its scenario."""
NEW_SITE = "annex"


class NoScenario(XrayError, LookupError):
    """There is no scenario of this name."""


@dataclass(frozen=True)
class Change:
    """What is different from ordinary days. Shares are of films, at `site` or everywhere."""

    corruption: str = ""
    """Of `imaging.corruptions.CORRUPTIONS`, at this `strength` or at its own"""
    strength: float | None = None
    share: float = 1.0
    site: str = ""
    prevalence: float | None = None
    new_site: float = 0.0
    """Share of the films that come from NEW_SITE"""
    hidden: float = 0.0
    """Share of films without a finding whose patients have pneumonia"""
    reader_errors: float | None = None
    volume: float = 1.0
    repeated: float = 0.0
    """Share of requests that a client sends twice"""
    untagged: bool = False
    """Requests name neither site nor patient"""


ORDINARY = Change()


@dataclass(frozen=True)
class Scenario:
    """A change that comes on a day (at once, or growing over `grows_over` days) and stays for
    `lasts` days (0: for good), and the highest level that it is expected to reach.
    """

    name: str
    about: str
    expected: Level
    change: Change = ORDINARY
    grows_over: int = 0
    lasts: int = 0
    arrivals: str = "steady"

    def on(self, days: int) -> Change:
        """What is different so many days after the change (negative: before it)."""
        if days < 0 or (self.lasts and days >= self.lasts):
            return ORDINARY
        if not self.grows_over or self.change.strength is None:
            return self.change
        grown = min(1.0, (days + 1) / self.grows_over)
        return replace(self.change, strength=1 + (self.change.strength - 1) * grown)


_NONE, _MODERATE, _MAJOR = Level.NONE, Level.MODERATE, Level.MAJOR
_BRIGHTER = Change("gain", 1.1)

_ALL = (
    Scenario("none", "nothing changes", _NONE),
    Scenario(
        "weekly",
        "nothing changes: at weekends fewer films, of sicker patients, more of them portable",
        _NONE,
        arrivals="weekly",
    ),
    Scenario("scanner-gain", "a detector answers 10 % more strongly", _MODERATE, _BRIGHTER),
    Scenario("contrast", "contrast is 15 % lower", _MODERATE, Change("contrast", 0.85)),
    Scenario("blur", "films are blurred", _MODERATE, Change("blur")),
    Scenario("matrix", "films have fewer pixels", _MODERATE, Change("matrix")),
    Scenario("border", "a collimator leaves a dark border", _MAJOR, Change("border", 0.12)),
    Scenario(
        "inverted",
        "one site's films come with black and white exchanged",
        _MAJOR,
        Change("inverted", site="south"),
    ),
    Scenario(
        "truncated", "a tenth of the films ends early", _MODERATE, Change("truncated", share=0.1)
    ),
    Scenario(
        "broken-window",
        "one site exports its films through too narrow a window",
        _MAJOR,
        Change("broken_window", site="south"),
    ),
    Scenario(
        "new-site",
        "a fifth of the films comes from a site that nobody has seen",
        _MODERATE,
        Change(new_site=0.2),
    ),
    Scenario(
        "prevalence",
        "fewer patients are ill, their films are as before",
        _MODERATE,
        Change(prevalence=0.55),
    ),
    Scenario(
        "slow",
        "a detector's answer rises by 10 % in 40 days",
        _MODERATE,
        _BRIGHTER,
        grows_over=40,
    ),
    Scenario(
        "concept",
        "a disease that films hardly show: a third of the healthy-looking patients have it",
        Level.CONCEPT,
        Change(hidden=0.33),
    ),
    Scenario(
        "label-noise",
        "readers are wrong in 15 % of reads",
        Level.CONCEPT,
        Change(reader_errors=0.15),
    ),
    Scenario("burst", "ten times the films, for three days", _NONE, Change(volume=10), lasts=3),
    Scenario(
        "duplicates", "a client sends half of its requests twice", _NONE, Change(repeated=0.5)
    ),
    Scenario("outage", "no request comes for three days", Level.UNKNOWN, Change(volume=0), lasts=3),
    Scenario(
        "missing-tags",
        "requests name neither site nor patient",
        _MODERATE,
        Change(untagged=True),
    ),
)

SCENARIOS = MappingProxyType({one.name: one for one in _ALL})
"""Every scenario by its name."""


def scenario_of(name: str) -> Scenario:
    """The scenario of a name. Raises NoScenario."""
    if name not in SCENARIOS:
        raise NoScenario(f"no scenario {name!r}: choose from {', '.join(SCENARIOS)}")
    return SCENARIOS[name]
