"""The worker processes of a run: kept busy, never flooded, and outlived by the run.

A film that kills the process that reads it (a crash inside a codec, or the kernel's memory limit)
is found by scoring what was in work again, one film at a time, and becomes a row with that reason.
"""

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from xray_assets.batch.films import ListedFilm
from xray_assets.batch.scorer import ScoringTask, score, start_worker
from xray_assets.batch.scores import FilmScore
from xray_assets.errors import XrayError

CHUNK = 64
"""Films handed to a worker at a time: some 20 ms of work for films of 320 px."""

CHUNKS_A_WORKER = 4
"""Chunks in work or waiting, for each worker: bounds memory, and nobody waits for the parent."""

Chunk = Sequence[ListedFilm]
Scored = tuple[Chunk, list[FilmScore]]

WORKER_DIED = FilmScore(error="worker_died: the process that read this film was killed by it")


class WorkersFailed(XrayError):
    """The worker processes cannot do their work at all; the message says what to look at."""


class Workers:
    """`processes` worker processes for one task."""

    def __init__(self, task: ScoringTask, *, processes: int) -> None:
        """Nothing is started before `scored`."""
        self._task = task
        self._processes = processes

    def scored(self, chunks: Iterator[Chunk]) -> Generator[Scored]:
        """Each chunk with its scores, in the order of completion.

        Raises WorkersFailed when workers cannot start. Closing the iterator ends the processes.
        """
        pool = self._pool(self._processes)
        in_work: dict[Future[list[FilmScore]], Chunk] = {}
        try:
            while self._submit(pool, chunks, in_work) or in_work:
                done, _ = wait(in_work, return_when=FIRST_COMPLETED)
                if any(_broken(future) for future in done):
                    pool.shutdown(wait=True)
                    suspects = list(in_work.items())
                    in_work.clear()
                    pool = self._pool(self._processes)
                    yield from self._carefully(suspects)
                for future in done & in_work.keys():
                    yield in_work.pop(future), future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _submit(
        self,
        pool: ProcessPoolExecutor,
        chunks: Iterator[Chunk],
        in_work: dict[Future[list[FilmScore]], Chunk],
    ) -> bool:
        """Fill the workers' queue; False when nothing was left to submit."""
        submitted = False
        while len(in_work) < self._processes * CHUNKS_A_WORKER:
            chunk = next(chunks, None)
            if chunk is None:
                break
            in_work[self._hand_over(pool, chunk)] = chunk
            submitted = True
        return submitted

    @staticmethod
    def _hand_over(pool: ProcessPoolExecutor, chunk: Chunk) -> Future[list[FilmScore]]:
        try:
            return pool.submit(score, [film.file_path for film in chunk])
        except BrokenProcessPool as error:  # a worker died while the queue was filled
            broken: Future[list[FilmScore]] = Future()
            broken.set_exception(error)
            return broken

    def _carefully(self, suspects: list[tuple[Future[list[FilmScore]], Chunk]]) -> Iterator[Scored]:
        """What was in work when a worker died: finished chunks as they are, others film by film."""
        pool = self._single()
        try:
            for future, chunk in suspects:
                if not _broken(future):
                    yield chunk, future.result()
                    continue
                scores = []
                for film in chunk:
                    try:
                        scores += pool.submit(score, [film.file_path]).result()
                    except BrokenProcessPool:
                        scores.append(WORKER_DIED)
                        pool.shutdown(wait=True)
                        pool = self._single()
                yield chunk, scores
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _single(self) -> ProcessPoolExecutor:
        """One worker that has shown that it can start: what kills it later is a film."""
        pool = self._pool(1)
        try:
            pool.submit(score, []).result()
        except BrokenProcessPool as error:
            raise WorkersFailed(
                "the scoring processes cannot start (their own message is above): the model's "
                "artifact or the films' folder cannot be opened, or memory is short; "
                "`xray doctor` looks at this machine"
            ) from error
        return pool

    def _pool(self, processes: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            processes,
            mp_context=get_context("spawn"),  # a fork would copy locks of the parent's threads
            initializer=start_worker,
            initargs=(self._task,),
        )


def _broken(future: Future[list[FilmScore]]) -> bool:
    return isinstance(future.exception(), BrokenProcessPool)
