"""Which assets a run makes last."""

import dagster as dg

from xray_assets.catalog import PROMOTION_DECISION
from xray_assets.definitions import build_definitions
from xray_assets.jobs import evaluate
from xray_assets.settings import Settings

DECISION = dg.AssetKey(PROMOTION_DECISION)


def test_a_decision_is_made_before_all_that_it_does_not_wait_for() -> None:
    definitions = build_definitions(Settings())
    job = definitions.resolve_job_def(evaluate.name)
    steps = {
        key: job.get_node_named(job.asset_layer.get_op_output_handle(key).node_handle.name)
        for key in job.asset_layer.selected_asset_keys
    }
    awaited = definitions.resolve_asset_graph().get_ancestor_asset_keys(DECISION) | {DECISION}
    first = {steps[key].name for key in awaited & steps.keys()}
    last = {step.name for step in steps.values() if step.tags.get("dagster/priority") == "-1"}
    assert first & last == set()
    assert first | last == {step.name for step in steps.values()}
