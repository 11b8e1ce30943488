"""One film at a time: from its bytes to what curation knows about it, or to the reason against it.

Films are decoded in threads (the codecs release the interpreter lock). Not here: what films have to
do with each other (`curate`).
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from xray_assets.curation.patients import patient_of, subtype_of
from xray_assets.imaging.acceptable import DEFAULT_LIMITS, DecodeLimits, InvalidImage
from xray_assets.imaging.quality import film_facts
from xray_assets.progress import Progress

_AT_ONCE = 256
"""Films handed to the pool at a time: bounds what waits in memory."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An ingested film to curate."""

    image_id: str
    filename: str
    category: str
    file_path: str
    sha256: str
    batch_id: str


@dataclass(frozen=True, slots=True)
class ReadFilm:
    """A decoded film and what it says about itself."""

    candidate: Candidate
    width: int
    height: int
    quality_score: float
    pixel_sha256: str
    patient_id: str
    patient_id_source: str
    subtype: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A film that is not used, and why: a short code, then a sentence."""

    candidate: Candidate
    code: str
    sentence: str


def read_films(
    candidates: Sequence[Candidate],
    *,
    read: Callable[[str], bytes],
    threads: int,
    limits: DecodeLimits = DEFAULT_LIMITS,
    progress: Progress | None = None,
) -> Iterator[ReadFilm | Refusal | None]:
    """Each candidate's outcome, in order; None for a film that the volume does not hold now.

    `read` gives the bytes of a `file_path`; any OSError but FileNotFoundError is raised on, because
    failing storage says nothing about a film.
    """
    with ThreadPoolExecutor(threads, thread_name_prefix="decode") as pool:
        for start in range(0, len(candidates), _AT_ONCE):
            batch = candidates[start : start + _AT_ONCE]
            outcomes = pool.map(lambda candidate: _read(candidate, read, limits), batch)
            for done, outcome in enumerate(outcomes, start=start + 1):
                yield outcome
                if progress is not None:
                    progress(done, len(candidates))


def _read(
    candidate: Candidate, read: Callable[[str], bytes], limits: DecodeLimits
) -> ReadFilm | Refusal | None:
    try:
        data = read(candidate.file_path)
    except FileNotFoundError:
        return None
    if hashlib.sha256(data).hexdigest() != candidate.sha256:
        return Refusal(candidate, "changed", "the bytes are not those that were ingested")
    try:
        facts = film_facts(data, limits=limits)
    except InvalidImage as refusal:
        return Refusal(candidate, refusal.reason, refusal.message)
    patient, _ = patient_of(candidate.filename)
    return ReadFilm(
        candidate,
        width=facts.width,
        height=facts.height,
        quality_score=facts.quality_score,
        pixel_sha256=facts.pixel_sha256,
        patient_id=patient or f"digest-{facts.pixel_sha256[:16]}",
        patient_id_source="filename" if patient else "digest",
        subtype=subtype_of(candidate.filename),
    )
