"""Reads gold.monitoring_record, and adds the rows that follow from what it says."""

from collections.abc import Callable, Sequence

import polars as pl

from xray_assets.audit.chain import POSITION, BrokenRecord, Head, broken_links, sealed
from xray_assets.catalog import MONITORING_RECORD
from xray_assets.contracts.tables.monitoring_record import MONITORING_RECORD as CONTRACT
from xray_assets.errors import StaleWrite
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.response.state import Row, State, summed

ATTEMPTS = 5
"""Of adding rows, while others add some in between."""


def read(tables: Tables) -> list[Row]:
    """Every row, in order. Raises BrokenRecord where one was edited, moved or removed."""
    rows = tables.read(MONITORING_RECORD).sort(POSITION).collect().to_dicts()
    if broken := broken_links(rows):
        raise BrokenRecord(
            f"gold.monitoring_record says nothing any more: {broken[0]}. `xray audit verify` shows "
            "everything that does not fit; a backup from before holds the rows"
        )
    return rows


def state_of(tables: Tables) -> State:
    """What stands. Raises BrokenRecord."""
    return summed(read(tables))


def add(
    tables: Tables, decide: Callable[[list[Row], State], Sequence[Row]], *, run_id: str | None
) -> list[Row]:
    """Add the rows that `decide` makes of those that are there, decided anew where others were
    added in between; returns all of them. Raises BrokenRecord, StaleWrite, and what `decide` does.
    """
    for attempt in range(ATTEMPTS):
        rows = read(tables)
        new = chained(decide(rows, summed(rows)), end_of(rows), run_id)
        if not new:
            return rows
        try:
            frame = pl.DataFrame(new, schema=CONTRACT.schema)
            tables.advance(
                MONITORING_RECORD, frame, counter=POSITION, expected=end_of(rows).position
            )
            return [*rows, *new]
        except StaleWrite:
            if attempt == ATTEMPTS - 1:
                raise
    return []


def chained(rows: Sequence[Row], head: Head, run_id: str | None) -> list[Row]:
    """The rows as the next links of the chain that ends at `head`."""
    links = []
    for row in rows:
        links.append(sealed({**row, "run_id": run_id}, head))
        head = Head.of(links[-1])
    return links


def end_of(rows: Sequence[Row]) -> Head:
    """The head of the record."""
    return Head.of(rows[-1]) if rows else Head.START
