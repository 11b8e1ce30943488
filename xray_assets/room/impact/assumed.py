"""The assumptions of the page, from its address to numbers. They live in the address, so that a
link shows what its sender saw.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from xray_assets.statistics.expected_cost import Assumptions
from xray_assets.web.refusals import InvalidParameter

CUTS = (0.1, 0.3, 0.6, 0.8)
"""Of the tiers, where none are chosen."""
MOST_CUTS = 9
COSTS = ("missed", "false_alarm", "read")


@dataclass(frozen=True)
class Assumed:
    """What is assumed; `is_observed`: the prevalence is the one that the reads found."""

    costs: Assumptions
    cuts: tuple[float, ...]
    is_observed: bool


def assumed(query: Mapping[str, str], *, observed: float) -> Assumed:
    """From the fields of the form; an empty prevalence is the observed one. Raises
    InvalidParameter.
    """
    given = {name: value.strip() for name, value in query.items() if value.strip()}
    try:
        costs = {name: _number(given[name]) for name in COSTS if name in given}
        prevalence = _number(given["prevalence"]) / 100 if "prevalence" in given else observed
        cuts = (
            tuple(_number(part) for part in given["cuts"].split(",")) if "cuts" in given else CUTS
        )
        if len(cuts) > MOST_CUTS:
            raise ValueError(f"there are at most {MOST_CUTS + 1} tiers")
        return Assumed(Assumptions(prevalence, **costs), cuts, "prevalence" not in given)
    except ValueError as error:
        raise InvalidParameter(f"the assumptions make no sense: {error}") from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("write numbers, with a point") from None
