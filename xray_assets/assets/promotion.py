"""Gold, the end of the lineage: the promotion decision. What follows from it leaves through
`sensors.py`.
"""

from typing import Any

import dagster as dg
import polars as pl

from xray_assets.catalog import (
    COMPARISON_SUMMARY,
    ENDPOINT_CONFIG,
    OWNERS,
    PROMOTION_DECISION,
    REVIEWED_CASES,
    SCORED_COUNTS,
    Key,
)
from xray_assets.contract_checks import contract_check
from xray_assets.resources.control import RolloutControl
from xray_assets.resources.tables import Tables
from xray_assets.rollout.experiment import Experiment
from xray_assets.table_contracts import PROMOTION_DECISION as DECISION_CONTRACT
from xray_assets.table_metadata import table_metadata

EVIDENCE: tuple[Key, ...] = (REVIEWED_CASES, SCORED_COUNTS, ENDPOINT_CONFIG)
"""The tables that a decision is made from."""


@dg.asset(
    key=dg.AssetKey(PROMOTION_DECISION),
    deps=[dg.AssetKey(REVIEWED_CASES), dg.AssetKey(SCORED_COUNTS), dg.AssetKey(COMPARISON_SUMMARY)],
    group_name="gold",
    kinds={"delta", "scipy"},
    owners=OWNERS,
    pool="gold",
)
def promotion_decision(
    context: dg.AssetExecutionContext, tables: Tables, control: RolloutControl
) -> dg.MaterializeResult:
    """PROMOTE, KEEP_TESTING or ROLLBACK: the running experiment judged on its counts. Append-only.

    Grain: a verdict on new evidence of an experiment; the same evidence gives no second row.
    """
    from xray_assets.cases.decision import judge

    experiment = control.experiment()
    if experiment is None or not experiment.is_running:
        why = (
            "no experiment"
            if experiment is None
            else f"experiment {experiment.experiment_id} is {experiment.state}"
        )
        context.log.info(f"nothing to decide: {why}")
        return dg.MaterializeResult(
            metadata=table_metadata(tables, PROMOTION_DECISION) | {"no_decision": why}
        )
    versions = {".".join(key): tables.version(key) for key in EVIDENCE}
    judged = judge(
        experiment, *(_of(tables, key, experiment) for key in EVIDENCE), versions=versions
    )
    decisions = _of(tables, PROMOTION_DECISION, experiment)
    if judged.row["decision_id"] not in decisions["decision_id"]:
        row = pl.DataFrame([judged.row], schema=DECISION_CONTRACT.schema)
        tables.append(PROMOTION_DECISION, row)
        decisions = pl.concat([decisions, row])
    context.log.info(f"{judged.row['verdict']}: {judged.row['reasons']}")
    return dg.MaterializeResult(
        metadata=table_metadata(tables, PROMOTION_DECISION) | _shown(judged, decisions)
    )


def _of(tables: Tables, key: Key, experiment: Experiment) -> pl.DataFrame:
    return tables.read(key).filter(pl.col("experiment_id") == experiment.experiment_id).collect()


def _shown(judged: Any, decisions: pl.DataFrame) -> dict[str, Any]:
    """What the UI shows of a decision: the verdict, its reasons, the figures it charts over time,
    and pictures.
    """
    from xray_assets.pictures.decisions import evidence_over_time, operating_points, paired_table

    figures = (
        "verdict",
        "n_reviewed",
        "e_better",
        "e_not_missing_more",
        "e_worse",
        "e_missing_more",
    )
    rule = judged.rule
    evidence = evidence_over_time(
        decisions, promote=rule.promote_evidence, roll_back=rule.rollback_evidence
    )
    return {name: judged.row[name] for name in figures} | {
        "reasons": dg.MetadataValue.md(judged.row["reasons"].replace("\n", "\n\n")),
        "evidence": dg.MetadataValue.md(evidence),
        "paired": dg.MetadataValue.md(paired_table(judged.counts.reviewed)),
        "operating_points": dg.MetadataValue.md(operating_points(judged.counts.reviewed)),
    }


promotion_checks = [contract_check(DECISION_CONTRACT)]
