"""Adds a decision to the record and has its new head witnessed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import polars as pl

from xray_assets.audit.chain import POSITION, ROW_HASH, Head, HeadStore, end_of, sealed
from xray_assets.audit.coverage import (
    configs_head,
    draw_heads,
    experiments_head,
    newest,
    read_heads,
)
from xray_assets.catalog import PROMOTION_DECISION
from xray_assets.lake.tables import Tables


def record(
    decision: dict[str, Any], tables: Tables, witness: HeadStore, run: dg.DagsterRun
) -> Head:
    """Append the decision as the next link, unless the experiment's last one has the same evidence;
    return the head.

    decision: what `cases.decision.judge` made. Only the last one is compared: evidence that a
    correction takes back to an earlier state is a new decision, else a PROMOTE in between would
    stand. Raises BrokenRecord when the record may have been edited. A crash after the append leaves
    a row that only the next run has witnessed.
    """
    stored = tables.read(PROMOTION_DECISION).sort(POSITION)
    rows = (
        stored.select("experiment_id", "evidence_sha256", POSITION, ROW_HASH).collect().to_dicts()
    )
    rows[-1:] = stored.tail(1).collect().to_dicts()  # whole: its hash is computed again
    head = end_of(rows, witness.seen())
    known = [
        row["evidence_sha256"] for row in rows if row["experiment_id"] == decision["experiment_id"]
    ]
    if known[-1:] != [decision["evidence_sha256"]]:
        named = {
            "decision_id": f"{decision['experiment_id']}-{head.position + 1}",
            "decided_by": _launched_by(run),
            "run_id": run.run_id,
            "experiments_head": str(experiments_head(tables)),
            "configs_head": str(configs_head(tables)),
            "reads_head": str(_continued(tables, rows, "reads_head", read_heads)),
            "draws_head": str(_continued(tables, rows, "draws_head", draw_heads)),
        }
        link = sealed(decision | named, after=head)
        tables.append(PROMOTION_DECISION, pl.DataFrame([link]))
        head = Head.of(link)
    witness.write(head)
    return head


def _continued(
    tables: Tables,
    rows: Sequence[Mapping[str, Any]],
    column: str,
    heads: Callable[[Tables, Head], Iterator[Head]],
) -> Head:
    """The head now, continued from what the last decision holds in its hash."""
    held = rows[-1][column] if rows else None
    after = Head.parse(held) if held else Head.START
    return newest(heads(tables, after), after)


def _launched_by(run: dg.DagsterRun) -> str:
    sensor = run.tags.get("dagster/sensor_name")
    return f"sensor {sensor}" if sensor else "a person's run"
