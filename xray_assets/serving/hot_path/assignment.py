"""Which model a request is assigned to: pure, sticky and ramp-monotone. No state and no clock here.

u is uniform in [0, 100) by (experiment, routing key); the challenger serves u < share. One routing
key keeps one model as long as the share stays, and raising the share moves nobody away from the
challenger.
"""

import hashlib

_BUCKETS = float(1 << 64)


def position(experiment_id: str, routing_key: str) -> float:
    """u in [0, 100), the same for the same pair on every machine; independent between experiments.

    SHA-256 of "<length of experiment>:<experiment><routing key>", so that no two pairs share an
    encoding.
    """
    identity = f"{len(experiment_id)}:{experiment_id}{routing_key}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(identity).digest()[:8], "big") * (100.0 / _BUCKETS)


def assigned_to_challenger(experiment_id: str, routing_key: str, *, share: float) -> bool:
    """True when the challenger serves this key at `share` percent; never at 0, always at 100."""
    if share <= 0:
        return False
    return share >= 100 or position(experiment_id, routing_key) < share
