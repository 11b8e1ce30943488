"""An experiment as a row of gold.experiments, and back."""

from dataclasses import asdict
from typing import Any

from xray_assets.catalog import CHALLENGER, CHAMPION
from xray_assets.rollout.candidates import Candidate
from xray_assets.rollout.experiment import Experiment
from xray_assets.rollout.word import Approval

_APPROVAL_COLUMNS = {"by": "approved_by", "reason": "approval_reason", "at": "approved_at"}


def row_of(experiment: Experiment) -> dict[str, Any]:
    """A row of gold.experiments."""
    row = asdict(experiment)
    for role in (CHAMPION, CHALLENGER):
        row |= {f"{role}_{field}": value for field, value in row.pop(role).items()}
    approval = row.pop("approval") or {}
    return row | {name: approval.get(field) for field, name in _APPROVAL_COLUMNS.items()}


def experiment_of(row: dict[str, Any]) -> Experiment:
    """The experiment of a row of gold.experiments."""
    row = dict(row)
    for role in (CHAMPION, CHALLENGER):
        row[role] = Candidate(
            **{field: row.pop(f"{role}_{field}") for field in Candidate.__dataclass_fields__}
        )
    approval = {field: row.pop(name) for field, name in _APPROVAL_COLUMNS.items()}
    row["generation"] = row["generation"] or 0  # a row from before it was counted
    return Experiment(**row, approval=Approval(**approval) if approval["by"] else None)
