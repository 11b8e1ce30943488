"""Compares the decision record with itself, with its witnesses, and with what was done on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from xray_assets.audit.acts import unfounded_acts
from xray_assets.audit.chain import POSITION, Head, Witness, broken_links, contradictions
from xray_assets.catalog import ENDPOINT_CONFIG, PROMOTION_DECISION

if TYPE_CHECKING:
    from xray_assets.resources.tables import Tables
    from xray_assets.resources.witness import DecisionWitness

CHAIN_HEAD = "chain_head"
"""Metadata of each materialization of gold/promotion_decision."""

EVENTS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Audit:
    """Rows of the record, its head, how many witnesses were asked, and what does not fit."""

    rows: int
    head: Head
    witnesses: int
    findings: tuple[str, ...]


def verify(tables: "Tables", instance: dg.DagsterInstance, witness: "DecisionWitness") -> Audit:
    """Audit the whole record: its links, its witnesses in Dagster and MLflow, and the configs that
    were served on its decisions.
    """
    rows = tables.read(PROMOTION_DECISION).sort(POSITION).collect().to_dicts()
    witnesses = [*dagster_witnesses(instance), *witness.seen()]
    configs = tables.read(ENDPOINT_CONFIG).select("config_version", "cause").collect()
    findings = [
        *broken_links(rows),
        *contradictions(rows, witnesses),
        *unfounded_acts(configs.to_dicts(), rows),
    ]
    head = Head.of(rows[-1]) if rows else Head.START
    return Audit(len(rows), head, len(witnesses), tuple(findings))


def dagster_witnesses(instance: dg.DagsterInstance) -> Iterator[Witness]:
    """The heads that Dagster's event log holds, newest first."""
    key, cursor = dg.AssetKey(PROMOTION_DECISION), None
    while True:
        found = instance.fetch_materializations(key, limit=EVENTS_AT_ONCE, cursor=cursor)
        for record in found.records:
            event = record.asset_materialization
            head = event.metadata.get(CHAIN_HEAD) if event else None
            if head is not None:
                yield Witness(f"Dagster's run {record.run_id}", Head.parse(str(head.value)))
        if not found.has_more:
            return
        cursor = found.cursor
