"""Films against each other and against the table: duplicates out, patients to one split each.

Duplicates are films with the same bytes or the same pixels. One of them is kept:
- the one that is in the table already, for accepted rows never change;
- else the first by image id.
Where new duplicates disagree about the class, none of them is kept: their label is unknown. A new
film that disagrees with one in the table is refused, and says so, for a person to look at.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from xray_assets.catalog import LABELS, XRAY_METADATA, XRAY_REJECTS
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.curation.films import ReadFilm, Refusal
from xray_assets.curation.splits import split_of

DUPLICATE, LABEL_CONFLICT = "duplicate", "label_conflict"


@dataclass
class Known:
    """What the table says already: who has which digest and label, and each patient's split."""

    owner_of: dict[str, tuple[str, str]] = field(default_factory=dict)
    split_of: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_metadata(cls, metadata: pl.DataFrame) -> "Known":
        """From rows of silver.xray_metadata."""
        known = cls()
        for row in metadata.iter_rows(named=True):
            owner = (row["image_id"], row["label_name"])
            known.owner_of[row["sha256"]] = known.owner_of[row["pixel_sha256"]] = owner
            known.split_of[row["patient_id"]] = row["dataset_split"]
        return known


@dataclass(frozen=True)
class Curated:
    """New rows for both tables; films the volume lacked are in neither and come again."""

    metadata: pl.DataFrame
    rejects: pl.DataFrame
    waiting: int


def curate(
    outcomes: Iterable[ReadFilm | Refusal | None],
    *,
    known: Known,
    shares: Mapping[str, float],
    seed: int,
    now: datetime,
) -> Curated:
    """New rows of silver.xray_metadata and silver.xray_rejects, in image id order."""
    films: list[ReadFilm] = []
    refusals: list[Refusal] = []
    waiting = 0
    for outcome in outcomes:
        if outcome is None:
            waiting += 1
        elif isinstance(outcome, Refusal):
            refusals.append(outcome)
        else:
            films.append(outcome)
    accepted, duplicates = without_duplicates(films, known)
    refusals = sorted(refusals + duplicates, key=lambda refusal: refusal.candidate.image_id)
    return Curated(
        metadata=pl.DataFrame(
            [_metadata_row(film, known, shares, seed, now) for film in accepted],
            schema=CONTRACTS[XRAY_METADATA].schema,
        ),
        rejects=pl.DataFrame(
            [_reject_row(refusal, now) for refusal in refusals],
            schema=CONTRACTS[XRAY_REJECTS].schema,
        ),
        waiting=waiting,
    )


def without_duplicates(
    films: Iterable[ReadFilm], known: Known
) -> tuple[list[ReadFilm], list[Refusal]]:
    """(films to keep, refusals of their duplicates), by the module's rule, in image id order."""
    in_order = sorted(films, key=lambda film: film.candidate.image_id)
    labels: dict[str, set[str]] = {}
    for film in in_order:
        for digest in (film.candidate.sha256, film.pixel_sha256):
            labels.setdefault(digest, set()).add(film.candidate.category)
    owner_of = dict(known.owner_of)
    kept: list[ReadFilm] = []
    refused: list[Refusal] = []
    for film in in_order:
        candidate = film.candidate
        owner = owner_of.get(candidate.sha256) or owner_of.get(film.pixel_sha256)
        if owner is not None:
            code = DUPLICATE if owner[1] == candidate.category else LABEL_CONFLICT
            refused.append(Refusal(candidate, code, f"the same film as {owner[0]} ({owner[1]})"))
        elif len(labels[candidate.sha256] | labels[film.pixel_sha256]) > 1:
            sentence = "copies of this film carry both labels, so none of them is used"
            refused.append(Refusal(candidate, LABEL_CONFLICT, sentence))
        else:
            kept.append(film)
            owner = (candidate.image_id, candidate.category)
            owner_of[candidate.sha256] = owner_of[film.pixel_sha256] = owner
    return kept, refused


def _metadata_row(
    film: ReadFilm, known: Known, shares: Mapping[str, float], seed: int, now: datetime
) -> dict[str, Any]:
    candidate = film.candidate
    split = known.split_of.get(film.patient_id)
    return {
        "image_id": candidate.image_id,
        "label": LABELS.index(candidate.category),
        "label_name": candidate.category,
        "dataset_split": split or split_of(film.patient_id, shares=shares, seed=seed),
        "file_path": candidate.file_path,
        "image_width": film.width,
        "image_height": film.height,
        "quality_score": film.quality_score,
        "processed_at": now,
        "source_batch_id": candidate.batch_id,
        "patient_id": film.patient_id,
        "patient_id_source": film.patient_id_source,
        "subtype": film.subtype,
        "sha256": candidate.sha256,
        "pixel_sha256": film.pixel_sha256,
    }


def _reject_row(refusal: Refusal, now: datetime) -> dict[str, Any]:
    candidate = refusal.candidate
    return {
        "image_id": candidate.image_id,
        "file_path": candidate.file_path,
        "reason": refusal.sentence,
        "rejected_at": now,
        "source_batch_id": candidate.batch_id,
        "reason_code": refusal.code,
        "filename": candidate.filename,
        "category": candidate.category,
    }
