"""Single commits to an open Delta table through delta-rs: append or overwrite, and MERGE.

Each is made on top of the version that was opened, or fails with CommitFailedError when a
concurrent commit touched what it depends on. Not here: looking, and trying again (`tables.py`).
"""

from typing import TYPE_CHECKING, Any, Literal

import polars as pl

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import CommitProperties, DeltaTable

RUN = "xray.run"
"""Where a commit names the run of Dagster that made it."""


def store(
    table: "DeltaTable",
    rows: pl.DataFrame,
    *,
    mode: Literal["append", "overwrite"],
    source: str | None,
    position: int,
    run_id: str,
) -> None:
    """One append or overwrite; with a source, its position is in the same commit."""
    from deltalake import Transaction, write_deltalake

    marks = [Transaction(name, position) for name in _names(source)] if source else []
    write_deltalake(table, arrow(rows), mode=mode, commit_properties=_properties(run_id, *marks))


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
    run_id: str,
) -> None:
    """One MERGE on the unique columns of the rows that `bounds` (SQL on `t`) leaves."""
    match = " AND ".join((bounds, *(f"t.{column} = s.{column}" for column in unique)))
    merger = table.merge(
        rows,
        match,
        source_alias="s",
        target_alias="t",
        commit_properties=_properties(run_id),
    )
    if not insert_only:
        merger = merger.when_matched_update_all()
    merger.when_not_matched_insert_all().execute()


def _properties(run_id: str, *marks: Any) -> "CommitProperties":
    from deltalake import CommitProperties

    return CommitProperties(
        custom_metadata={RUN: run_id} if run_id else None, app_transactions=list(marks) or None
    )


def arrow(rows: pl.DataFrame) -> "pa.Table":
    """Rows in types that Delta knows (no string views)."""
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())
