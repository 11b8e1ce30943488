"""Bring a lake that an earlier release wrote to the contracts of today: all tables are looked at
before one is changed, and every step may be repeated after a crash.
"""

from xray_assets.contracts.changes import CannotMigrate, Change, change
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.lake.tables import Tables


def pending(tables: Tables) -> list[Change]:
    """The changes that are due, in the order of the lineage. Raises CannotMigrate, naming every
    table that cannot be changed.
    """
    found, refused = [], []
    for key, contract in CONTRACTS.items():
        stored = tables.stored(key)
        try:
            if stored is not None and (due := change(contract, stored)):
                found.append(due)
        except CannotMigrate as error:
            refused.append(str(error))
    if refused:
        raise CannotMigrate("\n".join(refused))
    return found


def migrate(tables: Tables) -> list[Change]:
    """Make every change that is due and return them. Raises CannotMigrate before the first one."""
    due = pending(tables)
    for one in due:
        tables.evolve(one)
    return due
