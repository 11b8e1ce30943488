"""What follows from a read: its truth, and with the logged label its feedback type. Nothing is
decided here.

A type is never taken from the reader's word alone: it is derived from (logged label, truth), and a
claim that differs is a contradiction. Labels: 1 = the model answered pneumonia, 0 = normal.
"""

import polars as pl

from xray_assets.catalog import LABELS

NORMAL, PNEUMONIA = LABELS

TRUTH_OF_READ: dict[str, str | None] = {
    "pneumonia": PNEUMONIA,
    "normal": NORMAL,
    "uncertain": None,
    "uninterpretable": None,
}
READ_OF_TRUTH = {truth: read for read, truth in TRUTH_OF_READ.items() if truth is not None}

CLAIM_OF_TYPE: dict[str, tuple[int, str]] = {
    "true-positive": (1, PNEUMONIA),
    "false-positive": (1, NORMAL),
    "true-negative": (0, NORMAL),
    "false-negative": (0, PNEUMONIA),
}
"""What each feedback type says: (logged label, truth)."""

CONFIDENCE_OF_CERTAINTY = {
    1: "needs_review",
    2: "uncertain",
    3: "confirmed",
    4: "confirmed",
    5: "confirmed",
}
"""What 1 (a guess) to 5 (sure) means for the consensus: a guess agrees with nobody."""

TYPE_OF_CLAIM = {claim: name for name, claim in CLAIM_OF_TYPE.items()}


def feedback_type(label: int | None, truth: str | None) -> str | None:
    """The type of a truth about a logged label; None when either is unknown."""
    return None if label is None or truth is None else TYPE_OF_CLAIM[label, truth]


def feedback_type_expression(label: str, truth: str) -> pl.Expr:
    """`feedback_type` over two columns: integer label, truth."""
    expression = pl.lit(None, dtype=pl.String)
    for name, (claimed_label, claimed_truth) in CLAIM_OF_TYPE.items():
        matches = (pl.col(label) == claimed_label) & (pl.col(truth) == claimed_truth)
        expression = pl.when(matches).then(pl.lit(name)).otherwise(expression)
    return expression


def claimed_label_expression(claimed_type: str) -> pl.Expr:
    """The label that a column of claimed types says the model gave; null without a claim."""
    labels = {name: label for name, (label, _) in CLAIM_OF_TYPE.items()}
    return pl.col(claimed_type).replace_strict(labels, default=None, return_dtype=pl.Int32)
