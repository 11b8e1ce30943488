"""How one model of a config is run: at once when it is fast, else on a thread of its own with a
deadline.

A served network has no control flow (`onnx_scan`), so its time is the same for every film and can
be measured before it serves. A slow or failing challenger therefore never holds up the serving
thread, and a breaker stops asking it for a while.
"""

import asyncio
import threading
import time
from dataclasses import dataclass, field
from queue import SimpleQueue

import numpy as np

from xray_assets.scoring.session import OnnxClassifier
from xray_assets.serving.control.config_document import ConfiguredEntity

INLINE_LIMIT_MS = 5.0
"""A film that takes longer is scored on the model's own thread."""
BREAKER_FAILURES = 5
BREAKER_SECONDS = 10.0
_MEASURED_RUNS = 3

_Job = tuple[np.ndarray, asyncio.AbstractEventLoop, "asyncio.Future[list[float]]"]


class ModelFailed(Exception):
    """The model gave no probability. `reason`: error, not_a_probability, timeout, breaker."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass
class Breaker:
    """After BREAKER_FAILURES in a row nobody asks for BREAKER_SECONDS; then one request tries
    again.
    """

    failures: int = 0
    closed_at: float = field(default=0.0)

    @property
    def open(self) -> bool:
        """True while the model is not asked."""
        return self.failures >= BREAKER_FAILURES and time.monotonic() < self.closed_at

    def record(self, *, success: bool) -> None:
        """Count one outcome."""
        self.failures = 0 if success else self.failures + 1
        if self.failures >= BREAKER_FAILURES:
            self.closed_at = time.monotonic() + BREAKER_SECONDS


class ServedModel:
    """One served entity with its loaded classifier."""

    def __init__(self, entity: ConfiguredEntity, classifier: OnnxClassifier) -> None:
        """Measure the (warm) classifier and start a thread if it is slow."""
        self.entity = entity
        self.classifier = classifier
        self.breaker = Breaker()
        self.film_ms = _film_ms(classifier)
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        if not self.inline:
            threading.Thread(target=self._run, name=f"score-{entity.name}", daemon=True).start()

    @property
    def inline(self) -> bool:
        """True when the serving thread itself may run the model."""
        return self.film_ms <= INLINE_LIMIT_MS

    @property
    def threshold(self) -> float:
        """The artifact's threshold."""
        return self.classifier.artifact.threshold

    @property
    def artifact_sha256(self) -> str:
        """The artifact's digest."""
        return self.classifier.artifact.sha256

    async def probabilities(self, films: np.ndarray, *, deadline: float | None) -> list[float]:
        """Probability of pneumonia of each film, (N, 64, 64) -> N numbers; raises ModelFailed.

        `deadline` in seconds bounds the wait for a model that is not run inline.
        """
        if self.inline and len(films) * self.film_ms <= INLINE_LIMIT_MS * 4:
            return _checked(self.classifier, films)
        if self.inline:
            return await asyncio.to_thread(_checked, self.classifier, films)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[float]] = loop.create_future()
        self._queue.put((films, loop, answer))
        try:
            return await asyncio.wait_for(answer, deadline)
        except TimeoutError:
            raise ModelFailed("timeout") from None

    def close(self) -> None:
        """End the thread; what is in work is finished first."""
        self._queue.put(None)

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            self._answer(*job)
            del job  # not held while the thread waits

    def _answer(
        self,
        films: np.ndarray,
        loop: asyncio.AbstractEventLoop,
        answer: "asyncio.Future[list[float]]",
    ) -> None:
        if answer.done():  # nobody waits any more
            return
        try:
            scores, failure = _checked(self.classifier, films), None
        except ModelFailed as error:
            scores, failure = [], error
        if not loop.is_closed():
            loop.call_soon_threadsafe(_end, answer, scores, failure)


def _end(
    answer: "asyncio.Future[list[float]]", scores: list[float], failure: ModelFailed | None
) -> None:
    if answer.done():
        return
    if failure is None:
        answer.set_result(scores)
    else:
        answer.set_exception(failure)


def _checked(classifier: OnnxClassifier, films: np.ndarray) -> list[float]:
    try:
        scores: list[float] = classifier.probabilities(films).tolist()
    except Exception as error:  # onnxruntime raises unrelated types; any of them is a failed model
        raise ModelFailed("error") from error
    if len(scores) != len(films) or not all(
        0.0 <= score <= 1.0 for score in scores
    ):  # NaN compares false
        raise ModelFailed("not_a_probability")
    return scores


def _film_ms(classifier: OnnxClassifier) -> float:
    film = np.full((1, 64, 64), 0.5, np.float32)
    times = []
    for _ in range(_MEASURED_RUNS):
        started = time.perf_counter()
        classifier.probabilities(film)
        times.append(time.perf_counter() - started)
    return min(times) * 1000
