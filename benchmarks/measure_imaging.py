"""CPU time a film of each step of the imaging room, and of the filters that could make model input.

python benchmarks/measure_imaging.py [FOLDER with .jpeg films; phantoms when left out]
"""

import hashlib
import sys
import time
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xray_assets.imaging.decode import decode
from xray_assets.imaging.digest import pixel_sha256
from xray_assets.imaging.grey_png import grey_png
from xray_assets.imaging.preprocess import model_input
from xray_assets.imaging.quality import film_facts, quality_score
from xray_assets.imaging.stored import without_metadata
from xray_assets.sources.phantoms.folder import draw_film, planned_films

ROUNDS = 5


def milliseconds(step: Callable[[Any], object], inputs: Sequence[Any]) -> float:
    """The least CPU time of a few rounds, in ms for one input."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        for one in inputs:
            step(one)
        best = min(best, time.process_time() - started)
    return best / len(inputs) * 1000


def squashed_with(filter_: Image.Resampling, gap: float | None) -> Callable[[Any], object]:
    """What model_input would be with another filter."""
    return lambda pixels: np.asarray(
        Image.fromarray(pixels).resize((64, 64), filter_, reducing_gap=gap), dtype=np.float32
    )


def png_by_pillow(pixels: NDArray[np.uint8]) -> bytes:
    """What grey_png would be with Pillow's search for filters and matches."""
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=4)
    return stream.getvalue()


def main() -> None:
    """Print one line a step."""
    if len(sys.argv) > 1:
        films = [file.read_bytes() for file in sorted(Path(sys.argv[1]).rglob("*.jpeg"))[:300]]
    else:
        films = [draw_film(film, seed=1) for film in planned_films(count=200, seed=1)]
    pixels = [decode(film) for film in films]
    steps: list[tuple[str, Callable[[Any], object], Sequence[Any]]] = [
        ("decode", decode, films),
        ("decode + SHA-256 of file", lambda data: (decode(data), hashlib.sha256(data)), films),
        ("film_facts", film_facts, films),
        ("pixel_sha256", pixel_sha256, pixels),
        ("quality_score", quality_score, pixels),
        ("without_metadata", without_metadata, films),
        ("model_input", model_input, pixels),
        ("grey_png, 8 bit", grey_png, pixels),
        ("grey_png, 16 bit", grey_png, [film.astype(np.uint16) * 16 for film in pixels]),
        ("  PNG by Pillow, level 4", png_by_pillow, pixels),
    ]
    for filter_ in (Image.Resampling.BOX, Image.Resampling.BILINEAR, Image.Resampling.LANCZOS):
        for gap in (None, 1.0, 2.0):
            name = f"  {filter_.name.lower()}, reducing_gap {gap}"
            steps.append((name, squashed_with(filter_, gap), pixels))
    plan = list(planned_films(count=60, seed=2))
    steps.append(("draw one phantom", lambda film: draw_film(film, seed=2), plan))
    for name, step, inputs in steps:
        print(f"{name:32} {milliseconds(step, inputs):8.3f} ms")


if __name__ == "__main__":
    main()
