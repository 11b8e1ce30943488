"""Who may still be asked about a case, from the reads it has. Pure.

A case wants one or two blinded readers. Where they settle nothing (they differ, or were not sure),
a second and a third reader are asked, and then adjudicators; whoever has read a case is never asked
about it again, and nobody after an adjudicator. Labels and scores are not known here.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import polars as pl

from xray_assets.feedback.consensus import consensus, latest_reads
from xray_assets.web.roles import Role


@dataclass(frozen=True)
class DueCase:
    """A drawn case that no run has settled yet."""

    request_id: str
    image_sha256: str
    due_day: date
    reads_wanted: int


@dataclass(frozen=True)
class Standing:
    """Where the reads of a case stand. `readers`: whoever has read it, blinded or not; `blinded`:
    how many of them blinded.
    """

    readers: frozenset[str] = frozenset()
    blinded: int = 0
    is_settled: bool = False
    is_ruled: bool = False


UNREAD = Standing()


def standings(reads: pl.DataFrame) -> dict[str, Standing]:
    """By request, from rows of gold.prediction_feedback. Settled: the blinded reads have one truth,
    or two readers find the film uninterpretable.
    """
    if reads.is_empty():
        return {}
    answers = latest_reads(reads)
    blinded = answers.filter("blinded")
    unusable = (pl.col("read") == "uninterpretable").sum() >= 2
    counted = (
        answers.group_by("prediction_id")
        .agg(
            pl.col("radiologist_id"),
            pl.col("blinded").sum().alias("n"),
            (pl.col("blinded") & (pl.col("reader_role") == "adjudicator")).any().alias("ruled"),
        )
        .join(
            blinded.group_by("prediction_id").agg(unusable.alias("unusable")),
            on="prediction_id",
            how="left",
        )
        .join(
            consensus(blinded).select("prediction_id", agreed=pl.col("ground_truth").is_not_null()),
            on="prediction_id",
            how="left",
        )
    )
    return {
        row["prediction_id"]: Standing(
            frozenset(row["radiologist_id"]),
            row["n"],
            bool(row["agreed"] or row["unusable"]),
            row["ruled"],
        )
        for row in counted.iter_rows(named=True)
    }


def is_open(case: DueCase, standing: Standing) -> bool:
    """True while anybody may be asked about the case."""
    if standing.is_ruled:
        return False
    return standing.blinded < case.reads_wanted or not standing.is_settled


def may_be_asked(case: DueCase, standing: Standing, reader: str, role: Role) -> bool:
    """True when this reader is one who may be asked now."""
    if reader in standing.readers or not is_open(case, standing):
        return False
    return role == Role.ADJUDICATOR or standing.blinded < max(3, case.reads_wanted)


def in_order(cases: Iterable[DueCase], reader: str, key: bytes) -> list[DueCase]:
    """By due day, within it by a keyed hash that is another one for each reader: the place of a
    case tells nothing about it.
    """

    def place(case: DueCase) -> tuple[date, bytes]:
        message = f"{reader}\0{case.request_id}".encode()
        return case.due_day, hashlib.blake2b(message, key=key, digest_size=8).digest()

    return sorted(cases, key=place)
