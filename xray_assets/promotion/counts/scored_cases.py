"""The cases of an experiment as columns: what is taken in, and what is refused.

What counts of them, and as what, is in `case_counts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from xray_assets.catalog import CASE_STATES, NOT_DRAWN, SETTLED

CaseTable = Any
"""Whatever polars.DataFrame() takes: a frame of polars or pandas, columns by name, or rows."""

COLUMNS = (
    "chance",
    "drawn",
    "served_challenger",
    "champion_label",
    "challenger_label",
    "truth",
    "state",
)

_STATES = pl.Enum(CASE_STATES)

Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ScoredCases:
    """Cases in the order they were scored, (N,) each; `of` makes them.

    truth: 0 or 1 of the settled ones. state: index into `catalog.CASE_STATES`.
    """

    chance: NDArray[np.float64]
    drawn: Flags
    served_challenger: Flags
    champion_label: Numbers
    challenger_label: Numbers
    truth: NDArray[np.float64]
    state: NDArray[np.uint8]

    @classmethod
    def of(cls, cases: CaseTable) -> ScoredCases:
        """One row a scored case. Raises ValueError, naming column and row, where one cannot be."""
        frame = cases
        if not isinstance(frame, pl.DataFrame):  # 1 and 0.05 in one column are numbers, in any row
            frame = pl.DataFrame(cases, strict=False, infer_schema_length=None)
        if frame.width == 0:
            frame = pl.DataFrame({name: [] for name in COLUMNS})
        if missing := [name for name in COLUMNS if name not in frame.columns]:
            raise ValueError(f"cases need the columns {', '.join(missing)}: one row a scored case")
        made = cls(
            chance=_column(frame, "chance", pl.Float64),
            drawn=_column(frame, "drawn", pl.Boolean),
            served_challenger=_column(frame, "served_challenger", pl.Boolean),
            champion_label=_label(frame, "champion_label"),
            challenger_label=_label(frame, "challenger_label"),
            truth=_column(frame, "truth", pl.Float64, nullable=True),
            state=_column(frame, "state", _STATES),
        )
        made._refuse_what_cannot_be()
        return made

    def drawn_and(self, state: str) -> Flags:
        """Which cases were drawn and are in a state: one that was read undrawn is not reviewed."""
        return self.drawn & (self.state == CASE_STATES.index(state))

    def _refuse_what_cannot_be(self) -> None:
        _refuse("chance", "must lie in (0, 1]", ~((self.chance > 0) & (self.chance <= 1)))
        has_truth = (self.truth == 0) | (self.truth == 1)
        _refuse("truth", "must be 0, 1 or null", ~(has_truth | np.isnan(self.truth)))
        settled, not_drawn = self.drawn_and(SETTLED), self.drawn_and(NOT_DRAWN)
        _refuse("truth", "is null though the case is settled", settled & ~has_truth)
        _refuse("state", "is not_drawn though the case was drawn", not_drawn)


def _column(frame: pl.DataFrame, name: str, dtype: Any, *, nullable: bool = False) -> NDArray[Any]:
    column = frame[name]
    if column.dtype == pl.Object:
        column = pl.Series(name, column.to_list(), strict=False)
    try:
        cast = column.cast(pl.String).cast(dtype) if dtype is _STATES else column.cast(dtype)
    except pl.exceptions.PolarsError as error:
        allowed = f", one of {', '.join(CASE_STATES)}" if dtype is _STATES else ""
        found = column.unique().head(10).to_list()
        raise ValueError(f"{name} must be {dtype}{allowed}; found {found}") from error
    if cast.null_count() and not nullable:
        _refuse(name, "must not be null", cast.is_null().to_numpy())
    return (cast.to_physical() if dtype is _STATES else cast).to_numpy()


def _label(frame: pl.DataFrame, name: str) -> Numbers:
    label = _column(frame, name, pl.Float64)
    _refuse(name, "must be 0 or 1: a failed score is no scored case", (label != 0) & (label != 1))
    return label.astype(np.int64)


def _refuse(name: str, why: str, wrong: Flags) -> None:
    if wrong.any():
        raise ValueError(f"{name} {why}: row {int(wrong.argmax())} of {len(wrong)}")
