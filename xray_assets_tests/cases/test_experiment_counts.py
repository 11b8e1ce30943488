"""The counts of an experiment on logged draws, from tables that runs kept, against the rule's own
counting of every scored case.
"""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_assets.cases import assignments as drawing
from xray_assets.cases.decision import digest, judge
from xray_assets.cases.experiment_counts import counts_of
from xray_assets.cases.review import ledger
from xray_assets.cases.review_run import LOG, READS, new_pairs, settle, touched_requests
from xray_assets.catalog import (
    ENDPOINT_CONFIG,
    PAIRED_PREDICTIONS,
    PREDICTION_FEEDBACK,
    REVIEW_ASSIGNMENTS,
    REVIEWED_CASES,
    SCORED_COUNTS,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.promotion import PairedCounts, PromotionRule, case_counts, decide
from xray_assets_tests.feedback.memory_tables import MemoryTables
from xray_assets_tests.review.scenery import (
    EXPERIMENT,
    SECRET,
    START,
    arrive,
    assignments,
    open_experiment,
    read,
    rows,
)

RULE = PromotionRule(reviews_per_batch=3)
LABELS = [(0, 0), (0, 1), (1, 0), (1, 1)]
NAMES = ("reviewed", "scored", "batches", "overdue", "overdue_batches", "uninterpretable")
steps = st.lists(
    st.tuples(
        st.lists(st.sampled_from(LABELS), max_size=6),
        st.lists(
            st.tuples(
                st.integers(0, 19),
                st.sampled_from(["DR1", "DR2"]),
                st.sampled_from(["pneumonia", "normal", "uninterpretable"]),
            ),
            max_size=8,
        ),
        st.integers(0, 4),
    ),
    min_size=1,
    max_size=4,
)
"""Cases that arrive, reads of (case, reader, read), and days that pass."""


def evaluate(tables: MemoryTables, now) -> None:
    """What the assets do from pairs to the counts."""
    drawing.bring_up_to_date(tables, SECRET, budget=100, now=now)
    end = tables.position(REVIEW_ASSIGNMENTS, LOG)
    counted = ledger(new_pairs(tables, tables.position(SCORED_COUNTS, LOG), end))
    tables.append(SCORED_COUNTS, counted, source=LOG, position=end)
    settle(tables, touched_requests(tables))
    last = tables.read(PREDICTION_FEEDBACK).select(pl.col("acceptance_rank").max()).collect().item()
    for source, position in ((LOG, end), (READS, last or 0)):
        empty = CONTRACTS[REVIEWED_CASES].empty()
        tables.append(REVIEWED_CASES, empty, source=source, position=position)


def world() -> MemoryTables:
    tables = MemoryTables()
    open_experiment(tables)
    config = {
        "config_version": 1, "experiment_id": EXPERIMENT.experiment_id, "endpoint_name": "e",
        "model_name": "m", "model_version": 1, "traffic_percentage": 50, "artifact_sha256": "a",
        "decided_by": "t", "cause": "t", "applied_at": START,
    }  # fmt: skip
    both = [
        config | {"role": role, "served_model_name": role} for role in ("champion", "challenger")
    ]
    tables.append(ENDPOINT_CONFIG, rows(ENDPOINT_CONFIG, both))
    return tables


def counted_case_by_case(tables: MemoryTables) -> PairedCounts:
    """The rule's own counting of every scored case, drawn or not."""
    truths = tables.read(REVIEWED_CASES).select("request_id", "truth").collect()
    pairs = tables.read(PAIRED_PREDICTIONS).select(
        "request_id", "champion_label", "challenger_label", served_challenger=pl.lit(False)
    )
    cases = assignments(tables).join(pairs.collect(), on="request_id")
    cases = cases.join(truths, on="request_id", how="left").sort("log_position")
    return case_counts(cases, RULE)


@settings(max_examples=15, deadline=None)
@given(steps)
def test_counts_kept_run_by_run_are_those_of_every_scored_case(taken: list) -> None:
    tables, now, requests = world(), START, []
    for labels, answers, days in taken:
        now += timedelta(days=days, hours=1)
        fresh = [(f"p{len(requests) + n}", pair, "other") for n, pair in enumerate(labels)]
        requests += arrive(tables, fresh, now) if fresh else []
        about = [(requests[n], who, what) for n, who, what in answers if n < len(requests)]
        if about:
            read(tables, *about)
        evaluate(tables, now)
        kept = counts_of(tables, EXPERIMENT.experiment_id, RULE)
        plain = counted_case_by_case(tables)
        for name in NAMES:
            for chance in (0.05, 0.1, 1.0):
                assert np.array_equal(of(kept, name, chance), of(plain, name, chance)), name
        assert kept.n_later == plain.n_later


def of(counts: PairedCounts, name: str, chance: float) -> np.ndarray:
    """A count of the stratum of a chance; nothing where there is none."""
    assert counts.propensities is not None
    array = getattr(counts, name)
    (stratum,) = np.nonzero(counts.propensities[:, 0, 0] == chance)
    axis = 1 if "batches" in name else 0
    taken = np.take(array, stratum, axis=axis)
    shape = (*taken.shape[:axis], 0, *taken.shape[axis + 1 :])
    return taken if taken.any() else np.zeros(shape)


def test_a_read_of_a_case_that_was_not_drawn_counts_nowhere_and_a_later_one_waits() -> None:
    tables = world()
    requests = arrive(tables, [(f"p{n}", (0, n % 2), "other") for n in range(40)])
    evaluate(tables, START)
    drawn = assignments(tables).filter("drawn")["request_id"].to_list()
    undrawn = [request for request in requests if request not in drawn]
    read(tables, *((request, "DR1", "normal") for request in undrawn))
    evaluate(tables, START)
    counts = counts_of(tables, EXPERIMENT.experiment_id, RULE)
    assert (counts.n_reviewed, counts.n_later, counts.n_scored) == (0, 0, 40)
    for doctor in ("DR1", "DR2"):
        read(tables, *((request, doctor, "normal") for request in drawn[1:]))
    evaluate(tables, START)
    counts = counts_of(tables, EXPERIMENT.experiment_id, RULE)
    assert (counts.n_reviewed, counts.n_later) == (0, len(drawn) - 1)
    for doctor in ("DR1", "DR2"):
        read(tables, (drawn[0], doctor, "normal"))
    evaluate(tables, START)
    counts = counts_of(tables, EXPERIMENT.experiment_id, RULE)
    assert (counts.n_reviewed, counts.n_later) == (len(drawn), 0)


def test_chances_are_part_of_the_evidence_and_of_the_row() -> None:
    tables = world()
    arrive(tables, [(f"p{n}", (0, 1), "other") for n in range(3)])
    evaluate(tables, START)
    counts = counts_of(tables, EXPERIMENT.experiment_id, PromotionRule())
    assert counts.propensities is not None
    half = replace(counts, propensities=counts.propensities / 2)
    assert digest(half) != digest(counts)
    row = judge(EXPERIMENT, counts, PromotionRule(), versions={})
    assert (row["rule_version"], row["verdict"]) == ("3", "KEEP_TESTING")
    assert row["evidence_sha256"] == digest(counts)


def test_a_decision_can_be_made_again_from_its_row() -> None:
    tables = world()
    requests = arrive(tables, [(f"p{n}", (0, 1), "other") for n in range(6)])
    evaluate(tables, START)
    for doctor in ("DR1", "DR2"):
        read(tables, *((request, doctor, "normal") for request in requests))
    evaluate(tables, START)
    counts = counts_of(tables, EXPERIMENT.experiment_id, RULE)
    row = judge(EXPERIMENT, counts, RULE, versions={})
    again = decide(PairedCounts.from_json(row["counts"]), RULE)
    assert again == decide(counts, RULE)
    assert (again.n_reviewed, again.e_worse) == (6, row["e_worse"])
    assert again.recent_evidence == row["recent_evidence"] > again.e_rollback


def test_a_draw_of_an_unknown_experiment_is_no_case() -> None:
    assert counts_of(world(), "another", RULE).n_scored == 0


@pytest.mark.parametrize("blinded", [True, False])
def test_only_blinded_reads_count(blinded: bool) -> None:
    tables = world()
    requests = arrive(tables, [(f"p{n}", (0, 1), "other") for n in range(2)])
    for doctor in ("DR1", "DR2"):
        read(tables, *((one, doctor, "pneumonia") for one in requests), blinded=blinded)
    evaluate(tables, START)
    counts = counts_of(tables, EXPERIMENT.experiment_id, RULE)
    assert counts.n_reviewed == (2 if blinded else 0)
