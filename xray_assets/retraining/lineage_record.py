"""What is written of a candidate wherever it goes: on its version in the registry, and on the page
of its asset. Where it comes from, what asked for it, what it was made of, what it passed.
"""

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import polars as pl

from xray_assets.retraining.candidate import Attempt
from xray_assets.retraining.requests import Row
from xray_assets.scoring.registered import EPISODE_TAG, PARENT_TAG, REQUEST_TAG


def lineage_record(
    request: Row,
    films: pl.DataFrame,
    attempt: Attempt,
    *,
    hyper_parameters: Mapping[str, Any],
    search: str,
    seeds: Sequence[int],
    golden_versions: Sequence[int],
) -> dict[str, str]:
    """Tags of the version: text by name. films: rows of silver.training_films."""
    counts = films.group_by("source", "site", "label", "dataset_split").len().sort(pl.all())
    gates = {gate.name: {"value": gate.value, "limit": gate.limit} for gate in attempt.gates}
    known = {
        PARENT_TAG: request["parent_model"],
        "parent_sha256": request["parent_sha256"],
        REQUEST_TAG: request["request_id"],
        "retraining_triggers": request["triggers"],
        "retraining_method": attempt.method,
        EPISODE_TAG: request["episode_id"],
        "monitoring_level": request["level"],
        "monitoring_baseline": request["baseline_id"],
        "training_set_sha256": request["training_set_sha256"],
        "training_films": json.dumps(counts.to_dicts()),
        "hyper_parameters": json.dumps(dict(hyper_parameters), sort_keys=True, default=str),
        "hyper_parameters_search": search,
        "seeds": ",".join(map(str, seeds)),
        "code_version": version("xray-assets"),
        "retraining_gates": json.dumps(gates, sort_keys=True),
        "golden_versions": ",".join(map(str, golden_versions)),
        "decision": "registered" if attempt.passed else "gated",
        "made_by": json.dumps(attempt.made.details if attempt.made else {}, default=str),
    }
    return {name: str(value) for name, value in known.items() if value not in (None, "")}
