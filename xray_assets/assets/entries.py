"""What the lineage page is told of each asset: its stage, its kinds, its owners, its pool.

A table is described by its contract, anything else here. Not here: what an asset is computed from
(beside its body), and what its events show.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import dagster as dg

from xray_assets import catalog
from xray_assets.catalog import Key
from xray_assets.contracts.tables import CONTRACTS

OWNERS = ["team:imaging-ai"]


@dataclass(frozen=True)
class Entry:
    """One asset on the lineage page. `stage` is its group; runs take turns in its `pool`.

    `only_shown`: no decision rests on it, so a run makes it after what a decision waits for.
    """

    stage: str
    kinds: tuple[str, ...] = ("delta",)
    description: str = ""
    pool: str | None = "gold"
    only_shown: bool = False


FILMS, METADATA, MODELS, ENDPOINT = "films", "metadata", "models", "endpoint"
PREDICTIONS, FEEDBACK, PERFORMANCE, DECISION = "predictions", "feedback", "performance", "decision"
MONITORING = "monitoring"
RETRAINING = "retraining"

ENTRIES: dict[Key, Entry] = {
    catalog.XRAY_IMAGES: Entry(
        FILMS,
        ("volume", "jpeg"),
        "One file a film, `<class>/<image id>.jpeg`: chest films copied from the source into the "
        "image volume, the same number of each class. Comes from Kaggle, a folder in Kaggle's "
        "layout, or synthetic phantoms.",
        pool=None,
    ),
    catalog.KAGGLE_XRAY_METADATA: Entry(FILMS, ("delta", "polars"), pool=None),
    catalog.XRAY_METADATA: Entry(METADATA, ("delta", "polars"), pool=None),
    catalog.XRAY_REJECTS: Entry(METADATA, ("delta", "polars"), pool=None),
    catalog.EXPERIMENTS: Entry(ENDPOINT),
    catalog.ENDPOINT_CONFIG: Entry(ENDPOINT, ("delta", "databricks")),
    catalog.PREDICTIONS: Entry(PREDICTIONS),
    catalog.PAIRED_PREDICTIONS: Entry(PREDICTIONS, ("delta", "onnx")),
    catalog.REVIEW_POLICY: Entry(FEEDBACK),
    catalog.REVIEW_ASSIGNMENTS: Entry(FEEDBACK),
    catalog.PREDICTION_FEEDBACK: Entry(FEEDBACK),
    catalog.FEEDBACK_REJECTS: Entry(FEEDBACK),
    catalog.FEEDBACK_PENDING: Entry(FEEDBACK),
    catalog.PERFORMANCE: Entry(PERFORMANCE, only_shown=True),
    catalog.COMPARISON_SUMMARY: Entry(PERFORMANCE, only_shown=True),
    catalog.HOURLY_TRAFFIC: Entry(PERFORMANCE, only_shown=True),
    catalog.RECENT_ERRORS: Entry(PERFORMANCE, only_shown=True),
    catalog.RECENT_MISTAKES: Entry(PERFORMANCE, only_shown=True),
    catalog.REVIEW_PROGRESS: Entry(PERFORMANCE, only_shown=True),
    catalog.SECOND_LOOKS: Entry(PERFORMANCE, only_shown=True),
    catalog.SCORE_BANDS: Entry(PERFORMANCE, only_shown=True),
    catalog.SCORED_COUNTS: Entry(PERFORMANCE),
    catalog.REVIEWED_CASES: Entry(PERFORMANCE),
    catalog.REVIEWED_COUNTS: Entry(PERFORMANCE),
    catalog.PROMOTION_DECISION: Entry(DECISION, ("delta", "numpy")),
    catalog.FILM_FEATURES: Entry(MONITORING, ("delta", "onnx")),
    catalog.MONITORING_BASELINES: Entry(MONITORING),
    catalog.MONITORING_DAYS: Entry(MONITORING, ("delta", "numpy")),
    catalog.MONITORING_EVIDENCE: Entry(MONITORING),
    catalog.MONITORING_RECORD: Entry(MONITORING, pool="monitoring"),
    catalog.PROFILE_METRICS: Entry(MONITORING, only_shown=True),
    catalog.DRIFT_METRICS: Entry(MONITORING, ("delta", "numpy"), only_shown=True),
    catalog.ESTIMATED_PERFORMANCE: Entry(MONITORING, ("delta", "numpy"), only_shown=True),
    catalog.RETRAINING_REQUESTS: Entry(RETRAINING),
    catalog.TRAINING_FILMS: Entry(RETRAINING, ("delta", "polars")),
    catalog.GOLDEN_FILMS: Entry(RETRAINING, ("delta", "polars")),
    catalog.BACKTESTS: Entry(DECISION, ("delta", "onnx"), only_shown=True),
}
"""Every asset but the classifiers, which come from their families (`classifiers.py`)."""


def spec(
    key: Key,
    *,
    deps: Iterable[Key] = (),
    automation_condition: dg.AutomationCondition | None = None,
) -> dg.AssetSpec:
    """The spec of an asset that is computed from `deps`."""
    entry = ENTRIES[key]
    return dg.AssetSpec(
        dg.AssetKey(key),
        deps=[dg.AssetKey(dep) for dep in deps],
        description=entry.description or CONTRACTS[key].description,
        group_name=entry.stage,
        kinds=set(entry.kinds),
        owners=OWNERS,
        automation_condition=automation_condition,
    )


def asset(
    key: Key, *, deps: Iterable[Key] = ()
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Decorator of a body that makes one asset, in the pool of its entry."""
    one = spec(key, deps=deps)
    return dg.asset(
        key=one.key,
        deps=one.deps,
        description=one.description,
        group_name=one.group_name,
        kinds=one.kinds,
        owners=OWNERS,
        pool=ENTRIES[key].pool,
        op_tags={"dagster/priority": "-1"} if ENTRIES[key].only_shown else None,
    )
