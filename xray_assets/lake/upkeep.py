"""Upkeep of one Delta table through delta-rs: it is brought to its contract, small files become
large ones, and what nobody needs any more is deleted. Rows and positions stay.

Log entries are deleted in `tidy` alone: delta-rs would do it at any commit, without asking which
versions are still compared with. Positions have no retention of their own
(`delta.setTransactionRetentionDuration` is not set), so a checkpoint keeps them all.
"""

from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from xray_assets.contracts.bounds import literal
from xray_assets.contracts.changes import Change
from xray_assets.contracts.contract import Contract
from xray_assets.lake.delta_writes import arrow

if TYPE_CHECKING:
    from deltalake import DeltaTable

LOG_RETENTION = timedelta(days=30)
"""Delta's own `delta.logRetentionDuration`: younger log entries stay."""


VERSION = "xray.contractVersion"
"""Table property: the version of the contract that the table was written for; 1 where it is not."""


def configuration(contract: Contract) -> dict[str, str | None]:
    """Table properties of a table that keeps the contract."""
    return {"delta.enableExpiredLogCleanup": "false", VERSION: str(contract.version)}


def evolve(table: "DeltaTable", contract: Contract, change: Change) -> None:
    """Make the change. The version is written last: a crash before it repeats the rest."""
    from deltalake import CommitProperties, Schema, Transaction, write_deltalake

    if change.rebuilt_from:
        write_deltalake(
            table,
            arrow(contract.empty()),
            mode="overwrite",
            schema_mode="overwrite",
            commit_properties=CommitProperties(
                app_transactions=[Transaction(source, 0) for source in change.rebuilt_from]
            ),
        )
    fields = {
        field.name: field for field in Schema.from_arrow(arrow(contract.empty()).schema).fields
    }
    if change.added:
        table.alter.add_columns([fields[column.name] for column in change.added])
    for column in contract.columns:
        if column.default is not None:
            unknown = f"{column.name} IS NULL"
            table.update(updates={column.name: literal(column.default)}, predicate=unknown)
    table.alter.set_table_properties(
        {name: str(value) for name, value in configuration(contract).items()},
        raise_if_not_exists=False,
    )


def compact(table: "DeltaTable") -> None:
    """Make large files of small ones; left for another time when somebody writes meanwhile."""
    from deltalake.exceptions import CommitFailedError

    with suppress(CommitFailedError):
        table.optimize.compact()


def tidy(table: "DeltaTable", keep: Collection[str], older_than: timedelta) -> None:
    """Compact, then delete files and log entries as `Tables.tidy` says.

    keep: snapshots, `<table id>@<version>`. While one is as old as the log entries that would go,
    the log stays whole.
    """
    compact(table)
    table.vacuum(
        retention_hours=int(older_than / timedelta(hours=1)),
        enforce_retention_duration=False,
        dry_run=False,
        full=True,  # also what a killed writer left
    )
    table.create_checkpoint()
    if not _needs_old_log(table, keep):
        table.cleanup_metadata()


def _needs_old_log(table: "DeltaTable", keep: Collection[str]) -> bool:
    named = [snapshot.rpartition("@") for snapshot in keep]
    kept = {int(version) for of, _, version in named if of == str(table.metadata().id)}
    end = (datetime.now(UTC) - LOG_RETENTION).timestamp() * 1000
    return any(e["version"] in kept and e["timestamp"] <= end for e in table.history())
