"""The tables of the lake as Dagster hands them to assets: Delta here, Unity Catalog there.

What they promise is `lake.tables`; functions that no asset is made of ask for that.
"""

import dagster as dg

from xray_assets.lake import tables


class Tables(dg.ConfigurableResource, tables.Tables):
    """Tables that are configured as a resource."""
