"""What a simulated world is like (`Plan`), and what happens to it on some day (`Change`)."""

from dataclasses import dataclass, field

FLOOR = 0.10
"""Share of films that are read while nobody asks for more."""

BASELINE_DAYS = 28

SITES = ("A", "B", "C")
"""A: original files; B: squashed squares; C: opens during a change."""


@dataclass(frozen=True)
class Change:
    """What is different on the days from `start` to before `until`; each default changes nothing.

    sites: where (empty: everywhere). kinds: of `films.KINDS`, in equal steps over `ramp` days, the
    last one afterwards; of the share `share` of the films. tagged: a new site C of `new_site` of
    the traffic names itself. hidden: share of the normal-looking films that are disease.
    """

    start: int = 30
    until: int = 10**9
    sites: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    share: float = 1.0
    ramp: int = 0
    prevalence: float = 0.0
    season: float = 0.0
    """Half the swing of prevalence over a year of 365 days that starts with the change"""
    new_site: float = 0.0
    tagged: bool = True
    site_b: float | None = None
    """Share of the traffic that site B has now"""
    hidden: float = 0.0
    reader_error: float | None = None
    delay: float | None = None
    delay_ramp: int = 0
    volume: float = 1.0
    volume_of: str = ""
    """The one site whose volume changes (empty: all)"""
    champion_shift: float = 0.0
    """Added to the champion's log odds: the scores move, the films do not"""
    new_challenger: bool = False
    no_rows: bool = False
    null_columns: tuple[str, ...] = ()
    reads_stop: bool = False


@dataclass(frozen=True)
class Plan:
    """Ordinary traffic by default: weekly cycle, days that differ, patients who come again."""

    weekday_films: float = 500
    weekend_films: float = 200
    weekend_portable: float = 0.30
    weekend_prevalence: float = 0.06
    prevalence: float = 0.74
    day_deviation: float = 0.02
    films_of_a_patient: tuple[float, ...] = (0.70, 0.22, 0.06, 0.02)
    """Chance of 1, 2, ... films on one day"""
    returning: float = 0.10
    stay: int = 1
    """Days in a row on which a patient is filmed (once a day where above 1)"""
    site_b: float = 0.35
    wards: int = 1
    """Parts of each site that call themselves sites"""
    holidays: bool = False
    """Ten days a year, whatever their weekday, are like a Sunday"""
    burst_every: int = 0
    burst: float = 3.0
    reader_error: float = 0.03
    delay: float = 3.0
    review: str = "floor"
    """floor, targeted (as the monitor asks), or one of review_desk.STARTS"""
    challenger: bool = True
    changes: tuple[Change, ...] = field(default=())

    def at_rest(self, day: int) -> bool:
        """A weekend or a public holiday."""
        return day % 7 >= 5 or (self.holidays and day > 0 and day % 37 == 9)

    def active(self, day: int) -> list[Change]:
        """What is different on a day."""
        return [change for change in self.changes if change.start <= day < change.until]
