"""From scored cases to the counts of a decision: the one way for production and for simulations.

Rules with logged chances only (docs/decision.md, "Reads where they tell most"): which case counts,
in which order, and as what. The others count by bands of the served score, in `cases/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xray_assets.catalog import DUE, OVERDUE, SETTLED, UNINTERPRETABLE
from xray_assets.promotion.counts.checked_arrays import Counts
from xray_assets.promotion.counts.paired_counts import PairedCounts
from xray_assets.promotion.counts.scored_cases import CaseTable, ScoredCases
from xray_assets.promotion.rule import PromotionRule
from xray_assets.promotion.verdict import DEFAULT_RULE, PromotionDecision, decide


def decide_cases(
    cases: CaseTable,
    rule: PromotionRule = DEFAULT_RULE,
    *,
    served: ArrayLike | None = None,
    split: ArrayLike | None = None,
) -> PromotionDecision:
    """The verdict on `cases`, one row a scored case in scoring order; may be asked after each read.

    Columns: chance (of review, logged when it was scored, in (0, 1]), drawn, served_challenger,
    champion_label, challenger_label (0 or 1), truth (0, 1 or null), state (settled, due, overdue,
    uninterpretable, not_drawn; `overdue` also for what stays uncertain after adjudication).
    served, split: as in `PairedCounts`; without them there is no evidence on the sample ratio.
    Raises ValueError as `case_counts`.
    """
    return decide(case_counts(cases, rule, served=served, split=split), rule)


def case_counts(
    cases: CaseTable,
    rule: PromotionRule = DEFAULT_RULE,
    *,
    served: ArrayLike | None = None,
    split: ArrayLike | None = None,
    scored: Mapping[float, ArrayLike] | None = None,
) -> PairedCounts:
    """The counts of one experiment; `cases` as in `decide_cases`.

    A stratum is a chance, in increasing order. Cases count in scoring order up to the first drawn
    one that is due. Of those, drawn cases alone are counted: settled ones by their truth, overdue
    ones as such, and uninterpretable ones leave. Batches hold `rule.reviews_per_batch` settled or
    overdue cases. A case that was not drawn changes `scored` and nothing else, whatever is known
    of it.

    scored: [champion label, challenger label] totals (2, 2) of all scored cases by chance; `cases`
    may then leave out those that were not drawn. Time and space follow the rows of `cases`.

    Disagreements should have one chance throughout, and it should be 1: bets are scaled by the
    smallest one among the drawn cases that count, so that none can be ruined, and each time that
    it falls is another chance of error.

    Raises ValueError where a row cannot be (`ScoredCases.of`), where a drawn case is not among
    `scored`, and where the rule estimates chances.
    """
    if not rule.logs_chances:
        raise ValueError(
            f"version {rule.version} of the rule counts by served arm and uncertainty band, which "
            "these columns do not hold: judge them by version 3, or give `decide` its counts"
        )
    rows = ScoredCases.of(cases)
    chances = np.unique(np.append(rows.chance, list(scored or ())))
    chances = chances if chances.size else np.ones(1)
    cells = (len(chances), 2, 2)
    stratum = np.searchsorted(chances, rows.chance)
    cell = (stratum * 2 + rows.champion_label) * 2 + rows.challenger_label

    waiting = np.flatnonzero(rows.drawn_and(DUE))
    end = int(waiting[0]) if len(waiting) else len(cell)
    all_settled = rows.drawn_and(SETTLED)
    settled, overdue = all_settled[:end], rows.drawn_and(OVERDUE)[:end]
    counted = np.flatnonzero(settled | overdue)
    outcome = cell[counted] * 3 + np.where(overdue, 2, rows.truth[:end])[counted].astype(np.int64)
    size, n_outcomes = rule.reviews_per_batch, 12 * len(chances)
    in_batches = outcome[: len(outcome) // size * size]
    batch = np.arange(len(in_batches)) // size
    totals = _tally(outcome, (*cells, 3))
    batches = _tally(batch * n_outcomes + in_batches, (len(in_batches) // size, *cells, 3))
    return PairedCounts(
        reviewed=totals[..., :2],
        overdue=totals[..., 2],
        batches=batches[..., :2],
        overdue_batches=batches[..., 2],
        uninterpretable=_tally(cell[:end][rows.drawn_and(UNINTERPRETABLE)[:end]], cells),
        scored=_tally(cell, cells) if scored is None else _stacked(scored, chances),
        served=np.zeros((0, 2), np.int64) if served is None else np.asarray(served),
        split=np.zeros(0) if split is None else np.asarray(split),
        propensities=np.broadcast_to(chances[:, None, None], cells),
        served_correct=_served_correct(rows, np.flatnonzero(settled)),
        n_later=int(all_settled[end:].sum()),
    )


def _served_correct(rows: ScoredCases, settled: NDArray[np.int64]) -> Counts:
    """(2, 2) [champion, challenger] x [wrong, correct] of the model that served each."""
    arm = rows.served_challenger[settled].astype(np.int64)
    label = np.where(arm, rows.challenger_label[settled], rows.champion_label[settled])
    return _tally(arm * 2 + (label == rows.truth[settled]), (2, 2))


def _stacked(scored: Mapping[float, ArrayLike], chances: NDArray[np.float64]) -> Counts:
    nothing = np.zeros((2, 2), np.int64)
    return np.stack([np.asarray(scored.get(chance, nothing)) for chance in chances.tolist()])


def _tally(index: NDArray[np.int64], shape: tuple[int, ...]) -> Counts:
    """How often each flat index into `shape` occurs."""
    return np.bincount(index, minlength=prod(shape)).reshape(shape)
