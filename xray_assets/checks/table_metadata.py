"""What every asset that keeps a table shows about it: name, place, rows, columns.

Not here: what one table alone has to show (counts, pictures): beside its asset.
"""

from typing import Any

import dagster as dg

from xray_assets.catalog import Key
from xray_assets.contracts.contract import Column, Contract
from xray_assets.contracts.lineage import COLUMN_ORIGINS
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.resources.tables import Tables


def table_metadata(tables: Tables, key: Key, **more: Any) -> dict[str, Any]:
    """Metadata of a materialization that wrote the table `key`; `more` is added to it."""
    return {
        "dagster/row_count": tables.row_count(key),
        "dagster/column_schema": column_schema(CONTRACTS[key]),
        "dagster/table_name": tables.full_name(key),
        "dagster/uri": tables.uri(key),
        **column_lineage(key),
        **more,
    }


def column_lineage(key: Key) -> dict[str, dg.TableColumnLineage]:
    """Metadata that says which columns of other tables those of `key` come from; empty where none
    is declared.
    """
    if key not in COLUMN_ORIGINS:
        return {}
    columns = {
        name: [dg.TableColumnDep(dg.AssetKey(table), column) for table, column in origins]
        for name, origins in COLUMN_ORIGINS[key].items()
    }
    return {"dagster/column_lineage": dg.TableColumnLineage(columns)}


def data_version(tables: Tables, key: Key) -> dg.DataVersion:
    """The table's Delta version as Dagster's data version: equal when nothing was written."""
    version = tables.version(key)
    return dg.DataVersion("delta-none" if version is None else f"delta-{version}")


def column_schema(contract: Contract) -> dg.TableSchema:
    """The contract as the UI shows it: types, descriptions, promises."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=contract.sql_type(column),
                description=column.description,
                constraints=dg.TableColumnConstraints(
                    nullable=column.nullable,
                    unique=contract.unique == (column.name,),
                    other=_promises(column),
                ),
            )
            for column in contract.columns
        ],
        constraints=dg.TableConstraints(other=_table_promises(contract)),
    )


def _promises(column: Column) -> list[str]:
    found = []
    if column.allowed is not None:
        found.append("one of " + ", ".join(map(str, column.allowed)))
    if column.minimum is not None:
        found.append(f">= {column.minimum:g}")
    if column.maximum is not None:
        found.append(f"<= {column.maximum:g}")
    return found


def _table_promises(contract: Contract) -> list[str]:
    found = []
    if contract.unique:
        found.append(f"unique: {', '.join(contract.unique)}")
    if contract.partition_by:
        found.append(f"partitioned by {', '.join(contract.partition_by)}")
    if contract.cursor:
        found.append(f"rows arrive in the order of {contract.cursor}")
    return found
