"""How origins of columns are written down: `lineage` and `summary_lineage` do."""

from collections.abc import Iterable, Mapping

from xray_assets.catalog import Key
from xray_assets.contracts.tables import CONTRACTS

Origins = dict[str, tuple[tuple[Key, str], ...]]
"""Columns of one table by name: the (table, column) pairs they come from."""


def kept(upstream: Key, *names: str) -> Origins:
    """Columns that are taken over under their own name."""
    return {name: ((upstream, name),) for name in names}


def renamed(upstream: Key, columns: Mapping[str, str]) -> Origins:
    """Columns that come from one column of another name each."""
    return {name: ((upstream, origin),) for name, origin in columns.items()}


def those_of(table: Key, origins: Origins) -> Origins:
    """Those of the columns that the table has."""
    names = CONTRACTS[table].schema.names()
    return {name: origins[name] for name in names if name in origins}


def all_from(upstream: Key, origins: Iterable[str], names: Iterable[str]) -> Origins:
    """Columns that come from the same columns of one table."""
    return dict.fromkeys(names, tuple((upstream, origin) for origin in origins))
