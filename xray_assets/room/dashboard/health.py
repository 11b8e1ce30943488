"""The health strip: what is wrong with the evidence or the traffic, whatever the verdict is. Pure.

Red is what holds a promotion back: the guards of the ramp (`rollout.guards`) and the rule's own
alarms. What cannot be seen is not well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from xray_assets.cases.evidence_quality import sample_ratio
from xray_assets.reasons import BACKLOG, RECENT_EVIDENCE, Reason
from xray_assets.rollout.guards import ArmTraffic, GuardLimits, red_guards

GOOD, WATCH, RED, UNSEEN = "good", "watch", "red", "unseen"

LONGEST_DELAY_HOURS = 72.0
"""Beyond it the delay of labels is worth a look: drawn cases are overdue after 7 days."""


@dataclass(frozen=True)
class Light:
    """One light of the strip, with its sentence."""

    name: str
    state: str
    sentence: str


@dataclass(frozen=True)
class Health:
    """All lights. `promotion` says in a sentence whether red ones hold a promotion back."""

    lights: tuple[Light, ...]

    @property
    def blocks_promotion(self) -> bool:
        """True while any light is red."""
        return any(light.state == RED for light in self.lights)

    @property
    def promotion(self) -> str:
        """For people."""
        if self.blocks_promotion:
            return "Red blocks promotion: no step is taken until it is mended."
        return "Nothing here holds a promotion back."


def health(
    report: Mapping[str, Any] | None,
    codes: Sequence[str],
    challenger: ArmTraffic | None,
    limits: GuardLimits,
    *,
    counted: bool,
    missing: int,
    delay: tuple[float, str] | None,
    progress: pl.DataFrame,
) -> Health:
    """report, codes: of the experiment's last decision (None: there is none). challenger: its
    traffic under the config in force. counted: has any request been counted; missing: positions
    that the log lacks. delay: median hours from request to label, and the day. progress: rows of
    gold.review_progress of the experiment.
    """
    red = {one.code: one for one in red_guards(challenger, limits, log_gaps=missing, alarms=())}
    return Health(
        (
            _of_the_split(report),
            _of_recent_reads(report, codes),
            _of_the_log(red.get("log_gaps"), counted),
            _of_the_guards(
                [one for code, one in red.items() if code != "log_gaps"], challenger, limits
            ),
            _of_the_delay(delay),
            _of_the_backlog(progress, codes),
        )
    )


def _of_the_split(report: Mapping[str, Any] | None) -> Light:
    if report is None:
        return Light("Sample ratio", UNSEEN, "There is no decision yet to judge it by.")
    found = sample_ratio(report)
    state = GOOD if found.passed else RED
    return Light("Sample ratio", state, _sentence(found.sentence))


def _of_recent_reads(report: Mapping[str, Any] | None, codes: Sequence[str]) -> Light:
    if report is None:
        return Light("Recent reads", UNSEEN, "There is no decision yet to judge them by.")
    if RECENT_EVIDENCE in codes:
        return Light("Recent reads", RED, "Recent reads speak against the challenger.")
    return Light("Recent reads", GOOD, "Recent reads raise no alarm.")


def _of_the_log(gaps: Reason | None, counted: bool) -> Light:
    if not counted:
        return Light("Log", UNSEEN, "No request has been counted yet.")
    if gaps:
        return Light("Log", RED, _sentence(gaps.sentence))
    return Light("Log", GOOD, "No position of the inference log is missing.")


def _of_the_guards(
    red: Sequence[Reason], challenger: ArmTraffic | None, limits: GuardLimits
) -> Light:
    if challenger is None or challenger.requests < limits.min_requests:
        return Light(
            "Guards", UNSEEN, "Too few of the challenger's requests to judge errors and latency."
        )
    if red:
        return Light("Guards", RED, _sentence("; ".join(one.sentence for one in red)))
    return Light(
        "Guards", GOOD, "Errors, fallbacks and latency of the challenger are within limits."
    )


def _of_the_delay(delay: tuple[float, str] | None) -> Light:
    if delay is None:
        return Light("Label delay", UNSEEN, "No prediction of the last days has a label.")
    hours, day = delay
    state = WATCH if hours > LONGEST_DELAY_HOURS else GOOD
    return Light(
        "Label delay", state, f"Half of the labels of {day} came within {hours:,.1f} hours."
    )


def _of_the_backlog(progress: pl.DataFrame, codes: Sequence[str]) -> Light:
    name = "Unlabelled"
    if BACKLOG in codes:
        return Light(
            name, RED, "Too many drawn cases are overdue: PROMOTE is refused until they are read."
        )
    drawn = int(progress["cases"].sum()) - int(progress["not_drawn"].sum())
    if not drawn:
        return Light(name, UNSEEN, "No case has been drawn for review.")
    overdue, due = int(progress["overdue"].sum()), int(progress["due"].sum())
    told = f"{overdue:,} of {drawn:,} drawn cases are overdue ({overdue / drawn:.1%})"
    return Light(name, WATCH if overdue else GOOD, f"{told}, {due:,} more are due.")


def _sentence(told: str) -> str:
    return f"{told[:1].upper()}{told[1:]}."
