"""Heads of what decisions rest on: configs that were served, draws, reads, and the state of
experiments.

Configs, draws and reads are only added, so their rows in order are a chain as decisions are one,
computed from the rows: its head at any row is one hash of all rows up to there. A draw or a read
that was erased counts with the hash that gold.erasures keeps of it. Rows of gold.experiments
change, so its head is one hash of all rows at a generation. Every decision holds the four heads
inside its own hash; Dagster's events of gold/experiments and gold/endpoint_config hold theirs.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping

import polars as pl

from xray_assets.audit.chain import Head, hash_of
from xray_assets.catalog import (
    ENDPOINT_CONFIG,
    ERASURES,
    EXPERIMENTS,
    PREDICTION_FEEDBACK,
    REVIEW_ASSIGNMENTS,
)
from xray_assets.lake.tables import Tables
from xray_assets.review.draws import DRAW_COLUMNS

CHAIN_HEAD = "chain_head"
"""Metadata of a materialization: the head of its table."""

LATER_COLUMNS = ("superseded_by",)
"""Columns of a read that a later read fills."""

ROWS_AT_ONCE = 100_000


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
    rows = tables.read(PREDICTION_FEEDBACK).drop(LATER_COLUMNS)
    yield from _heads(rows, "acceptance_rank", erased(tables, "reads"), after)


def draw_heads(tables: Tables, after: Head = Head.START) -> Iterator[Head]:
    """The head after each drawn case that follows `after`, in the order of the log: its draw, not
    the state of its reads.
    """
    drawn = tables.read(REVIEW_ASSIGNMENTS).filter("drawn").select(DRAW_COLUMNS)
    yield from _heads(drawn, "log_position", erased(tables, "draws"), after)


def _heads(
    rows: pl.LazyFrame, numbered_by: str, gone: Mapping[int, str], after: Head
) -> Iterator[Head]:
    number = pl.col(numbered_by)
    last = max(rows.select(number.max()).collect().item() or 0, *gone, 0)
    for start in range(after.position, last, ROWS_AT_ONCE):
        end = start + ROWS_AT_ONCE
        hashes = numbered_hashes(rows.filter(number > start, number <= end), numbered_by)
        there = {number for number, _ in hashes}  # those count as they are
        hashes += [one for one in gone.items() if start < one[0] <= end and one[0] not in there]
        for head in chained(sorted(hashes), after):
            after = head
            yield head


def numbered_hashes(rows: pl.LazyFrame, numbered_by: str) -> list[NumberedHash]:
    """Number and hash of each row."""
    return [(row[numbered_by], hash_of(row)) for row in rows.collect().iter_rows(named=True)]


def erased(tables: Tables, column: str) -> dict[int, str]:
    """Number and hash of the rows (`reads` or `draws`) that erasures took out."""
    kept = tables.read(ERASURES).select(column).collect()[column].drop_nulls()
    return {int(number): hash_ for text in kept for number, hash_ in json.loads(text).items()}


def newest(heads: Iterable[Head], after: Head) -> Head:
    """The last of the heads that continue an earlier one."""
    return max(heads, key=_position, default=after)


def experiments_head(tables: Tables) -> Head:
    """Generation of gold.experiments, and one hash of all its rows."""
    rows = tables.read(EXPERIMENTS).sort("experiment_id").collect().to_dicts()
    generation = max((row["generation"] or 0 for row in rows), default=0)
    content = "".join(map(hash_of, rows))
    return Head(generation, hashlib.sha256(content.encode()).hexdigest())


def _position(head: Head) -> int:
    return head.position
