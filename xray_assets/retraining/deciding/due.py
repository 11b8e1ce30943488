"""Whether a retraining is due, and if not, why not. Pure: facts and a moment in, a decision out.

Triggers say that one is wanted. What stands against it is looked at in this order: a broken feed,
another request, nothing to learn, what a person must decide, how often, an open experiment.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from xray_assets.contracts.tables.days import CONCEPT, MAJOR, MODERATE, UNKNOWN
from xray_assets.contracts.tables.retraining import (
    AGE,
    DATA_QUALITY,
    DRIFT,
    MANUAL,
    PERFORMANCE,
    RECALIBRATE,
    RETRAIN,
    VOLUME,
)
from xray_assets.reasons import BASELINE_INCOMPLETE, Reason
from xray_assets.retraining.deciding import guards
from xray_assets.retraining.deciding.facts import LIMITS, Facts, Limits, days

RUN, ASK, WAIT, SKIP, NOTHING = "run", "ask", "wait", "skip", "nothing"

_NONE = Reason("", "")


@dataclass(frozen=True)
class Decision:
    """What to do: `run` it, `ask` a person for it, let it `wait`, `skip` it (all four leave a row),
    or `nothing`.

    method: `recalibrate` where the scores moved and a retraining is not wanted, else `retrain`,
    which tries a recalibration first where the trigger is one of monitoring.
    """

    action: str
    triggers: tuple[str, ...] = ()
    reason: Reason = _NONE
    method: str = RETRAIN
    budget_left: int = 0


def due(facts: Facts, now: datetime, limits: Limits = LIMITS) -> Decision:
    """The decision on these facts."""
    triggers = tuple(_triggers(facts, now, limits))
    if not triggers:
        return Decision(NOTHING, reason=Reason("not_due", "nothing asks for a retraining"))
    left = guards.budget_left(facts.earlier, now, limits)
    method = _method(facts)

    def decided(action: str, reason: Reason) -> Decision:
        return Decision(action, triggers, reason, method, left)

    if broken := facts.quality.worse_by(limits.quality_points):
        what = ", ".join(broken)
        return decided(SKIP, Reason("data_quality", f"the feed is broken ({what}): mend it first"))
    if facts.mode == "off" and facts.word is None:
        return Decision(NOTHING, triggers, Reason("off", "XRAY_RETRAIN is off"), method, left)
    for action, reason in _against(facts, method, now, limits):
        return decided(action, reason)
    if facts.word is None and facts.mode == "recommend":
        return decided(ASK, Reason("recommended", "`xray retrain` carries it out"))
    said = facts.word.reason if facts.word else "due, and nothing stands against it"
    return decided(RUN, Reason("due", said))


def _triggers(facts: Facts, now: datetime, limits: Limits) -> Iterator[str]:
    standing, new = facts.standing, facts.new
    lasted = standing.since is not None and now - standing.since >= days(limits.drift_days)
    if (
        standing.at_least(MODERATE)
        and standing.kind in ("covariate", "segment", "prevalence")
        and lasted
    ):
        yield DRIFT
    if (standing.at_least(MAJOR) and standing.harm) or standing.level == CONCEPT:
        yield PERFORMANCE
    if facts.last_set_size is not None and new.count >= max(
        limits.volume_least, limits.volume_share * facts.last_set_size
    ):
        yield VOLUME
    if (
        facts.last_trained_at is not None
        and now - facts.last_trained_at >= days(limits.age_days)
        and new.count >= limits.least_truths
    ):
        yield AGE
    if facts.quality.worse_by(limits.quality_points):
        yield DATA_QUALITY
    if facts.word is not None:
        yield MANUAL


def _against(
    facts: Facts, method: str, now: datetime, limits: Limits
) -> Iterator[tuple[str, Reason]]:
    """What stands against it, most important first."""
    automatic = facts.word is None
    if blocked := guards.in_flight(facts.earlier):
        yield NOTHING, blocked
    if automatic:
        yield from ((SKIP, reason) for reason in _for_a_person(facts))
    if lacking := _nothing_to_learn(facts, method, limits):
        yield SKIP, lacking
    if automatic and (limited := guards.too_often(facts.earlier, now, limits)):
        yield SKIP, limited
    if facts.experiment_open:
        yield WAIT, Reason("experiment_open", "an experiment runs: it waits for its end")


def _for_a_person(facts: Facts) -> Iterator[Reason]:
    """What a person must look at before anything is learned."""
    standing = facts.standing
    if standing.level == CONCEPT:
        said = "what films mean has changed: look at labels, readers and guideline first"
        yield Reason("concept", said)
    if facts.agreement_fell:
        yield Reason("agreement_fell", "readers agree less than before: look at them first")
    if standing.level == UNKNOWN and set(standing.reasons) != {BASELINE_INCOMPLETE}:
        yield Reason("unknown", "monitoring could not judge: nothing is learned from it")
    if not standing.auto:
        yield Reason("escalated", "an escalation turned it off: `xray monitor resolve` or a word")


def _nothing_to_learn(facts: Facts, method: str, limits: Limits) -> Reason | None:
    """Why there is too little to learn from: reads are asked for first."""
    new, least = facts.new, limits.least_truths
    if method == RECALIBRATE:
        least = limits.least_for_recalibration
    if new.count < least:
        return Reason("too_few_truths", f"{new.count} new countable truths, {least} are needed")
    few = limits.least_of_a_class
    if min(new.normal, new.pneumonia) < few:
        said = f"{new.normal} normal and {new.pneumonia} pneumonia, {few} of each are needed"
        return Reason("too_few_of_a_class", said)
    drifted = [site for site in facts.standing.sites if site]
    by_drift = facts.standing.at_least(MODERATE) and drifted
    if by_drift and not any(new.at_sites.get(site) for site in drifted):
        said = f"no truth of {', '.join(drifted)} since it drifted: reads are asked for first"
        return Reason("none_from_the_site", said)
    if method == RECALIBRATE:
        return None
    if new.effective < limits.least_truths or (
        min(new.effective_normal, new.effective_pneumonia) < few
    ):
        said = (
            f"{new.effective:.0f} truths in effect ({new.effective_normal:.0f} normal, "
            f"{new.effective_pneumonia:.0f} pneumonia): {limits.least_truths} and {few} of each "
            "are needed"
        )
        return Reason("effective_size", said)
    return None


def _method(facts: Facts) -> str:
    """A moved prevalence moves scores and no ranks: a new operating point mends it."""
    wanted = facts.word is not None and facts.word.recalibrate
    moved = facts.standing.at_least(MODERATE) and facts.standing.kind == "prevalence"
    return RECALIBRATE if wanted or (moved and facts.word is None) else RETRAIN
