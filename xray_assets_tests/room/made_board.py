"""A lake as the dashboard finds it: an experiment with decisions, traffic, reads, errors."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from xray_assets.cases import performance_run
from xray_assets.cases.performance import summary
from xray_assets.cases.summaries import errors, mistakes, traffic
from xray_assets.catalog import (
    COMPARISON_SUMMARY,
    DUE,
    FAMILIES,
    NOT_DRAWN,
    OVERDUE,
    PERFORMANCE,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    PROMOTION_DECISION,
    REVIEW_PROGRESS,
    SECOND_LOOKS,
    SETTLED,
    UNINTERPRETABLE,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.lake.delta import DeltaTables
from xray_assets.promotion import PairedCounts, PromotionRule, report
from xray_assets.reasons import as_columns
from xray_assets.rollout.candidates import Candidate
from xray_assets.rollout.experiment import Experiment
from xray_assets.rollout.served import ServedConfig, wanted_entities
from xray_assets.rollout.state import read_state, record, save
from xray_assets.statistics.agreement import Agreement
from xray_assets_tests.sql.made_lake import feedback, predictions

UNTIL = datetime(2026, 11, 20, 15, tzinfo=UTC)
DAYS = 14
RULE = PromotionRule()
CELLS = {(0, 0, 0): 40, (1, 1, 1): 32, (0, 1, 1): 8, (1, 0, 0): 5, (0, 1, 0): 3, (1, 0, 1): 1}
"""Reviewed cases [champion label, challenger label, truth]: the challenger is better."""


def open_experiment(
    tables: DeltaTables, *, number: int = 0, model: str | None = None, config: bool = True
) -> Experiment:
    """An experiment that is served half and half."""
    names = [family.model[1] for family in FAMILIES.values()]
    champion, challenger = (
        Candidate(
            f"healthcare_catalog_dev.models.{model or name}",
            at + 1 + number,
            f"{at}{number:063}",
            0.5,
        )
        for at, name in enumerate(names)
    )
    experiment = Experiment.open(
        champion,
        challenger,
        rule_hash=RULE.sha256,
        starting_share=50,
        now=UNTIL - timedelta(days=DAYS) + timedelta(minutes=number),
        by="engineer",
        cause="a new candidate",
    )
    save(tables, [experiment], seen=read_state(tables).generation)
    if config:
        served = ServedConfig(1, experiment.experiment_id, tuple(wanted_entities(experiment)))
        record(tables, served, decided_by="engineer", cause="opened")
    return experiment


def serve(tables: DeltaTables, count: int = 600, reads: int = 900) -> None:
    """Requests, reads of them, and every summary of both."""
    rows = predictions(count, seed=1, days=DAYS, until=UNTIL).with_columns(
        status_code=pl.when(pl.col("log_position") % 100 == 0)
        .then(pl.lit(500, pl.Int32))
        .otherwise("status_code"),
        assigned_model_name=pl.when(pl.col("log_position") % 100 == 1)
        .then(pl.lit("pneumonia_poc_classifier_pytorch-2"))
        .otherwise("served_model_name"),
    )
    tables.append(PREDICTIONS, rows, source="inference_log", position=count)
    tables.append(PREDICTION_FEEDBACK, feedback(rows, reads, seed=1))
    performance_run.bring_up_to_date(tables)
    tables.merge(COMPARISON_SUMMARY, summary(tables.read(PERFORMANCE)))
    for table in (traffic, errors, mistakes):
        table.bring_up_to_date(tables)


def decide(
    tables: DeltaTables, experiment: Experiment, sizes: tuple[float, ...] = (0.1, 0.5, 1.0)
) -> None:
    """Decisions on growing parts of CELLS, in the order of the record."""
    held = tables.row_count(PROMOTION_DECISION)
    rows = [_decision(experiment, size, position) for position, size in enumerate(sizes, held + 1)]
    tables.append(
        PROMOTION_DECISION, pl.DataFrame(rows, schema=CONTRACTS[PROMOTION_DECISION].schema)
    )


def _decision(experiment: Experiment, size: float, position: int) -> dict[str, Any]:
    reviewed = np.zeros((len(RULE.chance_classes or ()), 2, 2, 2), np.int64)
    for cell, n in CELLS.items():
        reviewed[(-1, *cell)] = round(n * size)
    scored = reviewed.sum(axis=3)
    counts = PairedCounts(
        reviewed, scored, np.array([[50, 50]]), np.array([0.5]), propensities=np.ones(scored.shape)
    )
    found = report(counts, RULE, reader_agreement=Agreement(40, 0.9, 0.8))
    decision = found.decision
    names = set(CONTRACTS[PROMOTION_DECISION].schema)
    figures = {name: value for name, value in vars(decision).items() if name in names}
    return figures | {
        **dict.fromkeys(names - figures.keys(), "-"),
        "decision_id": f"{experiment.experiment_id}-{position}",
        "experiment_id": experiment.experiment_id,
        "decided_at": UNTIL - timedelta(hours=24 - position),
        "champion_model": experiment.champion.served_name,
        "challenger_model": experiment.challenger.served_name,
        "verdict": str(decision.verdict),
        **as_columns(decision.reasons),
        "report": found.as_json(),
        "counts": json.dumps({"reviewed": reviewed.tolist(), "scored": scored.tolist()}),
        "chain_position": position,
    }


def ask_readers(tables: DeltaTables, experiment: Experiment) -> None:
    """How the reads of its cases stand."""
    states = {SETTLED: 85, DUE: 12, OVERDUE: 3, UNINTERPRETABLE: 1, NOT_DRAWN: 400}
    row = {
        "experiment_id": experiment.experiment_id,
        "site": "other",
        "date": UNTIL.date(),
        "cases": sum(states.values()),
        **states,
        "reads": 101,
        "read_twice": 15,
    }
    tables.merge(REVIEW_PROGRESS, pl.DataFrame([row], schema=CONTRACTS[REVIEW_PROGRESS].schema))
    looks = {"date": UNTIL.date(), "agree": 60, "keep": 15, "change": 5}
    tables.merge(SECOND_LOOKS, pl.DataFrame([looks], schema=CONTRACTS[SECOND_LOOKS].schema))


def whole_board(tables: DeltaTables) -> Experiment:
    """Everything."""
    experiment = open_experiment(tables)
    serve(tables)
    decide(tables, experiment)
    ask_readers(tables, experiment)
    return experiment
