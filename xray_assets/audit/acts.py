"""What was done on decisions: every config that names a decision must name one that allows it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

NAMED_DECISION = re.compile(r"(PROMOTE|ROLLBACK|inconclusive) by decision (\S+?):")
"""How `rollout/reconcile.py` names the decision in the cause of a step."""

_VERDICT = {"inconclusive": "KEEP_TESTING"}


def unfounded_acts(
    configs: Iterable[Mapping[str, Any]], decisions: Iterable[Mapping[str, Any]]
) -> list[str]:
    """Configs whose cause names a decision that the record does not hold, or holds with another
    verdict; a sentence each. configs: config_version, cause. decisions: decision_id, verdict.
    """
    verdicts = {row["decision_id"]: row["verdict"] for row in decisions}
    found = {}
    for config in configs:
        named = NAMED_DECISION.match(config["cause"] or "")  # a person's words stand later
        if named is None:
            continue
        claimed, decision = _VERDICT.get(named[1], named[1]), named[2]
        if verdicts.get(decision) != claimed:
            said = verdicts.get(decision, "is not in the record")
            found[config["config_version"]] = (
                f"config version {config['config_version']} was served on {claimed} by decision "
                f"{decision}, which {f'says {said}' if decision in verdicts else said}"
            )
    return list(found.values())
