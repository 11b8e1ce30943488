"""What each table promises: columns, types, documentation, allowed values, uniqueness.

A contract is data. From it come the polars schema that writers conform to, the `dg.TableSchema`
that the UI shows, and the blocking check that reads the table back (`checks/`). The
tables themselves are listed in `tables/`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from xray_assets.catalog import Key
from xray_assets.errors import XrayError

TIMESTAMP = pl.Datetime("us", "UTC")
"""Delta reads a naive datetime as another type (timestampNtz), so every timestamp is UTC."""

_SQL_TYPES: dict[Any, str] = {
    pl.String: "string",
    pl.Int8: "tinyint",
    pl.Int32: "int",
    pl.Int64: "bigint",
    pl.Float64: "double",
    pl.Boolean: "boolean",
    pl.Date: "date",
    pl.Binary: "binary",
    pl.List(pl.String): "array<string>",
    pl.List(pl.Int64): "array<bigint>",
    pl.List(pl.Float64): "array<double>",
    pl.Datetime: "timestamp",
}


class ContractViolation(XrayError):
    """Rows do not keep a table's promise; the message names the table, the column and a few
    offending values.
    """


@dataclass(frozen=True)
class Column:
    """One column: name, polars type, what it means, and what it may hold."""

    name: str
    dtype: Any
    description: str
    nullable: bool = True
    allowed: Sequence[Any] | None = None
    minimum: float | None = None
    maximum: float | None = None
    default: str | int | None = None
    """What rows hold that were written before the column was there."""

    def violation(self) -> pl.Expr:
        """A boolean expression: true where this column's promise is broken."""
        column, broken = pl.col(self.name), []
        if not self.nullable:
            broken.append(column.is_null())
        if self.allowed is not None:
            broken.append(column.is_not_null() & ~column.is_in(list(self.allowed)))
        if self.minimum is not None:
            broken.append((column < self.minimum).fill_null(False))
        if self.maximum is not None:
            broken.append((column > self.maximum).fill_null(False))
        if self.dtype == pl.Float64:
            broken.append(column.is_nan().fill_null(False))
        return pl.any_horizontal(broken) if broken else pl.lit(False)


@dataclass(frozen=True)
class Contract:
    """One table: its key, columns, unique keys, partition columns and, where rows only ever arrive
    in order, its cursor.
    """

    key: Key
    description: str
    columns: tuple[Column, ...]
    unique: tuple[str, ...]
    partition_by: tuple[str, ...] = ()
    cursor: str | None = None
    version: int = 1
    """Raised with every release that changes the columns."""
    rebuilt_from: tuple[str, ...] = ()
    """Sources of a table that can be worked out again: emptied, with their positions at 0."""

    @property
    def schema(self) -> pl.Schema:
        """Column types, in order."""
        return pl.Schema({column.name: column.dtype for column in self.columns})

    def empty(self) -> pl.DataFrame:
        """A frame with the contract's columns and no row."""
        return pl.DataFrame(schema=self.schema)

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Cast and order the columns, validate every row, return the frame.

        Raises ContractViolation when a column is missing, unknown or not castable, or when a row
        breaks a promise.
        """
        names = self.schema.names()
        if missing := [name for name in names if name not in frame.columns]:
            raise ContractViolation(f"{self._name}: columns {missing} are missing")
        if unknown := [name for name in frame.columns if name not in names]:
            raise ContractViolation(f"{self._name}: columns {unknown} are not in the contract")
        try:
            frame = frame.select(names).cast(dict(self.schema))  # type: ignore[arg-type]
        except pl.exceptions.PolarsError as error:
            raise ContractViolation(f"{self._name}: {error}") from error
        if problems := self.problems(frame):
            raise ContractViolation(f"{self._name}: " + "; ".join(problems))
        return frame

    def problems(self, frame: pl.DataFrame) -> list[str]:
        """Broken promises in a frame, as sentences; empty when there are none."""
        found = []
        for column in self.columns:
            bad = frame.filter(column.violation())[column.name]
            if len(bad):
                found.append(
                    f"{len(bad)} rows break {column.name} (such as {bad.head(3).to_list()})"
                )
        if self.unique and (repeated := frame.height - frame.n_unique(self.unique)):
            found.append(f"{repeated} rows repeat {', '.join(self.unique)}")
        return found

    def sql_type(self, column: Column) -> str:
        """The SQL name of a column's type."""
        return _sql_type(column.dtype)

    @property
    def _name(self) -> str:
        return ".".join(self.key)


def _sql_type(dtype: Any) -> str:
    if isinstance(dtype, pl.Struct):
        fields = (f"{field.name}:{_sql_type(field.dtype)}" for field in dtype.fields)
        return f"struct<{','.join(fields)}>"
    return _SQL_TYPES[dtype if dtype in _SQL_TYPES else type(dtype)]
