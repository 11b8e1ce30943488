"""Reads a stored table back and judges it by its contract, but not again what was judged before.

Where rows only ever arrive in the order of a cursor, that is everything up to it; what such a table
must not do (rows below the cursor, vanished rows) is found from row counts. Elsewhere it is what
the table held at a snapshot: data files that came later are read, and their keys looked up in the
rest. Everything is read where nothing was judged before, or where that cannot be told any more.
Not here: what was judged before is recorded in `keeps_its_contract.py`.
"""

from dataclasses import dataclass, replace

import polars as pl

from xray_assets.contracts.contract import Contract
from xray_assets.lake.tables import Tables

ROWS_AT_ONCE = 500_000


@dataclass(frozen=True)
class Checked:
    """How far a passing evaluation had read: the highest cursor value, or without a cursor the
    table's snapshot, and the rows up to it.
    """

    to: int | str
    rows: int


@dataclass(frozen=True)
class Verdict:
    """Broken promises (none: passed), the rows read, and how far the next one may skip."""

    problems: tuple[str, ...]
    rows_read: int
    checked: Checked | None


def examine(contract: Contract, tables: Tables, previous: Checked | None = None) -> Verdict:
    """Read the stored table back, if possible only what `previous` had not seen, and judge it.

    Only columns that promise something are read. On a first check of a long history, unique keys
    are compared within windows of ROWS_AT_ONCE cursor values, or within partitions: that bounds
    memory.
    """
    snapshot = tables.snapshot(contract.key)  # first: what comes after it is read again next time
    stored = tables.read(contract.key)
    if problems := schema_problems(contract, stored.collect_schema()):
        return Verdict(tuple(problems), 0, None)
    promises = _promises(contract)
    stored = stored.select(promises.schema.names())
    if contract.cursor is None:
        verdict = _examine_changed(promises, tables, stored, previous)
        rows = tables.row_count(contract.key)
        return replace(verdict, checked=None if snapshot is None else Checked(snapshot, rows))
    return _examine_new(promises, contract.cursor, stored, previous or Checked(to=-1, rows=0))


def schema_problems(contract: Contract, stored: pl.Schema) -> list[str]:
    """How the stored columns differ from the contract's, as sentences."""
    found = [f"column {name} is missing" for name in contract.schema if name not in stored]
    found += [
        f"column {name} is not in the contract" for name in stored if name not in contract.schema
    ]
    found += [
        f"column {name} is stored as {stored[name]}, the contract says {dtype}"
        for name, dtype in contract.schema.items()
        if name in stored and stored[name] != dtype
    ]
    return found


def _promises(contract: Contract) -> Contract:
    """The contract without the columns that promise nothing."""
    keys = {*contract.unique, contract.cursor}
    kept = tuple(
        column
        for column in contract.columns
        if column.name in keys
        or not column.nullable
        or column.allowed is not None
        or column.minimum is not None
        or column.maximum is not None
        or column.dtype == pl.Float64
    )
    return replace(contract, columns=kept)


def _examine_changed(
    contract: Contract, tables: Tables, stored: pl.LazyFrame, before: Checked | None
) -> Verdict:
    changed = tables.added_since(contract.key, str(before.to)) if before else None
    if changed is None:
        return _examine_all(contract, stored, tables.row_count(contract.key))
    frame = changed.select(contract.schema.names()).collect()
    problems = contract.problems(frame)
    if repeated := _held_elsewhere(contract, stored, frame):
        problems.append(
            f"{repeated} checked rows have the {', '.join(contract.unique)} of new ones"
        )
    return Verdict(tuple(problems), frame.height, None)


def _examine_all(contract: Contract, stored: pl.LazyFrame, rows: int) -> Verdict:
    """Judge every row: at once, or where they are many, partition by partition."""
    parts = [stored]
    if rows > ROWS_AT_ONCE and contract.partition_by:
        last = pl.col(contract.partition_by[-1])
        values = stored.select(last.unique().sort()).collect().to_series()
        parts = [stored.filter(last == value) for value in values]
    problems, read = [], 0
    for part in parts:
        frame = part.collect()
        problems += contract.problems(frame)
        read += frame.height
    return Verdict(tuple(problems), read, None)


def _held_elsewhere(contract: Contract, stored: pl.LazyFrame, frame: pl.DataFrame) -> int:
    """Rows of the table beyond `frame` that have a key of it. The keys' ranges come first: they
    tell which files can hold one.
    """
    keys = frame.select(contract.unique)
    if not contract.unique or keys.is_empty():
        return 0
    ranges = [
        pl.col(name).is_between(pl.lit(keys[name].min()), pl.lit(keys[name].max()))
        for name in keys.columns
    ]
    having = stored.select(contract.unique).filter(ranges)
    found = having.join(keys.lazy().unique(), on=contract.unique, how="semi").select(pl.len())
    return max(0, found.collect().item() - keys.drop_nulls().height)


def _examine_new(contract: Contract, cursor: str, stored: pl.LazyFrame, before: Checked) -> Verdict:
    to = int(before.to)
    total, reached, lost = (
        stored.select(pl.len()).collect().item(),
        stored.filter(pl.col(cursor) > to).select(pl.col(cursor).max()).collect().item(),
        stored.filter(pl.col(cursor).is_null()).select(pl.len()).collect().item(),
    )
    if total < before.rows:
        vanished = f"{before.rows - total} rows vanished from a table that only grows"
        return Verdict((f"{vanished}: restore the version last checked",), 0, None)
    problems = [f"{lost} rows have no {cursor}"] if lost else []
    read, low, end = 0, to, to if reached is None else reached
    while low < end:
        high = min(low + ROWS_AT_ONCE, end)
        window = stored.filter((pl.col(cursor) > low) & (pl.col(cursor) <= high)).collect()
        problems += contract.problems(window)
        read, low = read + window.height, high
    if late := total - before.rows - read - lost:
        closed = f"{cursor} {to}, which was checked and closed"
        problems.append(f"{abs(late)} rows came or went at or below {closed}")
    return Verdict(tuple(problems), read + lost, Checked(to=end, rows=total) if total else None)
