"""One run: list the films, leave out those that are there, score the rest, commit batch by batch.

Exactly once: the output has one writer (its lock), a batch is there whole or not at all, and a run
begins by reading which films are there. What was scored but not committed when a run was killed is
scored again; its first score never reached the output.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from xray_assets import clock
from xray_assets.batch.films import FilmList, ListedFilm
from xray_assets.batch.output import ScoreOutput
from xray_assets.batch.path_index import PathIndex
from xray_assets.batch.scorer import ScoringTask
from xray_assets.batch.scores import FilmScore, ScoreRows, ScoringModel
from xray_assets.batch.workers import CHUNK, Chunk, Workers
from xray_assets.errors import XrayError
from xray_assets.imaging.acceptable import DEFAULT_LIMITS, DecodeLimits
from xray_assets.progress import Progress

COMMIT_ROWS = 20_000
COMMIT_SECONDS = 15.0
"""A batch is committed when it has so many rows or is so old: what a kill can cost."""

UNREAD_LIMIT = 1000
"""Films in a row that cannot be read: then it is the storage, and a run stops asking it."""

_SHOWN = 3


class FilmsUnreadable(XrayError, OSError):
    """The storage gives no films any more; what was scored before is committed."""


@dataclass
class Summary:
    """What a run did, in films. `unread` got no row; `left_out` are files that are no films."""

    scored: int = 0
    rejected: int = 0
    skipped: int = 0
    unread: int = 0
    seconds: float = 0.0
    unread_examples: list[str] = field(default_factory=list)
    unread_in_a_row: int = 0

    @property
    def done(self) -> int:
        """Films that the run is through with."""
        return self.scored + self.rejected + self.skipped + self.unread

    @property
    def images_per_second(self) -> float:
        """Films read and scored or rejected, by the time from the listing to the last commit."""
        return (self.scored + self.rejected) / self.seconds if self.seconds else 0.0

    def leave_unread(self, reason: str) -> None:
        """Count a film that gets no row, and keep the first reasons."""
        self.unread += 1
        self.unread_in_a_row += 1
        if len(self.unread_examples) < _SHOWN:
            self.unread_examples.append(reason)


def score_films(
    films: FilmList,
    model: ScoringModel,
    output: ScoreOutput,
    *,
    processes: int,
    limits: DecodeLimits = DEFAULT_LIMITS,
    commit_rows: int = COMMIT_ROWS,
    progress: Progress | None = None,
) -> Summary:
    """Score every film that the output does not hold. `progress` gets total 0 where it is unknown.

    Raises OutputRefused when the output is another model's, WorkersFailed when no worker starts,
    FilmsUnreadable when the storage fails.
    """
    there = output.films_of(model)
    summary, rows = Summary(), ScoreRows(model)
    total = films.count() if progress else 0
    began = committed = time.monotonic()
    task = ScoringTask(model.artifact_folder, model.artifact_sha256, films.address, limits)
    workers = Workers(task, processes=processes)
    with closing(workers.scored(_new(films, there, summary))) as scored:
        for chunk, scores in scored:
            _take(chunk, scores, rows, summary)
            late = time.monotonic() - committed >= COMMIT_SECONDS
            if len(rows) >= commit_rows or (late and len(rows)):
                output.append(rows.take())
                committed = time.monotonic()
            if progress:
                progress(summary.done, total)
            if summary.unread_in_a_row >= UNREAD_LIMIT:
                break
    if len(rows):
        output.append(rows.take())
    if summary.unread_in_a_row >= UNREAD_LIMIT:
        raise FilmsUnreadable(
            f"{UNREAD_LIMIT} films in a row could not be read ({summary.unread_examples[-1]}): see "
            "to the storage, then run the command again; what was scored is kept"
        )
    summary.seconds = time.monotonic() - began
    return summary


def _take(chunk: Chunk, scores: Sequence[FilmScore], rows: ScoreRows, summary: Summary) -> None:
    """Count a chunk's films and add a row for each that was read."""
    now = clock.now()
    for film, score in zip(chunk, scores, strict=True):
        if score.unread is not None:
            summary.leave_unread(score.unread)
            continue
        rows.add(film, score, now)
        summary.unread_in_a_row = 0
        summary.scored += score.error is None
        summary.rejected += score.error is not None


def _new(films: FilmList, there: PathIndex, summary: Summary) -> Iterator[Chunk]:
    """The films that are not there, in chunks; the others are counted."""
    for page in films.pages():
        named = [film for film in page if _named_in_utf8(film, summary)]
        new = there.add([film.file_path for film in named])
        summary.skipped += new.count(False)
        fresh = [film for film, is_new in zip(named, new, strict=True) if is_new]
        yield from (fresh[start : start + CHUNK] for start in range(0, len(fresh), CHUNK))


def _named_in_utf8(film: ListedFilm, summary: Summary) -> bool:
    """False, and counted, for a name that no table can hold."""
    try:
        film.file_path.encode()
    except UnicodeEncodeError:
        summary.leave_unread(f"{film.file_path!r} is not UTF-8: rename the file")
        return False
    return True
