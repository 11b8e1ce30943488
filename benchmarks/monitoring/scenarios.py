"""The worlds by name: nulls, where nothing happens, and changes with what must be reached."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks.monitoring.measures import (
    Run,
    concept,
    first_alarm,
    harm_at,
    named,
    never_alarms,
    never_harms,
    quiet_again,
    unknown_at_once,
)
from benchmarks.monitoring.simulated.films import BLURS, GAINS
from benchmarks.monitoring.simulated.plans import Change, Plan
from xray_assets.catalog import FEATURES

ORDINARY = Plan()
SMALL = replace(ORDINARY, weekday_films=50, weekend_films=20)
_EQUAL_DAYS = {"weekday_films": 430, "weekend_films": 430, "weekend_portable": 0.0,
               "weekend_prevalence": 0.0, "day_deviation": 0.0}  # fmt: skip
_ONE_FILM = {"films_of_a_patient": (1.0,), "returning": 0.0}

NULLS = {
    "exchangeable": replace(ORDINARY, **_EQUAL_DAYS, **_ONE_FILM),
    "weekly cycle": replace(ORDINARY, **_ONE_FILM, day_deviation=0.0),
    "1-6 films a patient": replace(
        ORDINARY, **_EQUAL_DAYS, films_of_a_patient=(1 / 6,) * 6, returning=0.1
    ),
    "ordinary": ORDINARY,
    "ordinary, 50 films a day": SMALL,
    "volume burst x3 every 10th day": replace(ORDINARY, burst_every=10),
    "ward, one film a day, stay 7": replace(ORDINARY, stay=7),
    "every disagreement read": replace(ORDINARY, review="disagreements"),
    "unsure films read first": replace(ORDINARY, review="unsure first"),
    "a floor of reads that moves": replace(ORDINARY, review="a floor that moves"),
    "twenty small sites": replace(ORDINARY, wards=10),
    "ten public holidays": replace(ORDINARY, holidays=True),
    "seasonal prevalence +-0.03": replace(ORDINARY, changes=(Change(start=0, season=0.03),)),
}
"""Nothing wrong: six of the plan, two that an earlier design failed, and five more. A holiday is
news (portable films, more of the sick), so what is asked there is that nothing worse is said."""

CHAMPION_UNCHANGED = "every disagreement read"


@dataclass(frozen=True)
class Row:
    """A line of the acceptance table. measure: days (None: never) of a run; smaller is better.

    limit: what must be reached; None: the days are shown and nothing is demanded. `never` rows
    have limit 0 and a measure that counts what must not happen.
    """

    name: str
    plan: Plan
    measure: Callable[[Run], float | None]
    limit: float | None
    days: int = 60
    must: str = ""

    @property
    def demanded(self) -> str:
        """The limit, for people."""
        return self.must or ("-" if self.limit is None else f"<= {self.limit:g}")


def changed(base: Plan = ORDINARY, **change: object) -> Plan:
    """A plan with one change on day 30."""
    return replace(base, changes=(Change(**change),))  # type: ignore[arg-type]


_B = ("B",)
_HARMFUL = changed(sites=_B, kinds=("lower_third_lost",))
_TARGETED = replace(_HARMFUL, review="targeted")
_ONE_SITE = ("gain", "contrast", "blur", "matrix", "low_matrix", "border", "broken_window")
_ENDS = {"until": 51}
_TWO = replace(ORDINARY, changes=(Change(sites=_B, kinds=("gain",)),
                                  Change(start=60, sites=("A",), kinds=("border",))))  # fmt: skip

ACCEPTANCE = (
    *(Row(f"{k} at site B", changed(sites=_B, kinds=(k,)), first_alarm, 2, 36) for k in _ONE_SITE),
    Row("new site 20 %, tagged", changed(new_site=0.2), first_alarm, 2, 36),
    Row("new site 20 %, not tagged", changed(new_site=0.2, tagged=False), first_alarm, 3, 40),
    Row("inverted, 5 % of films", changed(kinds=("inverted",), share=0.05), first_alarm, 2, 40),
    Row("strong blur in 10 %", changed(kinds=("strong_blur",), share=0.1), first_alarm, 3, 40),
    Row("lower third lost in 3 %", changed(kinds=("lower_third_lost",), share=0.03),
        first_alarm, 7, 45),
    Row("cut files (grey fill) in 3 %", changed(kinds=("truncated",), share=0.03),
        first_alarm, 7, 45),
    Row("prevalence 0.74 -> 0.62, named so", changed(prevalence=-0.12), named("prevalence"), 10),
    Row("prevalence 0.74 -> 0.70", changed(prevalence=-0.04), never_alarms, 0, 90, "never"),
    Row("slow gain, 0 to 10 % in 60 days",
        changed(kinds=(*(f"gain_{g}" for g in GAINS), "gain"), ramp=60), first_alarm, 30, 90),
    Row("gain, 50 films a day", changed(SMALL, kinds=("gain",)), first_alarm, 7, 45),
    Row("blur, 50 films a day", changed(SMALL, kinds=("blur",)), first_alarm, 7, 45),
    Row("harm at site B, targeted review", _TARGETED, harm_at("B"), 21, 120),
    Row("harm at site B, floor alone", _HARMFUL, harm_at("B"), None, 150, "later"),
    Row("a quarter of normals are disease: CONCEPT", changed(hidden=0.25), concept, 40, 80),
    Row("a change ends: NONE again", changed(sites=_B, kinds=("gain",), **_ENDS),
        quiet_again(51), 21, 90),
    Row("no rows: UNKNOWN", changed(no_rows=True), unknown_at_once, 0, 32, "same day"),
    Row("features missing: UNKNOWN", changed(null_columns=FEATURES), unknown_at_once, 0, 32,
        "same day"),
    Row("every disagreement read: no harm", NULLS[CHAMPION_UNCHANGED], never_harms, 0, 120,
        "never"),
)  # fmt: skip

OTHERS = (
    Row("slow blur at site B, to 1.6 px in 40 days",
        changed(sites=_B, kinds=(*(f"blur_{b}" for b in BLURS), "blur"), ramp=40),
        first_alarm, 20, 80),
    Row("border at site B: harm, targeted",
        replace(changed(sites=_B, kinds=("border",)), review="targeted"), harm_at("B"), 21, 80),
    Row("broken window at site B: harm, targeted",
        replace(changed(sites=_B, kinds=("broken_window",)), review="targeted"), harm_at("B"),
        None, 120),
    Row("gain at B, targeted: no harm proven",
        replace(changed(sites=_B, kinds=("gain",)), review="targeted"), never_harms, 0, 120,
        "never"),
    Row("prevalence -0.20 at site B alone", changed(sites=_B, prevalence=-0.2), first_alarm, 10),
    Row("noise in 20 %", changed(kinds=("noise",), share=0.2), first_alarm, 7, 45),
    Row("portable films everywhere", changed(kinds=("portable",), share=0.5), first_alarm, 7, 45),
    Row("champion's scores +0.7 log odds, films equal", changed(champion_shift=0.7),
        first_alarm, 14, 60),
    Row("sites swap their shares (0.35 -> 0.65): no harm", changed(site_b=0.65), never_harms, 0,
        90, "never"),
    Row("sites swap their shares: days to any alarm", changed(site_b=0.65), first_alarm, None, 90),
    Row("site B closes: no harm", changed(volume_of="B", volume=0.0), never_harms, 0, 90, "never"),
    Row("site B closes: days to any alarm", changed(volume_of="B", volume=0.0), first_alarm,
        None, 90),
    Row("volume halves", changed(volume=0.5), never_alarms, 0, 90, "never"),
    Row("another challenger from day 30: no harm", changed(new_challenger=True), never_harms, 0,
        90, "never"),
    Row("another challenger: days to any alarm", changed(new_challenger=True), first_alarm, None,
        90),
    Row("no challenger at all", replace(ORDINARY, challenger=False), never_alarms, 0, 90, "never"),
    Row("embedding missing on days 30 to 36",
        changed(null_columns=("embedding",), until=37), never_alarms, 0, 90, "never"),
    Row("answers come later, 3 to 14 days", changed(delay=14.0, delay_ramp=40), never_alarms, 0,
        120, "never"),
    Row("new readers, 6 % errors: days to `performance`", changed(reader_error=0.06),
        named("performance"), None, 120),
    Row("new readers, 6 % errors: days to any alarm", changed(reader_error=0.06), first_alarm,
        None, 120),
    Row("readers 15 % wrong: CONCEPT", changed(reader_error=0.15), concept, 60, 90),
    Row("a harmless change stands, then harm at A: found",
        replace(_TWO, review="targeted"), harm_at("A", 60), 30, 120),
    Row("harm at site B ends after 30 days: NONE again",
        replace(changed(sites=_B, kinds=("lower_third_lost",), until=60), review="targeted"),
        quiet_again(60), 30, 120),
    Row("readers 15 % wrong for 30 days: NONE again", changed(reader_error=0.15, until=60),
        quiet_again(60), 45, 130),
    Row("half of site B read from day 30, nothing else",
        replace(ORDINARY, review="half of B"), never_alarms, 0, 120, "never"),
)  # fmt: skip
"""Changes that nobody named: what must not happen is as telling as what must."""
