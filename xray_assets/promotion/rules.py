"""Every rule that an experiment may have frozen, by its hash: each is judged to its end by its own.

A new rule is a new version of `PromotionRule`'s defaults; the one before it stays here as it was.
"""

from dataclasses import replace

from xray_assets.errors import XrayError
from xray_assets.promotion.rule import PromotionRule

VERSION_2 = PromotionRule(
    version="2",
    review_correction="augmented weights; propensities averaged over poolings",
    chance_classes=None,
)
"""Release 0.2.0: who gets reviewed is estimated from the counts."""

VERSION_1 = replace(VERSION_2, version="1", largest_fall=None)
"""Until 0.1.0: no doubt follows from a fall of the evidence."""

RULES = {rule.sha256: rule for rule in (PromotionRule(), VERSION_2, VERSION_1)}


class UnknownRule(XrayError, LookupError):
    """An experiment froze a rule that this code does not hold."""


def rule_of(sha256: str) -> PromotionRule:
    """The rule with this hash. Raises UnknownRule."""
    if sha256 not in RULES:
        held = ", ".join(f"{rule.version} ({known[:12]})" for known, rule in RULES.items())
        raise UnknownRule(
            f"the experiment froze promotion rule {sha256[:12]}, this code holds {held}: judge it "
            "with the release that opened it, or close it with `xray experiment close` and open a "
            "new one"
        )
    return RULES[sha256]
