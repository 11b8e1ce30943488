"""A judged day as rows: of gold.monitoring_days, and of gold.monitoring_evidence. Pure."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import polars as pl

from xray_assets.catalog import MONITORING_DAYS, MONITORING_EVIDENCE
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.contracts.tables.days import UNKNOWN
from xray_assets.monitoring.days.unjudged import BLOCKING
from xray_assets.reasons import Reason, as_columns, codes_of

if TYPE_CHECKING:
    from xray_assets.statistics.drift.day import Day

_NOTHING: dict[str, Any] = {
    "level": UNKNOWN,
    "kind": "",
    "log_evidence": None,
    "shift": None,
    "off_support": None,
    **dict.fromkeys(
        ("families", "sites", "review_sites", "review_shares", "harm_sites", "no_harm_sites",
         "no_harm_bounds"), ()
    ),
}  # fmt: skip
"""Columns of a day that was compared with nothing."""


def day_row(facts: dict[str, Any], day: "Day | None", reasons: Iterable[Reason]) -> pl.DataFrame:
    """The row of gold.monitoring_days.

    facts: its other columns. day: what the monitor says; None without a baseline. A reason that
    blocks makes the level UNKNOWN and leaves the evidence as it is.
    """
    reasons = tuple(reasons)
    said = _NOTHING if day is None else _said(day)
    known = codes_of(reasons)
    more = day.reasons if day else ()
    reasons += tuple(Reason(code, code.replace("_", " ")) for code in more if code not in known)
    if {*known} & {*BLOCKING}:
        said = said | {"level": UNKNOWN, "kind": "", "review_sites": (), "review_shares": ()}
    contract = CONTRACTS[MONITORING_DAYS]
    row = {**facts, **said, **as_columns(reasons)}
    return contract.conform(pl.DataFrame([row], schema=contract.schema))


def evidence_rows(facts: dict[str, Any], day: "Day | None") -> pl.DataFrame:
    """Its rows of gold.monitoring_evidence; none without a baseline."""
    contract = CONTRACTS[MONITORING_EVIDENCE]
    if day is None or day.evidence.is_empty():
        return contract.empty()
    numbers = [name for name, dtype in contract.schema.items() if dtype == pl.Float64]
    named = day.evidence.with_columns(
        date=pl.lit(facts["date"]), baseline_id=pl.lit(facts["baseline_id"])
    )
    rows = named.select(contract.schema.names()).with_columns(pl.col(numbers).fill_nan(None))
    return contract.conform(rows)


def _said(day: "Day") -> dict[str, Any]:
    flagged = day.flagged
    largest = flagged.filter(pl.col("shift").is_finite()).sort(pl.col("shift").abs()).tail(1)
    return {
        "level": str(day.level),
        "kind": day.kind,
        "families": sorted(flagged["family"].unique()),
        "sites": sorted(flagged["site"].unique()),
        "review_sites": list(day.review_fractions),
        "review_shares": list(day.review_fractions.values()),
        "harm_sites": list(day.harm),
        "no_harm_sites": list(day.no_harm),
        "no_harm_bounds": list(day.no_harm.values()),
        "log_evidence": day.log_evidence,
        "shift": largest["shift"].item() if largest.height else None,
        "off_support": day.off_support,
    }
