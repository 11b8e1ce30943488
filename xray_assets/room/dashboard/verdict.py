"""The dashboard's first lines: the verdict in a sentence, why, and what is missing. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xray_assets.catalog import CHALLENGER, CHAMPION, served_name
from xray_assets.reasons import from_columns
from xray_assets.rollout.experiment import (
    CLOSED,
    INCONCLUSIVE,
    OPEN,
    PROMOTED,
    RAMPING,
    ROLLED_BACK,
    WITHDRAWN,
)

Row = Mapping[str, Any]

NO_VERDICT = "NONE"

_SENTENCES = {
    "PROMOTE": "Promote {challenger}: it is more accurate and misses no more.",
    "KEEP_TESTING": "Keep testing {challenger} against {champion}.",
    "ROLLBACK": "Roll {challenger} back: {champion} serves.",
    NO_VERDICT: "No verdict yet on {challenger} against {champion}.",
}

_OVERRULED = {
    ROLLED_BACK: "{challenger} was rolled back: {champion} serves.",
    INCONCLUSIVE: "Neither model has won: {champion} serves.",
    CLOSED: "The experiment was closed: {champion} serves.",
    WITHDRAWN: "The experiment was withdrawn: {champion} serves.",
}
"""Where the experiment ended otherwise than its last verdict said."""

_STATES = {
    OPEN: "The experiment is open: the challenger gets {stage} % of the traffic.",
    RAMPING: "The experiment is ramping up: the challenger gets {stage} % of the traffic.",
    PROMOTED: "The challenger was promoted and serves.",
    ROLLED_BACK: "The challenger was rolled back.",
    INCONCLUSIVE: "The experiment ended without a winner: the champion serves.",
    CLOSED: "The experiment was closed: the champion serves.",
    WITHDRAWN: "The experiment was withdrawn before it was served.",
}


@dataclass(frozen=True)
class VerdictView:
    """`code` is the verdict, or NONE; `since` when it was decided."""

    code: str
    headline: str
    state: str
    why: tuple[str, ...]
    missing: str
    since: datetime | None


def verdict_view(experiment: Row, decision: Row | None, report: Row | None) -> VerdictView:
    """From a row of gold.experiments and its last row of gold.promotion_decision (None: nothing is
    decided yet) with its `report`, parsed.
    """
    champion, challenger = (
        served_name(experiment[f"{role}_model"], experiment[f"{role}_version"])
        for role in (CHAMPION, CHALLENGER)
    )
    code = decision["verdict"] if decision else NO_VERDICT
    state = experiment["state"]
    sentence, overruled = _SENTENCES[code], ""
    if state in _OVERRULED and not (state == ROLLED_BACK and code == "ROLLBACK"):
        sentence = _OVERRULED[state]
        overruled = f" Why: {experiment['cause']}. The last verdict was {code}."
    return VerdictView(
        code=code,
        headline=sentence.format(champion=champion, challenger=challenger),
        state=_STATES[state].format(stage=experiment["stage"]) + overruled,
        why=_why(decision) if decision else ("No case of this experiment has been judged.",),
        missing=_missing(code, (report or {}).get("decision", {}), state),
        since=decision["decided_at"] if decision else None,
    )


def _why(decision: Row) -> tuple[str, ...]:
    told = (reason for reason in from_columns(decision) if reason.code != "expected_further_reads")
    return tuple(f"{reason.sentence[:1].upper()}{reason.sentence[1:]}." for reason in told)


def _missing(code: str, decided: Row, state: str) -> str:
    if state not in (OPEN, RAMPING):
        return "Nothing: the experiment has ended."
    if code == NO_VERDICT:
        return "The first reads."
    if code != "KEEP_TESTING":
        return "Nothing: the evidence is complete."
    further = decided.get("expected_further_reads")
    if further is None:
        return "How many more reads it takes is not in sight at the present growth."
    if not further:
        return "The evidence is complete; what is named above holds it back."
    return f"{further:,} more reads expected, at the present growth of the evidence."
