"""What one worker process does: read, decode, score. The same functions as the endpoint calls.

Imports neither Dagster nor MLflow nor the serving process: a worker starts in half a second.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path

from xray_assets.batch.scores import FilmScore
from xray_assets.imaging.acceptable import DEFAULT_LIMITS, DecodeLimits, InvalidImage
from xray_assets.imaging.decode import decode
from xray_assets.imaging.digest import pixel_sha256
from xray_assets.imaging.preprocess import model_input
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.storage.opening import open_folder

Read = Callable[[str], bytes]


@dataclass(frozen=True)
class ScoringTask:
    """What every worker of a run needs to know: the artifact where the films lie, and
    which are accepted.
    """

    artifact_folder: Path
    artifact_sha256: str
    address: str
    limits: DecodeLimits = DEFAULT_LIMITS

    def scorer(self) -> "FilmScorer":
        """Open the films and load the classifier, on one thread.

        Raises ArtifactError when the artifact is not the one that the run verified.
        """
        folder = open_folder(self.address)
        artifact = ServingArtifact.load(self.artifact_folder, expected_sha256=self.artifact_sha256)
        return FilmScorer(
            OnnxClassifier(artifact),
            folder.read_location,
            readers=folder.workers,
            limits=self.limits,
        )


class FilmScorer:
    """Scores films one at a time.

    Not as a batch, though that takes a quarter off the model's time: the last bit of a probability
    depends on the batch's size, and a film on the threshold would then have another label here than
    the endpoint gave it.
    """

    def __init__(
        self,
        classifier: OnnxClassifier,
        read: Read,
        *,
        readers: int = 1,
        limits: DecodeLimits = DEFAULT_LIMITS,
    ) -> None:
        """`readers` threads fetch films ahead where latency rules."""
        self._classifier = classifier
        self._read = read
        self._limits = limits
        self._readers = ThreadPoolExecutor(readers) if readers > 1 else None

    def scores(self, paths: Sequence[str]) -> list[FilmScore]:
        """One score a path, in order. Only an error that is no film's is raised."""
        return [
            self._score(data) if isinstance(data, bytes) else FilmScore(unread=str(data))
            for data in self._bytes(paths)
        ]

    def _bytes(self, paths: Sequence[str]) -> Iterable[bytes | OSError]:
        def fetch(path: str) -> bytes | OSError:
            try:
                return self._read(path)
            except OSError as error:
                return error

        return self._readers.map(fetch, paths) if self._readers else map(fetch, paths)

    def _score(self, data: bytes) -> FilmScore:
        try:
            pixels = decode(data, limits=self._limits)
        except InvalidImage as refusal:
            return FilmScore(error=str(refusal))
        digest = pixel_sha256(pixels)
        probability = float(self._classifier.probabilities(model_input(pixels)[None])[0])
        if not 0.0 <= probability <= 1.0:  # NaN compares false
            return FilmScore(digest, error="not_a_probability: the model gave no probability")
        return FilmScore(digest, probability)


_scorer: FilmScorer | None = None


def start_worker(task: ScoringTask) -> None:
    """Initialize this worker process."""
    global _scorer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=_leave_with_the_parent, daemon=True).start()
    _scorer = task.scorer()


def score(paths: Sequence[str]) -> list[FilmScore]:
    """The scores of some films, in this worker process."""
    if _scorer is None:
        raise RuntimeError("start_worker comes first")
    return _scorer.scores(paths)


def _leave_with_the_parent() -> None:
    """A killed parent cannot end its workers, and they would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
