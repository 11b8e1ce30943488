"""Single commits to an open Delta table through delta-rs: append or overwrite, and MERGE.

Each is made on top of the version that was opened, or fails with CommitFailedError when a
concurrent commit touched what it depends on. Not here: looking, and trying again (`tables.py`).
"""

from typing import TYPE_CHECKING, Literal

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import CommitProperties, DeltaTable

RUN = "xray.run"
"""Where a commit names the run of Dagster that made it."""


def store(
    table: "DeltaTable",
    rows: pl.DataFrame,
    mode: Literal["append", "overwrite"],
    named: "CommitProperties",
) -> None:
    """One append or overwrite."""
    from deltalake import write_deltalake

    write_deltalake(table, arrow(rows), mode=mode, commit_properties=named)


def is_new(table: "DeltaTable", source: str, position: int) -> bool:
    """A position above that of the source, and not below any other's of its name."""
    name = source.partition("/")[0]
    last = table.transaction_version(name) or 0
    return position >= last and position > (table.transaction_version(source) or 0)


def _names(source: str) -> list[str]:
    """`name/identity` is stored under the name too."""
    return sorted({source, source.partition("/")[0]})


def merge(
    table: "DeltaTable",
    rows: pl.DataFrame,
    unique: tuple[str, ...],
    bounds: str,
    insert_only: bool,
    named: "CommitProperties",
) -> None:
    """One MERGE on the unique columns of the rows that `bounds` (SQL on `t`) leaves."""
    match = " AND ".join((bounds, *(f"t.{column} = s.{column}" for column in unique)))
    merger = table.merge(rows, match, source_alias="s", target_alias="t", commit_properties=named)
    if not insert_only:
        merger = merger.when_matched_update_all()
    merger.when_not_matched_insert_all().execute()


def properties(run_id: str, source: str | None, position: int) -> "CommitProperties":
    """What stands in a commit beside its rows: the run that makes it, the position of a source."""
    from deltalake import CommitProperties, Transaction

    marks = [Transaction(name, position) for name in _names(source)] if source else None
    return CommitProperties(
        custom_metadata={RUN: run_id} if run_id else None, app_transactions=marks
    )


def arrow(rows: pl.DataFrame) -> "pa.Table":
    """Rows in types that Delta knows (no string views)."""
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())
