"""A check of each table that takes from a source: is the source still the one it took from?

The asset refuses too, but an asset that fails leaves its last checks as they were.
"""

import dagster as dg

from xray_assets.resources.source import Source, SourceChanged
from xray_assets.resources.tables import Tables


def source_fits(source: Source, tables: Tables) -> dg.AssetCheckResult:
    """Fails with the reason and the way out; never passes what could not be looked at."""
    try:
        cursor, behind = source.resume(tables), source.behind(tables)
    except SourceChanged as changed:
        return dg.AssetCheckResult(
            passed=False, description=str(changed), metadata={"code": changed.code.value}
        )
    return dg.AssetCheckResult(
        passed=True,
        description=f"the {source.title} is the one that the table took from",
        metadata={"cursor": str(cursor), "rows_behind": behind},
    )
