"""Patients to splits, by a hash that depends on nothing but the patient: new films move no old one.

A patient who is in the table already stays where they are, also when the shares or the seed were
changed since; only a full refresh draws again.
"""

import hashlib
from collections.abc import Mapping

DRAW_ORDER = ("train", "val", "test")


def split_of(patient_id: str, *, shares: Mapping[str, float], seed: int) -> str:
    """The split of a patient: a uniform hash against the cumulated shares, in DRAW_ORDER.

    `shares` are fractions that sum to 1. Depends on nothing but its arguments.
    """
    digest = hashlib.sha256(f"split:{seed}:{patient_id}".encode()).digest()
    drawn = int.from_bytes(digest[:8], "big") / 2**64
    reached = 0.0
    for name in DRAW_ORDER:
        reached += shares[name]
        if drawn < reached:
            return name
    return next(name for name in reversed(DRAW_ORDER) if shares[name] > 0)
