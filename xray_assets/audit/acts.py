"""What was done on decisions: every config that names a decision must name one that allows it."""

from collections.abc import Iterable, Mapping
from typing import Any

from xray_assets.reasons import INCONCLUSIVE


def unfounded_acts(
    configs: Iterable[Mapping[str, Any]], decisions: Iterable[Mapping[str, Any]]
) -> list[str]:
    """Configs that were served on a decision that the record does not hold, or that allows no act;
    a sentence each.

    configs: config_version, experiment_id, decision_id (None: served on no decision). decisions:
    decision_id, verdict, reason_codes. PROMOTE allows any config; ROLLBACK, and KEEP_TESTING where
    it is inconclusive, one without an experiment.
    """
    made = {row["decision_id"]: row for row in decisions}
    found = {}
    for config in configs:
        version, named = config["config_version"], config["decision_id"]
        if named is None or (named in made and _allows(made[named], config)):
            continue
        why = f"says {made[named]['verdict']}" if named in made else "is not in the record"
        found[version] = f"config version {version} was served on decision {named}, which {why}"
    return list(found.values())


def _allows(decision: Mapping[str, Any], config: Mapping[str, Any]) -> bool:
    codes = (decision["reason_codes"] or "").split("\n")
    ends = decision["verdict"] == "ROLLBACK" or INCONCLUSIVE in codes
    return decision["verdict"] == "PROMOTE" or (ends and config["experiment_id"] is None)
