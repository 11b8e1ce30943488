"""What bounds a merge: values or ranges of columns of the target, without a query language.

Each deployment says it in its own words: `as_sql` for Delta's and Databricks' MERGE.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Between:
    """Values from `low` to `high`, both included."""

    low: Any
    high: Any


Bounds = Mapping[str, Between | Collection[Any]]
"""By column: a range, or the values that may stand there (str, int, date). All must hold."""


def as_sql(bounds: Bounds, table: str) -> str:
    """The bounds as an SQL predicate on the columns of `table`; TRUE where there are none.

    Raises TypeError for a value that is neither str, int nor date.
    """
    conditions = [_condition(f"{table}.{column}", bound) for column, bound in bounds.items()]
    return " AND ".join(conditions) or "TRUE"


def _condition(column: str, bound: Between | Collection[Any]) -> str:
    if isinstance(bound, Between):
        return f"{column} BETWEEN {literal(bound.low)} AND {literal(bound.high)}"
    values = ", ".join(literal(value) for value in bound)
    return f"{column} IN ({values})" if values else "FALSE"


def literal(value: Any) -> str:
    """A value in SQL. Raises TypeError for what is neither str, int nor date."""
    if isinstance(value, bool) or type(value) not in (str, int, date):
        raise TypeError(f"{value!r} cannot bound a merge: give str, int or date")
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
