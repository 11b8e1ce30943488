"""Who may still be asked about a case, from the reads it has. Pure.

A case wants one or two blinded readers. Where they settle nothing (they differ, or were not sure),
a second and a third reader are asked, and then adjudicators; whoever has read a case is never asked
about it again. Whether anybody is, says the rule of the run that settles (`review.states`). Labels
and scores are not known here.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

import polars as pl

from xray_assets.catalog import DUE
from xray_assets.contracts.contract import TIMESTAMP
from xray_assets.feedback.truth.consensus import latest_reads
from xray_assets.feedback.truth.standing import standing
from xray_assets.review.states import state_at
from xray_assets.web.roles import Role

_NOBODY_LATE = datetime(1970, 1, 1, tzinfo=UTC)
"""An overdue case waits on, as if its time were not up."""
_READERS = 3
"""So many are asked before only an adjudicator is."""


@dataclass(frozen=True)
class DueCase:
    """A drawn case that no run has settled yet."""

    request_id: str
    image_sha256: str
    due_at: datetime
    reads_wanted: int


@dataclass(frozen=True)
class Standing:
    """Where the reads of a case stand. `readers`: whoever has read it, blinded or not; `blinded`:
    how many of them blinded; `is_ruled`: an adjudicator among them.
    """

    readers: frozenset[str] = frozenset()
    blinded: int = 0
    is_ruled: bool = False
    is_open: bool = True


UNREAD = Standing()


def standings(cases: Iterable[DueCase], reads: pl.DataFrame) -> dict[str, Standing]:
    """By request, of the cases that are read; reads: all rows of gold.prediction_feedback about
    them.
    """
    if reads.is_empty():
        return {}
    due = pl.DataFrame(
        [(case.request_id, case.due_at, case.reads_wanted) for case in cases],
        schema={"request_id": pl.String, "due_at": TIMESTAMP, "reads_wanted": pl.Int64},
        orient="row",
    )
    is_ruling = pl.col("blinded") & (pl.col("reader_role") == "adjudicator")
    who = (
        latest_reads(reads)
        .group_by(request_id="prediction_id")
        .agg(pl.col("radiologist_id"), is_ruled=is_ruling.any())
    )
    stand = who.join(due, on="request_id").join(standing(reads), on="request_id", how="left")
    counted = stand.with_columns(
        pl.col("n_reads", "n_uninterpretable").fill_null(0),
        pl.col("has_truth", "is_ruled_open").fill_null(False),
        drawn=True,
    ).with_columns(is_open=state_at(_NOBODY_LATE) == DUE)
    return {
        row["request_id"]: Standing(
            frozenset(row["radiologist_id"]), row["n_reads"], row["is_ruled"], row["is_open"]
        )
        for row in counted.iter_rows(named=True)
    }


def may_be_asked(case: DueCase, stands: Standing, reader: str, role: Role) -> bool:
    """True when this reader is one who may be asked now."""
    if reader in stands.readers or not stands.is_open:
        return False
    waits_for_ruling = stands.is_ruled or stands.blinded >= _READERS
    return stands.blinded < case.reads_wanted or role == Role.ADJUDICATOR or not waits_for_ruling


def in_order(cases: Iterable[DueCase], reader: str, key: bytes) -> list[DueCase]:
    """By due day, within it by a keyed hash that is another one for each reader: the place of a
    case tells nothing about it.
    """

    def place(case: DueCase) -> tuple[date, bytes]:
        message = f"{reader}\0{case.request_id}".encode()
        return case.due_at.date(), hashlib.blake2b(message, key=key, digest_size=8).digest()

    return sorted(cases, key=place)
