"""Answers for people and for files: a table in the terminal, or CSV."""

import csv
import itertools
from datetime import datetime
from typing import Any, TextIO

from rich.table import Table

from xray_assets.contracts.tables import CONTRACTS
from xray_assets.sql.lake import Answer
from xray_assets.terminal import shown_table

MAX_SHOWN = 200


def as_table(answer: Answer, *, max_rows: int = MAX_SHOWN) -> Table:
    """A table of at most `max_rows` rows; its caption says when there are more."""
    table = shown_table(*answer.columns)
    for row in itertools.islice(answer.rows, max_rows):
        table.add_row(*(_cell(value) for value in row))
    if next(answer.rows, None) is not None:
        table.caption = f"the first {max_rows} rows; --csv gives all"
    return table


def table_list(names: list[str]) -> Table:
    """The tables that can be queried, and what they hold."""
    table = shown_table("table", "one row is")
    for name, contract in zip(names, CONTRACTS.values(), strict=True):
        table.add_row(name, contract.description.partition(".")[0])
    return table


def write_csv(answer: Answer, file: TextIO) -> None:
    """Every row as CSV with a header; null is empty, timestamps are ISO 8601."""
    writer = csv.writer(file)
    writer.writerow(answer.columns)
    for row in answer.rows:
        writer.writerow(
            [value.isoformat() if isinstance(value, datetime) else value for value in row]
        )


def _cell(value: Any) -> str:
    if value is None:
        return "[dim]null[/dim]"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return str(value).replace("[", r"\[")
