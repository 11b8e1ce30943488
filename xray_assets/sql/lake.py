"""Run one query over the lake's Delta tables with DuckDB: three-level names, read-only, UTC.

A table is opened only when the query's text names it, and read only as far as the query needs:
DuckDB pushes columns and filters down into a pyarrow dataset, and stops it at a LIMIT. (A polars
LazyFrame, which stands in on object stores, would be collected whole there.)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from xray_assets.catalog import Catalog, Key
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.errors import XrayError
from xray_assets.lake.delta import DeltaTables
from xray_assets.lake.local import local_tables
from xray_assets.settings import Settings
from xray_assets.sql.dialect import speak_databricks

BATCH = 10_000


class SqlError(XrayError):
    """The query cannot be run; the message says what to change."""


@dataclass(frozen=True)
class Answer:
    """Column names, and the rows as they come."""

    columns: list[str]
    rows: Iterator[tuple[Any, ...]]


class LakeSql:
    """Queries over the tables of one environment."""

    def __init__(self, tables: DeltaTables) -> None:
        """Nothing is opened yet."""
        self._tables = tables
        self._catalog = Catalog(tables.environment)

    @classmethod
    def of(cls, settings: Settings) -> "LakeSql":
        """The tables of the settings. Raises NotYetOnDatabricks where they lie elsewhere."""
        return cls(local_tables(settings, "`xray sql` (use the SQL warehouse there)"))

    def run(self, query: str) -> Answer:
        """Run one SELECT (or DESCRIBE, SUMMARIZE, EXPLAIN); a trailing semicolon is fine.

        Raises SqlError for other statements, unknown tables and whatever DuckDB refuses.
        """
        _demand_one_read(query)
        connection = self._connection(query)
        try:
            result = connection.execute(query)
        except duckdb.CatalogException as error:
            raise SqlError(f"{error}\nThe tables are:\n  " + "\n  ".join(self.names())) from error
        except duckdb.Error as error:
            raise SqlError(str(error)) from error
        return Answer([column[0] for column in result.description or []], _rows(result))

    def names(self) -> list[str]:
        """Three-level names of all tables."""
        return [self._catalog.table(key) for key in CONTRACTS]

    def _connection(self, query: str) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(":memory:")
        connection.execute("SET TimeZone = 'UTC'; SET python_enable_replacements = false")
        connection.execute(f"ATTACH ':memory:' AS {self._catalog.name}; USE {self._catalog.name}")
        speak_databricks(connection)
        for schema in dict.fromkeys(schema for schema, _ in CONTRACTS):
            connection.execute(f"CREATE SCHEMA {schema}")
        for key in _named(query):
            self._define(connection, key)
        connection.execute("SET enable_external_access = false; SET lock_configuration = true")
        return connection

    def _define(self, connection: duckdb.DuckDBPyConnection, key: Key) -> None:
        select = f"SELECT * FROM {self._relation(connection, key)}"  # noqa: S608 - a name of ours
        connection.execute(f"CREATE OR REPLACE VIEW {self._catalog.table(key)} AS {select}")

    def _relation(self, connection: duckdb.DuckDBPyConnection, key: Key) -> str:
        """Register the table, lazily; before the first write an empty one."""
        name = "__".join(key)
        connection.register(name, self._dataset(key))
        return f"temp.main.{name}"

    def _dataset(self, key: Key) -> Any:
        """A pyarrow dataset of the table's files; on object stores a polars LazyFrame.

        The dataset reads through Arrow's own file system: through delta-rs' one, which is Python,
        a query that a LIMIT ends early crashed or hung this process at its exit.
        """
        from deltalake import DeltaTable
        from pyarrow.fs import LocalFileSystem, SubTreeFileSystem

        uri = self._tables.uri(key)
        if "://" in uri:
            return self._tables.read(key)
        if not DeltaTable.is_deltatable(uri):
            return CONTRACTS[key].empty().to_arrow()
        files = SubTreeFileSystem(uri, LocalFileSystem())
        return DeltaTable(uri).to_pyarrow_dataset(filesystem=files)


def _named(query: str) -> list[Key]:
    """Tables whose name stands anywhere in the query. One too many only costs its opening."""
    text = query.lower()
    return [key for key in CONTRACTS if key[1] in text]


def _demand_one_read(query: str) -> None:
    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        raise SqlError(str(error)) from error
    reads = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
    if len(statements) != 1 or statements[0].type not in reads:
        raise SqlError("write one SELECT: this reads the tables and changes nothing")


def _rows(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    try:
        while rows := result.fetchmany(BATCH):
            yield from rows
    except duckdb.Error as error:
        raise SqlError(str(error)) from error
