"""`xray sql`: one query over the lake."""

import sys
from typing import Annotated

import typer

from xray_assets.terminal import console, read_settings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(sql)


def sql(
    query: Annotated[str, typer.Argument(help="One SELECT; - reads it from standard input")] = "",
    as_csv: Annotated[bool, typer.Option("--csv", help="Write every row as CSV")] = False,
) -> None:
    """Query the tables by three-level names; without a query, list them. See docs/sql.md."""
    from xray_assets.sql.lake import LakeSql
    from xray_assets.sql.shown import as_table, table_list, write_csv

    lake = LakeSql.of(read_settings())
    text = sys.stdin.read() if query == "-" else query
    if not text.strip():
        console().print(table_list(lake.names()))
    elif as_csv:
        write_csv(lake.run(text), sys.stdout)
    else:
        console().print(as_table(lake.run(text)))
