"""Scores stored films with a model that did not serve them. No Dagster, registry or log: the caller
brings the artifact and a way to get a film's bytes.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor

import numpy as np

from xray_assets.imaging.acceptable import InvalidImage
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.scoring.stored_film import stored_model_input

BATCH = 256
"""Films decoded and scored at a time: bounds memory, and keeps ONNX Runtime busy."""


def shadow_scores(
    classifier: OnnxClassifier,
    digests: Sequence[str],
    image: Callable[[str], bytes | None],
    pool: Executor,
) -> Iterator[tuple[str, float]]:
    """(pixel digest, probability) of every film that could be scored.

    `image` gives the stored bytes of a digest, in threads of `pool`. A film that is no longer
    stored, or no longer decodes, has no entry: missing data, never a guess.
    """

    def film(digest: str) -> np.ndarray | None:
        data = image(digest)
        try:
            return None if data is None else stored_model_input(data)
        except InvalidImage:
            return None

    for start in range(0, len(digests), BATCH):
        batch = digests[start : start + BATCH]
        films = dict(zip(batch, pool.map(film, batch), strict=True))
        usable = {digest: found for digest, found in films.items() if found is not None}
        if usable:
            probabilities = classifier.probabilities(np.stack(list(usable.values())))
            yield from zip(usable, map(float, probabilities), strict=True)
