"""How good the evidence behind a verdict is: sample ratio, coverage, agreement of readers.

None of it decides anything. Each function turns what a stored decision reports (None: there is no
decision yet) into a passed or failed sentence. What cannot be judged yet passes and says so: a red
check means that something was found.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from xray_assets.catalog import DUE, OVERDUE
from xray_assets.feedback.truth.consensus import latest_reads
from xray_assets.promotion.rule import PromotionRule
from xray_assets.statistics.agreement import Agreement, reader_agreement

NEWEST_DOUBLE_READS = 1_000
"""Cases that agreement is measured on: enough for a standard error of kappa of some 0.03, and a
bounded read of the table.
"""

LEAST_PAIRS, LEAST_KAPPA = 20, 0.6
"""Fewer pairs of answers say nothing; 0.6 is where Landis and Koch (1977) begin "substantial"."""

LARGE_CELL, LEAST_COVERAGE = 30, 0.05
"""A cell with this many scored cases should have at least this share of them reviewed: below it the
weights of the few that were exceed 20.
"""


@dataclass(frozen=True)
class Finding:
    """One judgement: did it pass, why, and the figures."""

    passed: bool
    sentence: str
    figures: dict[str, float]


def agreement_of(reads: pl.DataFrame) -> Agreement:
    """Agreement of the standing answers of readers who read the same case.

    reads: rows of gold.prediction_feedback. Adjudicators have seen the others' answers: not
    counted; nor is an answer without a truth.
    """
    answers = latest_reads(
        reads.filter(pl.col("reader_role") == "reader", pl.col("ground_truth").is_not_null())
    )
    return reader_agreement(
        *(answers[name].to_numpy() for name in ("prediction_id", "radiologist_id", "ground_truth"))
    )


def unjudged(why: str, **figures: float) -> Finding:
    """Too little is known to find anything."""
    return Finding(True, f"cannot judge yet: {why}", figures)


NO_DECISION = unjudged("there is no decision")


def sample_ratio(report: Mapping[str, Any] | None) -> Finding:
    """Do requests arrive at the models as the split says?"""
    if report is None:
        return NO_DECISION
    evidence = report["decision"]["e_sample_ratio"]
    alarm = report["rule"]["sample_ratio_evidence"]
    passed = evidence is not None and evidence < alarm
    return Finding(
        passed,
        "requests arrive as the split says"
        if passed
        else "requests do not arrive at the models as the split says: look at assignment and log",
        {"e_sample_ratio": evidence if evidence is not None else float("inf"), "alarm": alarm},
    )


def coverage(counts: Mapping[str, Any] | None) -> Finding:
    """Is some part of every large cell of the evidence reviewed?

    counts: the decision's `scored` (G, 2, 2) and `reviewed` (G, 2, 2, 2). A cell: stratum (served
    arm and band, or chance of review) x champion label x challenger label. Where chances are
    logged, what should be reviewed is what was to be drawn.
    """
    if counts is None:
        return NO_DECISION
    scored = np.array(counts["scored"], dtype=np.int64)
    reviewed = np.array(counts["reviewed"], dtype=np.int64).sum(axis=-1)
    if scored.sum() == 0:
        return unjudged("no case has been scored")
    scored = scored * np.array(counts.get("propensities", 1.0))
    shares = np.divide(
        reviewed, scored, out=np.full(scored.shape, np.nan), where=scored >= LARGE_CELL
    )
    large = shares[~np.isnan(shares)]
    figures = {
        "reviewed_share": float(reviewed.sum() / scored.sum()),
        "large_cells": float(large.size),
        "thinnest_large_cell": float(large.min()) if large.size else float("nan"),
    }
    thin = int((large < LEAST_COVERAGE).sum())
    if thin:
        return Finding(
            False,
            f"{thin} of {large.size} cells with {LARGE_CELL} or more scored cases have less than "
            f"{LEAST_COVERAGE:.0%} reviewed: see `coverage` in the report",
            figures,
        )
    return Finding(
        True, f"{figures['reviewed_share']:.0%} of the scored cases are reviewed", figures
    )


def backlog(drawn: pl.DataFrame) -> Finding:
    """Are drawn cases read in time?

    drawn: how many (`len`) by `state`.
    """
    by_state = dict(drawn.select("state", "len").iter_rows())
    overdue, cases = by_state.get(OVERDUE, 0), sum(by_state.values())
    if not cases:
        return unjudged("no case has been drawn")
    share, allowed = overdue / cases, PromotionRule().largest_backlog
    return Finding(
        share <= allowed,
        f"{overdue} of {cases} drawn cases are overdue"
        + ("" if share <= allowed else ": give the reading room more readers or a smaller budget"),
        {"overdue": float(overdue), "due": float(by_state.get(DUE, 0)), "drawn": float(cases)},
    )


def readers_agree(report: Mapping[str, Any] | None) -> Finding:
    """Do readers of the same case agree beyond chance?"""
    if report is None:
        return NO_DECISION
    found = report["reader_agreement"] or {"n": 0, "percent_agreement": None, "kappa": None}
    n, kappa = found["n"], found["kappa"]
    figures = {"pairs_of_answers": float(n)}
    if n < LEAST_PAIRS or kappa is None:
        return unjudged(f"{n} pairs of answers to the same case, have some read twice", **figures)
    figures |= {"kappa": kappa, "percent_agreement": found["percent_agreement"]}
    return Finding(
        kappa >= LEAST_KAPPA,
        f"kappa {kappa:.2f} over {n} pairs of answers, at least {LEAST_KAPPA} is expected",
        figures,
    )
