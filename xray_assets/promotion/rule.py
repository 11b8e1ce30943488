"""Every constant of the promotion rule, frozen and hashed.

The formulas that use them live in `evidence`, `propensity`, `sample_ratio` and `verdict`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from xray_assets.catalog import CHANCES
from xray_assets.promotion.counts.uncertainty_bands import DEFAULT_CUTS


@dataclass(frozen=True)
class PromotionRule:
    """The rule of `docs/decision.md`: write `sha256` into the record before the experiment starts.

    Error rates: a wrong PROMOTE in at most 1 / promote_evidence of experiments, a ROLLBACK of a
    challenger that is no worse in at most 1 / rollback_evidence. Raises ValueError on constants
    that would make a bet lose everything or a threshold meaningless.
    `review_correction` names the form of `propensity` and `evidence`; it selects nothing, but a
    change of that form must change it, and with it the hash. `chance_classes` are the chances at
    which cases are drawn for review, logged with each case; None: chances are estimated from the
    counts, whose strata are then the served arm and the bands of `uncertainty_cuts` (versions 1
    and 2). `largest_backlog`: share of the drawn disagreements that may stay without a truth.
    `largest_fall` None: a fall of the evidence is no doubt, as in version 1.
    """

    version: str = "3"
    review_correction: str = "logged chances; a drawn case without a truth is the worst case"
    chance_classes: tuple[float, ...] | None = CHANCES
    largest_backlog: float = 0.05
    sensitivity_margin: float = 0.03
    lowest_bet: float = 0.06
    highest_bet: float = 0.9
    n_bets: int = 12
    promote_evidence: float = 20.0
    rollback_evidence: float = 10.0
    min_reviewed: int = 30
    min_positives: int = 10
    min_negatives: int = 10
    max_reads: int = 5000
    sample_ratio_evidence: float = 100.0
    sample_ratio_pseudo_counts: float = 100.0
    recent_evidence: float = 100.0
    reviews_per_batch: int = 100
    largest_fall: float | None = 200.0
    interval_level: float = 0.95
    uncertainty_cuts: tuple[float, ...] = DEFAULT_CUTS

    def __post_init__(self) -> None:
        """Refuse constants that would void the guarantees."""
        if not 0 < self.lowest_bet <= self.highest_bet < 1:
            raise ValueError(
                "bets must satisfy 0 < lowest_bet <= highest_bet < 1, "
                f"got {self.lowest_bet} and {self.highest_bet}"
            )
        if not 0 <= self.sensitivity_margin < 1:
            raise ValueError(
                f"sensitivity_margin must lie in [0, 1), got {self.sensitivity_margin}"
            )
        if not all(0 < chance <= 1 for chance in self.chance_classes or ()):
            raise ValueError(f"chance_classes must lie in (0, 1], got {self.chance_classes}")
        if not 0 <= self.largest_backlog < 1:
            raise ValueError(f"largest_backlog must lie in [0, 1), got {self.largest_backlog}")
        if not 0 < self.interval_level < 1:
            raise ValueError(f"interval_level must lie in (0, 1), got {self.interval_level}")
        thresholds = (
            self.promote_evidence,
            self.rollback_evidence,
            self.sample_ratio_evidence,
            self.recent_evidence,
            self.largest_fall,
        )
        if not all(1 < threshold < 1e300 for threshold in thresholds if threshold is not None):
            raise ValueError(f"evidence thresholds must lie above 1, got {thresholds}")
        if not self.sample_ratio_pseudo_counts > 0:
            raise ValueError("sample_ratio_pseudo_counts must be positive")
        if min(self.n_bets, self.max_reads, self.reviews_per_batch) < 1:
            raise ValueError("n_bets, max_reads and reviews_per_batch must be at least 1")
        if min(self.min_reviewed, self.min_positives, self.min_negatives) < 0:
            raise ValueError("the minimum numbers of reviews cannot be negative")

    @cached_property
    def bets(self) -> NDArray[np.float64]:
        """The mixture's bets, (n_bets,) geometric from lowest_bet to highest_bet."""
        bets = np.geomspace(self.lowest_bet, self.highest_bet, self.n_bets)
        bets.setflags(write=False)
        return bets

    @property
    def logs_chances(self) -> bool:
        """True where each case's chance of review was logged before it was read."""
        return self.chance_classes is not None

    @property
    def canonical_json(self) -> str:
        """Every constant as JSON with sorted keys and no spaces: what `sha256` covers.

        Versions 1 and 2 are spelled as they were when experiments froze them.
        """
        constants = asdict(self)
        if not self.logs_chances:
            del constants["chance_classes"], constants["largest_backlog"]
        if self.largest_fall is None:
            del constants["largest_fall"]
            constants["reviews_per_segment"] = constants.pop("reviews_per_batch")
        return json.dumps(constants, sort_keys=True, separators=(",", ":"))

    @cached_property
    def sha256(self) -> str:
        """Hex SHA-256 of `canonical_json`."""
        return hashlib.sha256(self.canonical_json.encode()).hexdigest()
