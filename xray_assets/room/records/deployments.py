"""What the endpoint served, config by config, from gold.endpoint_config."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xray_assets.catalog import ENDPOINT_CONFIG
from xray_assets.lake.tables import Tables


@dataclass(frozen=True)
class Deployment:
    """One config of the endpoint; `entities` are its rows, champion first."""

    version: int
    applied_at: datetime
    experiment_id: str | None
    decided_by: str
    cause: str
    decision_id: str | None
    generation: int | None
    entities: tuple[dict[str, Any], ...]

    @property
    def traffic(self) -> str:
        """Shares in words."""
        return ", ".join(
            f"{one['served_model_name']} {one['traffic_percentage']} %" for one in self.entities
        )


def deployments(tables: Tables) -> list[Deployment]:
    """Every config that the endpoint was seen to serve, newest first."""
    rows = tables.read(ENDPOINT_CONFIG).sort("role", "served_model_name").collect()
    found = [
        _deployment(config.to_dicts())
        for config in rows.partition_by("config_version", maintain_order=True)
    ]
    return sorted(found, key=lambda one: -one.version)


def _deployment(rows: list[dict[str, Any]]) -> Deployment:
    first = rows[-1]  # of several, the champion's: champion sorts after challenger
    return Deployment(
        version=first["config_version"],
        applied_at=first["applied_at"],
        experiment_id=first["experiment_id"],
        decided_by=first["decided_by"],
        cause=first["cause"],
        decision_id=first["decision_id"],
        generation=first["generation"],
        entities=tuple(reversed(rows)),
    )
