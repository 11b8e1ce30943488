"""What counts are refused, and why."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from xray_assets.promotion import PairedCounts

GOOD = {
    "reviewed": np.ones((4, 2, 2, 2), dtype=int),
    "scored": np.full((4, 2, 2), 2),
    "served": np.array([[5, 5], [3, 7]]),
    "split": np.array([0.5, 0.7]),
    "batches": np.ones((1, 4, 2, 2, 2), dtype=int),
}


def test_good_counts_are_kept_and_cannot_be_changed_from_outside() -> None:
    reviewed = GOOD["reviewed"].copy()
    counts = PairedCounts(**{**GOOD, "reviewed": reviewed})
    reviewed[0, 0, 0, 0] = 99
    assert (counts.n_strata, counts.n_reviewed, counts.n_scored) == (4, 32, 32)
    with pytest.raises(ValueError, match="read-only"):
        counts.reviewed[0, 0, 0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        counts.reviewed = reviewed  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"reviewed": np.ones((4, 2, 2), dtype=int)}, "reviewed must have 4 dimensions"),
        ({"reviewed": np.ones((4, 2, 3, 2), dtype=int)}, r"reviewed must have shape \(4, 2, 2, 2"),
        ({"reviewed": np.ones((0, 2, 2, 2), dtype=int)}, "at least one stratum"),
        ({"reviewed": np.ones((4, 2, 2, 2))}, "reviewed must hold integers"),
        ({"reviewed": np.ones((4, 2, 2, 2), dtype=bool)}, "reviewed must hold integers"),
        ({"reviewed": -np.ones((4, 2, 2, 2), dtype=int)}, "from 0 to"),
        ({"reviewed": np.full((4, 2, 2, 2), 2**60)}, "from 0 to"),
        ({"scored": np.ones((4, 2, 2), dtype=int)}, "more cases than scored"),
        ({"scored": np.ones((3, 2, 2), dtype=int)}, r"scored must have shape \(4"),
        ({"served": np.array([5, 5])}, "served must have 2 dimensions"),
        ({"served": np.array([[5, 5, 5]])}, "served must have shape"),
        ({"split": np.array([0.5])}, r"split must have shape \(2,\)"),
        ({"split": np.array([50, 70])}, "not a percentage"),
        ({"split": np.array([0.5, np.nan])}, "split must lie"),
        ({"split": ["half", "more"]}, "split must hold numbers"),
        ({"batches": np.ones((2, 4, 2, 2, 2), dtype=int)}, "batches hold more"),
        ({"batches": np.ones((1, 3, 2, 2, 2), dtype=int)}, "batches must have shape"),
        ({"propensities": np.zeros((4, 2, 2))}, "propensities must be above 0"),
        ({"propensities": np.ones((4, 2))}, "propensities must have shape"),
    ],
)
def test_bad_counts_are_refused_with_the_arrays_name(changed, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PairedCounts(**{**GOOD, **changed})
