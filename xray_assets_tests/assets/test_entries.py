"""Which assets a run makes last."""

import dagster as dg

from xray_assets.assets.entries import ENTRIES
from xray_assets.catalog import PROMOTION_DECISION
from xray_assets.definitions import build_definitions
from xray_assets.jobs import evaluate
from xray_assets.settings import Settings

DECISION = dg.AssetKey(PROMOTION_DECISION)


def test_a_decision_waits_for_nothing_that_is_only_shown() -> None:
    definitions = build_definitions(Settings())
    awaited = definitions.resolve_asset_graph().get_ancestor_asset_keys(DECISION)
    shown = {dg.AssetKey(key) for key, entry in ENTRIES.items() if entry.only_shown}
    assert not awaited & shown
    job = definitions.resolve_job_def(evaluate.name)
    steps = {
        key: int(node.tags.get("dagster/priority", 0))
        for key in job.asset_layer.selected_asset_keys
        for node in [job.get_node_named(job.asset_layer.get_op_output_handle(key).node_handle.name)]
    }
    assert {key for key, priority in steps.items() if priority < 0} == shown & steps.keys()
    assert all(steps[key] == 0 for key in awaited & steps.keys())
