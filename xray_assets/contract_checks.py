"""One generated blocking check a table: what was stored still keeps the table's contract.

The check reads the table back. Where rows only ever arrive in the order of a cursor, it reads what
came after the last passing evaluation, which recorded how far it had read; what such a table must
not do (rows below the cursor, vanished rows) is found from row counts.
Not here: checks of one table's meaning; they stand beside its asset.
"""

from dataclasses import dataclass, replace

import dagster as dg
import polars as pl

from xray_assets.contracts import Contract
from xray_assets.resources.tables import Tables
from xray_assets.table_metadata import data_version

CHECK_NAME = "keeps_its_contract"

ROWS_AT_ONCE = 500_000

_CHECKED_TO, _ROW_COUNT = "checked_to", "row_count"


@dataclass(frozen=True)
class Checked:
    """How far a passing evaluation had read: the highest cursor value and the rows up to it."""

    to: int
    rows: int


@dataclass(frozen=True)
class Verdict:
    """Broken promises (none: passed), the rows read, and how far the next one may skip."""

    problems: tuple[str, ...]
    rows_read: int
    checked: Checked | None


def contract_check(contract: Contract) -> dg.AssetChecksDefinition:
    """The blocking check that the stored table keeps `contract`."""

    @dg.asset_check(
        asset=dg.AssetKey(contract.key),
        name=CHECK_NAME,
        blocking=True,
        description=_description(contract),
    )
    def keeps_its_contract(
        context: dg.AssetCheckExecutionContext, tables: Tables
    ) -> dg.AssetCheckResult:
        verdict = examine(contract, tables, last_passing(context.instance, contract))
        metadata: dict[str, dg.MetadataValue] = {
            "rows_read": dg.MetadataValue.int(verdict.rows_read),
            "table_version": dg.MetadataValue.text(data_version(tables, contract.key).value),
        }
        if verdict.checked:
            metadata[_CHECKED_TO] = dg.MetadataValue.int(verdict.checked.to)
            metadata[_ROW_COUNT] = dg.MetadataValue.int(verdict.checked.rows)
        return dg.AssetCheckResult(
            passed=not verdict.problems,
            severity=dg.AssetCheckSeverity.ERROR,
            description="; ".join(verdict.problems) or "every promise is kept",
            metadata=metadata,
        )

    return keeps_its_contract


def examine(contract: Contract, tables: Tables, previous: Checked | None = None) -> Verdict:
    """Read the stored table back, if possible only what `previous` had not seen, and judge it.

    Only columns that promise something are read. Behind a cursor, unique keys are compared within
    windows of ROWS_AT_ONCE cursor values, which bounds memory on a first check of a long history.
    """
    stored = tables.read(contract.key)
    if problems := schema_problems(contract, stored.collect_schema()):
        return Verdict(tuple(problems), 0, None)
    promises = _promises(contract)
    stored = stored.select(promises.schema.names())
    if contract.cursor is None:
        frame = stored.collect()
        return Verdict(tuple(promises.problems(frame)), frame.height, None)
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


def last_passing(instance: dg.DagsterInstance, contract: Contract) -> Checked | None:
    """What the latest passing evaluation of this contract's check recorded, if anything."""
    from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

    records = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey(contract.key), CHECK_NAME),
        limit=1,
        status={AssetCheckExecutionRecordStatus.SUCCEEDED},
    )
    event = records[0].event.dagster_event if records and records[0].event else None
    metadata = event.asset_check_evaluation_data.metadata if event else {}
    if _CHECKED_TO not in metadata or _ROW_COUNT not in metadata:
        return None
    return Checked(int(metadata[_CHECKED_TO].value), int(metadata[_ROW_COUNT].value))  # type: ignore[arg-type]


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


def _examine_new(contract: Contract, cursor: str, stored: pl.LazyFrame, before: Checked) -> Verdict:
    total, reached, lost = (
        stored.select(pl.len()).collect().item(),
        stored.filter(pl.col(cursor) > before.to).select(pl.col(cursor).max()).collect().item(),
        stored.filter(pl.col(cursor).is_null()).select(pl.len()).collect().item(),
    )
    if total < before.rows:
        vanished = f"{before.rows - total} rows vanished from a table that only grows"
        return Verdict((f"{vanished}: restore the version last checked",), 0, None)
    problems = [f"{lost} rows have no {cursor}"] if lost else []
    read, low, end = 0, before.to, before.to if reached is None else reached
    while low < end:
        high = min(low + ROWS_AT_ONCE, end)
        window = stored.filter((pl.col(cursor) > low) & (pl.col(cursor) <= high)).collect()
        problems += contract.problems(window)
        read, low = read + window.height, high
    if late := total - before.rows - read - lost:
        closed = f"{cursor} {before.to}, which was checked and closed"
        problems.append(f"{abs(late)} rows came or went at or below {closed}")
    return Verdict(tuple(problems), read + lost, Checked(to=end, rows=total) if total else None)


def _description(contract: Contract) -> str:
    rows = f"the rows above the last checked {contract.cursor}" if contract.cursor else "every row"
    return (
        f"Stored types, nulls, allowed values, ranges and unique keys of {rows} keep the contract."
    )
