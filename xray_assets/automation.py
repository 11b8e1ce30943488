"""Named automation conditions and the one automation sensor.

Only the films' side of the graph follows its upstreams by itself. The classifiers, and everything
from the endpoint down, is launched by a person or by `sensors/` and by nothing else.
"""

import dagster as dg

from xray_assets.catalog import XRAY_METADATA, XRAY_REJECTS

follows_good_upstreams = (
    dg.AutomationCondition.eager() & dg.AutomationCondition.all_deps_blocking_checks_passed()
).with_label("follows_good_upstreams")
"""Materialize when an upstream changed and its blocking checks passed: `eager()` alone ignores
checks of earlier runs.
"""

automation = dg.AutomationConditionSensorDefinition(
    "automation",
    target=dg.AssetSelection.assets(XRAY_METADATA, XRAY_REJECTS),
    default_status=dg.DefaultSensorStatus.RUNNING,
)
