"""Pictures of a decision and of what it rests on: evidence over time, the paired table, confusion
matrices. Few counts are a table: it costs nothing to draw and can be copied.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from xray_assets.catalog import CHALLENGER, CHAMPION, LABELS
from xray_assets.pictures.charts import line_chart
from xray_assets.pictures.drawing import markdown

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_EVIDENCE = {
    "e_better": "better",
    "e_not_missing_more": "misses no more",
    "e_worse": "worse",
    "e_missing_more": "misses more",
}


def evidence_over_time(decisions: pl.DataFrame, *, promote: float, roll_back: float) -> str:
    """`evidence_chart` as a Markdown image."""
    return markdown(evidence_chart(decisions, promote=promote, roll_back=roll_back))


def evidence_chart(decisions: pl.DataFrame, *, promote: float, roll_back: float) -> Any:
    """The four e-values over reviewed cases; rows of gold.promotion_decision of one experiment."""
    decisions = decisions.sort("decided_at")
    series = {
        name: list(zip(decisions["n_reviewed"].to_list(), decisions[column].to_list(), strict=True))
        for column, name in _EVIDENCE.items()
    }
    return line_chart(
        "Evidence",
        series,
        x_label="reviewed cases",
        y_label="e-value",
        levels={"promote": promote, "roll back": roll_back},
        logarithmic=True,
    )


def paired_table(reviewed: "ArrayLike") -> str:
    """Both models' labels by truth, as a Markdown table; reviewed is (G, 2, 2, 2) [stratum,
    champion, challenger, truth].
    """
    cells = np.asarray(reviewed).sum(axis=0)
    lines = [
        "| truth | both right | only the champion | only the challenger | both wrong |",
        "|---|---|---|---|---|",
    ]
    for truth, label in enumerate(LABELS):
        right, wrong = truth, 1 - truth
        counts = (
            cells[right, right],
            cells[right, wrong],
            cells[wrong, right],
            cells[wrong, wrong],
        )
        lines.append(
            f"| {label} | " + " | ".join(str(int(counts_of[truth])) for counts_of in counts) + " |"
        )
    return "\n".join(lines)


def operating_points(reviewed: "ArrayLike") -> str:
    """Both models' confusion matrices on the reviewed cases, as Markdown tables."""
    cells = np.asarray(reviewed).sum(axis=0)
    by_model = {CHAMPION: cells.sum(axis=1), CHALLENGER: cells.sum(axis=0)}
    return "\n\n".join(
        confusion_table(
            f"{role.capitalize()} on reviewed cases",
            tp=int(counts[1, 1]),
            fp=int(counts[1, 0]),
            tn=int(counts[0, 0]),
            fn=int(counts[0, 1]),
        )
        for role, counts in by_model.items()
    )


def confusion_matrices(totals: pl.DataFrame) -> str:
    """A confusion matrix a served entity, as Markdown tables; columns served_model_name, tp, fp,
    tn, fn.
    """
    return "\n\n".join(
        confusion_table(row.pop("served_model_name"), **row)
        for row in totals.sort("served_model_name").iter_rows(named=True)
    )


def confusion_table(title: str, *, tp: int, fp: int, tn: int, fn: int) -> str:
    """Truth down, answer across, each with its share of the row, as a Markdown table."""
    lines = [f"| {title} | says PNEUMONIA | says NORMAL |", "|---|---|---|"]
    for truth, counts in (("PNEUMONIA", (tp, fn)), ("NORMAL", (fp, tn))):
        total = sum(counts) or 1
        shown = " | ".join(f"{count:,} ({count / total:.1%})" for count in counts)
        lines.append(f"| {truth} | {shown} |")
    return "\n".join(lines)
