"""The promotion rule's only input: counts of paired cases.

What fits together, and the JSON of it, belongs here. Building the counts (`case_counts`), and any
statistic on them, does not.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from xray_assets.promotion.counts.checked_arrays import (
    Counts,
    Shares,
    counts_in,
    counts_of_shape,
    expect,
    shares_of_shape,
)


@dataclass(frozen=True, eq=False)
class PairedCounts:
    """Paired, stratified counts of one experiment; arrays over models are [champion, challenger].

    reviewed: (G, 2, 2, 2) integers [stratum, champion label, challenger label, truth].
    scored: (G, 2, 2) integers, all cases scored by both models, reviewed or not.
    served: (S, 2) integers, distinct routing keys by the model assigned, a row a config version.
    split: (S,) floats in [0, 1], the challenger's share in each of those versions.
    batches: (K, G, 2, 2, 2) integers, the reviewed counts in order of review, 100 cases a batch;
        cases of `reviewed` that no batch holds are the newest, unfinished batch.
        None: order unknown.
    propensities: (G, 2, 2) floats in (0, 1], the logged chance of review of each cell where the
        review queue drew at random; None: estimated from the counts.

    Where chances are logged, cases are counted in the order they were scored, up to the first drawn
    one that is still due, and these are known too (None: none):
    overdue: (G, 2, 2) integers, drawn cases without a truth that are no longer waited for.
    overdue_batches: (K, G, 2, 2) integers, those in `batches`.
    uninterpretable: (G, 2, 2) integers, drawn cases that left the experiment.
    served_correct: (2, 2) integers [champion, challenger] x [wrong, correct], each reviewed case
        under the model that served it.
    n_later: settled cases beyond the first one that is due: they do not count yet.

    Raises ValueError, saying which array and why, on any other shape, dtype or value.
    """

    reviewed: Counts
    scored: Counts
    served: Counts
    split: Shares
    batches: Counts | None = None
    propensities: Shares | None = None
    overdue: Counts | None = None
    overdue_batches: Counts | None = None
    uninterpretable: Counts | None = None
    served_correct: Counts | None = None
    n_later: int = 0

    def __post_init__(self) -> None:
        """Validate every array and keep read-only copies."""
        reviewed = counts_in("reviewed", self.reviewed, ndim=4)
        if len(reviewed) == 0:
            raise ValueError("reviewed needs at least one stratum, got shape (0, 2, 2, 2)")
        cells = (len(reviewed), 2, 2)
        expect("reviewed", reviewed, (*cells, 2))
        served = counts_in("served", self.served, ndim=2)
        expect("served", served, (len(served), 2))
        kept: dict[str, NDArray[Any]] = {
            "reviewed": reviewed,
            "scored": counts_of_shape("scored", self.scored, cells),
            "served": served,
            "split": shares_of_shape("split", self.split, (len(served),)),
        }
        n_batches = 0 if self.batches is None else len(self.batches)
        for name, shape in {
            "batches": (n_batches, *cells, 2),
            "overdue": cells,
            "overdue_batches": (n_batches, *cells),
            "uninterpretable": cells,
            "served_correct": (2, 2),
        }.items():
            if (given := getattr(self, name)) is not None:
                kept[name] = counts_of_shape(name, given, shape)
        if self.propensities is not None:
            kept["propensities"] = shares_of_shape("propensities", self.propensities, cells)
        _fit_together(kept)
        for name, array in kept.items():
            object.__setattr__(self, name, array)

    @property
    def n_strata(self) -> int:
        """Number of strata G."""
        return int(self.reviewed.shape[0])

    @property
    def n_reviewed(self) -> int:
        """Cases with a consensus truth."""
        return int(self.reviewed.sum())

    @property
    def n_scored(self) -> int:
        """Cases scored by both models."""
        return int(self.scored.sum())

    def as_json(self) -> str:
        """Every count; `from_json` gives the same evidence."""
        known = {
            name: value
            for name, value in vars(self).items()
            if value is not None and np.size(value)
        }
        return json.dumps(known, default=np.ndarray.tolist, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The counts in a decision's row. Raises ValueError where they do not fit together."""
        stored: dict[str, Any] = json.loads(text)
        n_later = stored.pop("n_later", 0)
        arrays: dict[str, Any] = {"served": np.zeros((0, 2), np.int64), "split": np.zeros(0)}
        arrays |= {name: np.array(value) for name, value in stored.items() if value}
        return cls(**arrays, n_later=n_later)


def _fit_together(kept: dict[str, NDArray[Any]]) -> None:
    drawn = kept["reviewed"].sum(axis=3)
    for name in ("overdue", "uninterpretable"):
        drawn = drawn + kept.get(name, 0)
    if np.any(drawn > kept["scored"]):
        raise ValueError(
            "reviewed holds more cases than scored in some cell (with those that have no truth); "
            "every reviewed case must have been scored by both models"
        )
    for part, whole in (("batches", "reviewed"), ("overdue_batches", "overdue")):
        if part in kept and np.any(kept[part].sum(axis=0) > kept.get(whole, 0)):
            raise ValueError(
                f"{part} hold more cases than {whole} in some cell; "
                "rebuild both from the same reads"
            )
    if np.any(kept.get("propensities", 1) <= 0):
        raise ValueError(
            "propensities must be above 0: a cell that is never reviewed cannot be corrected for"
        )
