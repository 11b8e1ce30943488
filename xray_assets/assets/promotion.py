"""Gold, the end of the lineage: the promotion decision. What follows from it leaves through
`sensors/`.
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg
import polars as pl

from xray_assets.assets.entries import asset
from xray_assets.audit.chain import POSITION
from xray_assets.audit.coverage import CHAIN_HEAD
from xray_assets.audit.record import record
from xray_assets.audit.verify import verify
from xray_assets.catalog import (
    ENDPOINT_CONFIG,
    EXPERIMENTS,
    PAIRED_PREDICTIONS,
    PREDICTION_FEEDBACK,
    PROMOTION_DECISION,
    REVIEW_ASSIGNMENTS,
    REVIEWED_CASES,
    REVIEWED_COUNTS,
    SCORED_COUNTS,
    Key,
)
from xray_assets.checks.table_metadata import table_metadata
from xray_assets.reasons import from_columns
from xray_assets.resources.tables import Tables
from xray_assets.resources.witness import DecisionWitness
from xray_assets.rollout.experiment import Experiment
from xray_assets.rollout.state import last_experiment

if TYPE_CHECKING:
    from xray_assets.cases.evidence_quality import Finding
    from xray_assets.statistics.agreement import Agreement

EVIDENCE: tuple[Key, ...] = (
    REVIEWED_CASES,
    REVIEWED_COUNTS,
    SCORED_COUNTS,
    ENDPOINT_CONFIG,
    REVIEW_ASSIGNMENTS,
    PAIRED_PREDICTIONS,
)
"""The tables that a decision is made from."""

FIGURES = ("n_reviewed", "e_better", "e_not_missing_more", "e_worse", "e_missing_more")
"""What the page charts over time."""


@asset(PROMOTION_DECISION, deps=[EXPERIMENTS, PREDICTION_FEEDBACK, *EVIDENCE])
def promotion_decision(
    context: dg.AssetExecutionContext,
    tables: Tables,
    decision_witness: DecisionWitness,
) -> dg.MaterializeResult:
    """PROMOTE, KEEP_TESTING or ROLLBACK: the running experiment judged on its counts."""
    experiment = last_experiment(tables)
    if experiment is not None and experiment.is_running:
        decision = _judged(tables, experiment)
        head = record(decision, tables, decision_witness, context.run)
        context.log.info(f"{decision['verdict']}: {decision['reasons']}")
        news = {CHAIN_HEAD: str(head)}
    else:
        why = f"experiment {experiment.experiment_id} is {experiment.state}" if experiment else ""
        news = {"no_decision": why or "no experiment"}
        context.log.info(f"nothing to decide: {news['no_decision']}")
    # The decision is in its table by now: what follows is drawn while others read it.
    return dg.MaterializeResult(
        metadata=table_metadata(tables, PROMOTION_DECISION) | _standing_verdict(tables) | news
    )


def _judged(tables: Tables, experiment: Experiment) -> dict[str, Any]:
    from xray_assets.cases.decision import judge
    from xray_assets.cases.experiment_counts import counts_of
    from xray_assets.promotion.rules import rule_of

    rule = rule_of(experiment.rule_hash)
    return judge(
        experiment,
        counts_of(tables, experiment.experiment_id, rule),
        rule,
        versions={".".join(key): tables.version(key) for key in EVIDENCE},
        reader_agreement=_reader_agreement(tables, experiment),
    )


def _reader_agreement(tables: Tables, experiment: Experiment) -> "Agreement":
    """Agreement on the newest cases of the experiment that several readers have read."""
    from xray_assets.cases.evidence_quality import NEWEST_DOUBLE_READS, agreement_of

    double_read = (
        tables.read(REVIEWED_CASES)
        .filter(pl.col("experiment_id") == experiment.experiment_id, pl.col("n_readers") > 1)
        .select("request_id", "prediction_date", "review_rank")
        .top_k(NEWEST_DOUBLE_READS, by="review_rank")
        .collect()
    )
    reads = tables.read(PREDICTION_FEEDBACK).filter(
        pl.col("prediction_date").is_in(double_read["prediction_date"].unique().implode()),
        pl.col("prediction_id").is_in(double_read["request_id"].implode()),
    )
    return agreement_of(reads.collect())


def _standing_verdict(tables: Tables) -> dict[str, Any]:
    """What the UI shows: the last verdict, its reasons, the figures it charts over time, and
    pictures; also where nothing new was decided.
    """
    from xray_assets.pictures.decisions import evidence_over_time, operating_points, paired_table

    stored = tables.read(PROMOTION_DECISION)
    last = stored.sort(POSITION).tail(1).collect()
    if last.is_empty():
        return {"verdict": "none yet"}
    row = last.row(0, named=True)
    decisions = stored.filter(pl.col("experiment_id") == row["experiment_id"])
    rule, reviewed = json.loads(row["report"])["rule"], json.loads(row["counts"])["reviewed"]
    evidence = evidence_over_time(
        decisions.select("decided_at", *FIGURES).collect(),
        promote=rule["promote_evidence"],
        roll_back=rule["rollback_evidence"],
    )
    return {name: row[name] for name in ("verdict", "experiment_id", *FIGURES)} | {
        "decided_at": str(row["decided_at"]),
        "reasons": dg.MetadataValue.md("\n\n".join(map(str, from_columns(row)))),
        "evidence": dg.MetadataValue.md(evidence),
        "paired": dg.MetadataValue.md(paired_table(reviewed)),
        "operating_points": dg.MetadataValue.md(operating_points(reviewed)),
    }


@dg.asset_check(asset=dg.AssetKey(PROMOTION_DECISION))
def the_record_is_unbroken(
    context: dg.AssetCheckExecutionContext, tables: Tables, decision_witness: DecisionWitness
) -> dg.AssetCheckResult:
    """The whole hash chain, its witnesses, what was served on it and the state it rests on; as
    `xray audit verify`, which checks every draw and read too.
    """
    seen = verify(tables, context.instance, decision_witness, review_key=None)
    return dg.AssetCheckResult(
        passed=not seen.findings,
        severity=dg.AssetCheckSeverity.ERROR,
        description="; ".join(seen.findings or ("the chain is unbroken", *seen.checked)),
        metadata={"rows": seen.rows, "witnesses": seen.witnesses, CHAIN_HEAD: str(seen.head)},
    )


@dg.multi_asset_check(
    specs=[
        dg.AssetCheckSpec(name, asset=dg.AssetKey(PROMOTION_DECISION), description=description)
        for name, description in {
            "requests_follow_the_split": "Requests arrive at the models as the split says.",
            "every_large_cell_is_reviewed": "Some part of every large cell of cases is reviewed.",
            "readers_agree": "Readers of the same case agree beyond chance.",
        }.items()
    ]
)
def evidence_quality(tables: Tables) -> Iterator[dg.AssetCheckResult]:
    """How good the evidence behind the last verdict is. Warnings: the rule itself decides."""
    from xray_assets.cases.evidence_quality import coverage, readers_agree, sample_ratio

    last = tables.read(PROMOTION_DECISION).sort("decided_at").tail(1).collect()
    row = last.row(0, named=True) if last.height else {}
    report, counts = (json.loads(row.get(name, "null")) for name in ("report", "counts"))
    yield _warning("requests_follow_the_split", sample_ratio(report))
    yield _warning("every_large_cell_is_reviewed", coverage(counts))
    yield _warning("readers_agree", readers_agree(report))


def _warning(name: str, finding: "Finding") -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name,
        asset_key=dg.AssetKey(PROMOTION_DECISION),
        passed=finding.passed,
        severity=dg.AssetCheckSeverity.WARN,
        description=finding.sentence,
        metadata=finding.figures,
    )
