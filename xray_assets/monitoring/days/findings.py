"""What the last judged day says of films, scores, prevalence and harm, for the asset checks. Pure.

A check that cannot judge says so and passes: `the_day_was_judged` is the one that fails then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xray_assets.contracts.tables.days import CONCEPT, MAJOR, UNKNOWN
from xray_assets.reasons import BASELINE_INCOMPLETE, NO_READS, from_columns

FILM_FAMILIES = frozenset({"film", "embedding", "segment"})
SCORE_FAMILIES = frozenset({"score"})


@dataclass(frozen=True)
class Finding:
    """A check's result. `grave`: a failure is an error, else a warning."""

    name: str
    passed: bool
    sentence: str
    grave: bool = False


TOLD = {
    "the_day_was_judged": "The newest closed day could be judged.",
    "films_look_like_the_baseline": "Films, embeddings and sites are those of the baseline.",
    "scores_look_like_the_baseline": "The models' scores are those of the baseline.",
    "prevalence_is_the_baselines": "The share of pneumonia is that of the baseline.",
    "no_harm_is_proven": "No read proves that the champion does worse than in the baseline.",
}
"""The checks, and what each one says."""


def findings(row: Mapping[str, Any] | None, *, overdue: int) -> list[Finding]:
    """One finding a check. row: of the last judged day; None before the first. overdue: days that
    should have been judged.
    """
    reasons = from_columns(row) if row and row["reason_codes"] else ()
    why = "; ".join(map(str, reasons))
    day = f"{row['date']}: " if row else ""
    waits = row is None or any(one.code == BASELINE_INCOMPLETE for one in reasons)
    unknown = bool(row) and row["level"] == UNKNOWN and not waits
    late = f"{overdue} closed days are not judged" if overdue else ""
    told = "; ".join(part for part in (late, why) if part) or "judged"
    found = [Finding("the_day_was_judged", not (unknown or overdue), day + told, grave=True)]
    if row is None or row["level"] == UNKNOWN:
        sentence = f"{day}not known{f': {why}' if why else ', no day was judged yet'}"
        return found + [Finding(name, passed=True, sentence=sentence) for name in [*TOLD][1:]]
    sites = ", ".join(name or "all" for name in row["sites"])
    for name, families in (("films", FILM_FAMILIES), ("scores", SCORE_FAMILIES)):
        changed = sorted(families & {*row["families"]})
        told = f"{', '.join(changed)} changed, at {sites}" if changed else "nothing changed"
        found.append(Finding(f"{name}_look_like_the_baseline", not changed, day + told))
    prevalence = row["kind"] == "prevalence"
    told = f"{'changed' if prevalence else 'not shown to have changed'}, level {row['level']}"
    found.append(Finding("prevalence_is_the_baselines", not prevalence, day + told))
    harmed = ", ".join(name or "all" for name in row["harm_sites"])
    proven = bool(harmed) or row["level"] in (MAJOR, CONCEPT)
    told = f"level {row['level']}{f', harm at {harmed}' if harmed else ''}" if proven else "none"
    if not proven and any(one.code == NO_READS for one in reasons):
        told = f"not known: {why}"
    found.append(Finding("no_harm_is_proven", not proven, day + told, grave=True))
    return found
