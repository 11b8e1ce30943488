"""Heads of what decisions rest on: configs that were served, reads, and the state of experiments.

Configs and reads are only added, so their rows in order are a chain as decisions are one, computed
from the rows: its head at any row is one hash of all rows up to there. Rows of gold.experiments
change, so its head is one hash of all rows at a generation. Every decision holds the three heads
inside its own hash; Dagster's events of gold/experiments and gold/endpoint_config hold theirs.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from xray_assets.audit.chain import Head, hash_of
from xray_assets.catalog import ENDPOINT_CONFIG, EXPERIMENTS, PREDICTION_FEEDBACK

if TYPE_CHECKING:  # Dagster comes with it
    from xray_assets.resources.tables import Tables

CHAIN_HEAD = "chain_head"
"""Metadata of a materialization: the head of its table."""

LATER_COLUMNS = ("superseded_by",)
"""Columns of a read that a later read fills."""

READS_AT_ONCE = 100_000


def chained(rows: Iterable[Mapping[str, Any]], place: str, after: Head) -> Iterator[Head]:
    """The head after each row; `place` is the column that numbers the rows, in their order."""
    head = after
    for row in rows:
        link = f"{head.row_hash}{hash_of(row)}"
        head = Head(row[place], hashlib.sha256(link.encode()).hexdigest())
        yield head


def config_heads(tables: "Tables") -> dict[int, Head]:
    """The head after each config version of gold.endpoint_config."""
    rows = tables.read(ENDPOINT_CONFIG).sort("config_version", "served_model_name").collect()
    heads = chained(rows.iter_rows(named=True), "config_version", Head.START)
    return {head.position: head for head in heads}


def configs_head(tables: "Tables") -> Head:
    """The head of gold.endpoint_config as it is now."""
    return max(config_heads(tables).values(), key=_position, default=Head.START)


def read_heads(tables: "Tables", after: Head = Head.START) -> Iterator[Head]:
    """The head after each accepted read that follows `after`, in order of acceptance."""
    rank, reads = pl.col("acceptance_rank"), tables.read(PREDICTION_FEEDBACK)
    last = reads.select(rank.max()).collect().item() or 0
    for start in range(after.position, last, READS_AT_ONCE):
        some = reads.filter(rank > start, rank <= start + READS_AT_ONCE).sort("acceptance_rank")
        rows = some.drop(LATER_COLUMNS).collect().iter_rows(named=True)
        for head in chained(rows, "acceptance_rank", after):
            after = head
            yield head


def reads_head(tables: "Tables", after: Head) -> Head:
    """The head of the reads as they are now, continued from an earlier one."""
    return max(read_heads(tables, after), key=_position, default=after)


def experiments_head(tables: "Tables") -> Head:
    """Generation of gold.experiments, and one hash of all its rows."""
    rows = tables.read(EXPERIMENTS).sort("experiment_id").collect().to_dicts()
    generation = max((row["generation"] or 0 for row in rows), default=0)
    content = "".join(map(hash_of, rows))
    return Head(generation, hashlib.sha256(content.encode()).hexdigest())


def _position(head: Head) -> int:
    return head.position
