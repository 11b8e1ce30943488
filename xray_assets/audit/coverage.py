"""Heads of what decisions rest on: configs that were served, reads, and the state of experiments.

Configs and reads are only added, so their rows in order are a chain as decisions are one, computed
from the rows: its head at any row is one hash of all rows up to there. A read that was erased
counts with the hash that gold.erasures keeps of it. Rows of gold.experiments change, so its head is
one hash of all rows at a generation. Every decision holds the three heads inside its own hash;
Dagster's events of gold/experiments and gold/endpoint_config hold theirs.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator

import polars as pl

from xray_assets.audit.chain import Head, hash_of
from xray_assets.catalog import ENDPOINT_CONFIG, ERASURES, EXPERIMENTS, PREDICTION_FEEDBACK
from xray_assets.lake.tables import Tables

CHAIN_HEAD = "chain_head"
"""Metadata of a materialization: the head of its table."""

LATER_COLUMNS = ("superseded_by",)
"""Columns of a read that a later read fills."""

READS_AT_ONCE = 100_000


NumberedHash = tuple[int, str]
"""A row's number in its table, and the SHA-256 of the row."""


def chained(rows: Iterable[NumberedHash], after: Head) -> Iterator[Head]:
    """The head after each row, in the order of their numbers."""
    head = after
    for number, row_hash in rows:
        link = f"{head.row_hash}{row_hash}"
        head = Head(number, hashlib.sha256(link.encode()).hexdigest())
        yield head


def config_heads(tables: Tables) -> dict[int, Head]:
    """The head after each config version of gold.endpoint_config."""
    rows = tables.read(ENDPOINT_CONFIG).sort("config_version", "served_model_name").collect()
    hashes = ((row["config_version"], hash_of(row)) for row in rows.iter_rows(named=True))
    return {head.position: head for head in chained(hashes, Head.START)}


def configs_head(tables: Tables) -> Head:
    """The head of gold.endpoint_config as it is now."""
    return max(config_heads(tables).values(), key=_position, default=Head.START)


def read_heads(tables: Tables, after: Head = Head.START) -> Iterator[Head]:
    """The head after each accepted read that follows `after`, in order of acceptance."""
    rank, reads = pl.col("acceptance_rank"), tables.read(PREDICTION_FEEDBACK)
    erased = erased_reads(tables)
    last = max(reads.select(rank.max()).collect().item() or 0, *erased, 0)
    for start in range(after.position, last, READS_AT_ONCE):
        end = start + READS_AT_ONCE
        hashes = hashes_of_reads(reads.filter(rank > start, rank <= end))
        there = {number for number, _ in hashes}  # those count as they are
        hashes += [one for one in erased.items() if start < one[0] <= end and one[0] not in there]
        for head in chained(sorted(hashes), after):
            after = head
            yield head


def hashes_of_reads(reads: pl.LazyFrame) -> list[NumberedHash]:
    """Rank and hash of rows of gold.prediction_feedback."""
    rows = reads.drop(LATER_COLUMNS).collect().iter_rows(named=True)
    return [(row["acceptance_rank"], hash_of(row)) for row in rows]


def erased_reads(tables: Tables) -> dict[int, str]:
    """Rank and hash of the reads that erasures took out."""
    kept = tables.read(ERASURES).select("reads").collect()["reads"].drop_nulls()
    return {int(rank): hash_ for text in kept for rank, hash_ in json.loads(text).items()}


def reads_head(tables: Tables, after: Head) -> Head:
    """The head of the reads as they are now, continued from an earlier one."""
    return max(read_heads(tables, after), key=_position, default=after)


def experiments_head(tables: Tables) -> Head:
    """Generation of gold.experiments, and one hash of all its rows."""
    rows = tables.read(EXPERIMENTS).sort("experiment_id").collect().to_dicts()
    generation = max((row["generation"] or 0 for row in rows), default=0)
    content = "".join(map(hash_of, rows))
    return Head(generation, hashlib.sha256(content.encode()).hexdigest())


def _position(head: Head) -> int:
    return head.position
