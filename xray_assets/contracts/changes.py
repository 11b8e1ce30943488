"""From a table as an earlier release stored it to its contract of today: what must be done, and
what cannot be. Pure; `resources/migration.py` carries it out.
"""

from dataclasses import dataclass

import polars as pl

from xray_assets.catalog import Key
from xray_assets.contracts.contract import Column, Contract
from xray_assets.errors import XrayError


class CannotMigrate(XrayError):
    """A stored table cannot be brought to its contract; the message says why and what to do."""


@dataclass(frozen=True)
class Stored:
    """How a table is stored: its columns, and the version of the contract it was written for."""

    schema: pl.Schema
    version: int


@dataclass(frozen=True)
class Change:
    """Columns to add, old rows taking their default; or the table is emptied, and the positions of
    `rebuilt_from` go back to 0, so that the next run works it out again.
    """

    table: Key
    version: int
    added: tuple[Column, ...] = ()
    rebuilt_from: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One line for people."""
        what = "is worked out anew by the next run" if self.rebuilt_from else "keeps its rows"
        if self.added:
            what = "gains " + ", ".join(column.name for column in self.added)
        return f"{'.'.join(self.table)} {what} (contract version {self.version})"


def change(contract: Contract, stored: Stored) -> Change | None:
    """What brings a stored table to its contract; None where nothing is to be done.

    Raises CannotMigrate for a table of a newer release, and where a column is gone, has another
    type, or is new with neither null nor a default allowed.
    """
    name, schema = ".".join(contract.key), stored.schema
    if stored.version > contract.version:
        raise CannotMigrate(
            f"{name} was written by a newer release (contract version {stored.version}, this "
            f"release knows {contract.version}): use that release or a newer one"
        )
    added = tuple(column for column in contract.columns if column.name not in schema)
    surplus = [column for column in schema if column not in contract.schema]
    retyped = [
        column
        for column, dtype in contract.schema.items()
        if column in schema and schema[column] != dtype
    ]
    unfilled = [column.name for column in added if not column.nullable and column.default is None]
    if not (surplus or retyped or unfilled):
        is_new = bool(added) or stored.version < contract.version
        return Change(contract.key, contract.version, added) if is_new else None
    if contract.rebuilt_from:
        return Change(contract.key, contract.version, rebuilt_from=contract.rebuilt_from)
    reasons = {"unknown columns": surplus, "another type": retyped, "no value for": unfilled}
    said = "; ".join(f"{why} {', '.join(names)}" for why, names in reasons.items() if names)
    raise CannotMigrate(
        f"{name} cannot be changed in place ({said}): open this state with the release that wrote "
        "it, or begin a new one with XRAY_STATE. Nothing was changed"
    )
