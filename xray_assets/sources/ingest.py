"""Copy films from a source's folder into the image volume, so that any interruption is harmless.

Each film is read once, hashed and written whole; a batch of lines in the manifest makes it count.
Not here: which films (`source_films`), the table of what was ingested (`assets/images.py`).
"""

import hashlib
import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime

from xray_assets.errors import XrayError
from xray_assets.progress import Progress
from xray_assets.sources.manifest import IngestedFilm, VolumeContent, write_part
from xray_assets.sources.source_films import SourceFilm
from xray_assets.storage.disk_space import demand_space
from xray_assets.storage.film_folder import FilmFolder

LINES_A_PART = 250
MAX_FAILURES = 5
"""Films that may fail before the source counts as down."""


class IngestFailed(XrayError):
    """Some films could not be taken; all that could are in the volume and stay there."""


@dataclass
class Ingest:
    """What one run did: the films it copied, and those that were there already."""

    copied: list[IngestedFilm] = field(default_factory=list)
    already_there: int = 0


def ingest(
    films: Sequence[SourceFilm],
    *,
    source: FilmFolder,
    volume: FilmFolder,
    content: VolumeContent,
    batch_id: str,
    now: datetime,
    threads: int = 1,
    progress: Progress | None = None,
) -> Ingest:
    """Bring `films` into the volume; those that are there intact are left alone.

    Raises NoSpace before the first copy, IngestFailed after the last when films failed.
    """
    missing = [film for film in films if film.image_id not in content.intact]
    result = Ingest(already_there=len(films) - len(missing))
    _check_space(missing, volume)
    failures: list[str] = []
    unrecorded: list[IngestedFilm] = []
    parts = itertools.count()

    def record() -> None:
        write_part(volume, f"{batch_id}-{next(parts):05d}", unrecorded)
        result.copied += unrecorded
        unrecorded.clear()

    def copy(film: SourceFilm) -> IngestedFilm:
        known = content.recorded.get(film.image_id)
        return _copy(film, source, volume, known, batch_id=batch_id, now=now)

    workers = max(threads, source.workers, volume.workers)
    with ThreadPoolExecutor(workers, thread_name_prefix="ingest") as pool:
        try:
            for film, future in _in_order(pool, copy, missing, ahead=4 * workers):
                error = future.exception()
                if error is None:
                    unrecorded.append(future.result())
                elif isinstance(error, OSError | ChangedFilm):
                    failures.append(f"{film.path}: {error}")
                else:
                    raise error
                if len(unrecorded) >= LINES_A_PART:
                    record()
                if len(failures) >= MAX_FAILURES:
                    break
                if progress is not None:
                    done = result.already_there + len(result.copied) + len(unrecorded)
                    progress(done, len(films))
        finally:
            pool.shutdown(cancel_futures=True)
            if unrecorded:
                record()
    if failures:
        raise IngestFailed(
            f"{len(failures)} films of {source.address} could not be taken ({failures[0]}); "
            f"{result.already_there + len(result.copied)} of {len(films)} are in the volume and "
            "stay; the next run continues there"
        )
    return result


class ChangedFilm(XrayError):
    """The source now gives other bytes for a film that was ingested before."""


def _copy(
    film: SourceFilm,
    source: FilmFolder,
    volume: FilmFolder,
    known: IngestedFilm | None,
    *,
    batch_id: str,
    now: datetime,
) -> IngestedFilm:
    data = source.read(film.path)
    sha256 = hashlib.sha256(data).hexdigest()
    if known is not None and known.sha256 != sha256:
        raise ChangedFilm(
            "the source changed it since it was ingested; ingested films never change"
        )
    path = known.volume_path if known else film.volume_path
    volume.write(path, data)
    return known or IngestedFilm(
        image_id=film.image_id,
        filename=film.filename,
        category=film.category,
        dataset_split=film.dataset_split,
        volume_path=path,
        file_size_bytes=len(data),
        ingested_at=now.isoformat(),
        ingestion_batch_id=batch_id,
        sha256=sha256,
    )


def _in_order(
    pool: ThreadPoolExecutor,
    copy: Callable[[SourceFilm], IngestedFilm],
    films: Sequence[SourceFilm],
    *,
    ahead: int,
) -> Iterator[tuple[SourceFilm, Future[IngestedFilm]]]:
    """Run `copy` over the films, at most `ahead` of them in flight; yield each, in order."""
    waiting = iter(films)
    running = deque((film, pool.submit(copy, film)) for film in itertools.islice(waiting, ahead))
    while running:
        film, future = running.popleft()
        wait([future])
        yield film, future
        running.extend((film, pool.submit(copy, film)) for film in itertools.islice(waiting, 1))


def _check_space(films: Sequence[SourceFilm], volume: FilmFolder) -> None:
    if films:
        demand_space(
            sum(film.size for film in films),
            free=volume.free_bytes(),
            place=volume.address,
            what=f"copying {len(films)} films",
            cure="lower XRAY_IMAGE_LIMIT",
        )
