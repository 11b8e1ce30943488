"""One generated blocking check a table: what was stored still keeps the table's contract.

All of them come from `contract_checks`, over every contract that an asset writes.

The last passing evaluation recorded how far it had read; `reading.py` reads the table from
there. Every row is read the first time, after a change of the contract, where the recorded state
of the table is gone, and in a run with the tag `xray/full_checks`.
Not here: checks of one table's meaning; they stand beside its asset.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

import dagster as dg
import polars as pl

from xray_assets.catalog import ERASURES
from xray_assets.checks.reading import Checked, examine
from xray_assets.checks.table_metadata import data_version
from xray_assets.contracts.contract import Contract
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.resources.tables import Tables

CHECK_NAME = "keeps_its_contract"

_CHECKED_TO, _ROW_COUNT, _PROMISES = "checked_to", "row_count", "promises"


FULL_CHECKS_TAG = "xray/full_checks"
"""Tag of a run whose checks read every row, also those that were checked before; any value."""


def contract_checks(assets: Iterable[object]) -> list[dg.AssetChecksDefinition]:
    """The check of every contract whose table is an asset, in the order of the lineage."""
    written = (asset.keys for asset in assets if isinstance(asset, dg.AssetsDefinition))
    keys = {tuple(key.path) for of_one in written for key in of_one}
    return [contract_check(contract) for key, contract in CONTRACTS.items() if key in keys]


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
        full = FULL_CHECKS_TAG in context.run.tags
        previous = None if full else last_passing(context.instance, contract, tables)
        verdict = examine(contract, tables, previous)
        metadata: dict[str, dg.MetadataValue] = {
            "rows_read": dg.MetadataValue.int(verdict.rows_read),
            "table_version": dg.MetadataValue.text(data_version(tables, contract.key).value),
        }
        if verdict.checked:
            to = verdict.checked.to
            metadata[_CHECKED_TO] = (
                dg.MetadataValue.int(to) if isinstance(to, int) else dg.MetadataValue.text(to)
            )
            metadata[_ROW_COUNT] = dg.MetadataValue.int(verdict.checked.rows)
            metadata[_PROMISES] = dg.MetadataValue.text(_fingerprint(contract, tables))
        return dg.AssetCheckResult(
            passed=not verdict.problems,
            severity=dg.AssetCheckSeverity.ERROR,
            description="; ".join(verdict.problems) or "every promise is kept",
            metadata=metadata,
        )

    return keeps_its_contract


def last_passing(
    instance: dg.DagsterInstance, contract: Contract, tables: Tables
) -> Checked | None:
    """What the latest passing evaluation of this contract's check recorded, if anything, and if
    the contract promised then what it promises now and nobody was erased since.
    """
    from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

    records = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(dg.AssetKey(contract.key), CHECK_NAME),
        limit=1,
        status={AssetCheckExecutionRecordStatus.SUCCEEDED},
    )
    event = records[0].event.dagster_event if records and records[0].event else None
    metadata = event.asset_check_evaluation_data.metadata if event else {}
    if not {_CHECKED_TO, _ROW_COUNT, _PROMISES} <= metadata.keys():
        return None
    if metadata[_PROMISES].value != _fingerprint(contract, tables):
        return None
    return Checked(metadata[_CHECKED_TO].value, int(metadata[_ROW_COUNT].value))  # type: ignore[arg-type]


def _fingerprint(contract: Contract, tables: Tables) -> str:
    """Changes with the contract's promises; and with an erasure, which takes rows away that were
    checked: every row is read once more then.
    """
    columns = [replace(column, description="") for column in contract.columns]
    erasures = tables.read(ERASURES).select(pl.len(), finished=pl.col("finished_at").count())
    promised = (columns, contract.unique, contract.partition_by, contract.cursor)
    promised += erasures.collect().row(0)
    return hashlib.sha256(repr(promised).encode()).hexdigest()[:16]


def _description(contract: Contract) -> str:
    seen = f"{contract.cursor}" if contract.cursor else "version"
    rows = f"the rows above the last checked {seen}"
    return (
        f"Stored types, nulls, allowed values, ranges and unique keys of {rows} keep the contract."
    )
