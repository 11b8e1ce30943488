"""Films that a network learns in seconds: noise, with a bright patch where there is pneumonia."""

from pathlib import Path

import numpy as np
import polars as pl
from PIL import Image

SPLITS = {"train": 48, "val": 24, "test": 24}


def write_films(folder: Path, *, seed: int = 0, splits: dict[str, int] = SPLITS) -> pl.DataFrame:
    """PNG files below `folder`, half of each class, one film a patient; their manifest."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for split, count in splits.items():
        for number in range(count):
            label = number % 2
            pixels = rng.normal(90, 25, (80, 72))
            if label:
                top, left = rng.integers(20, 40, 2)
                pixels[top : top + 24, left : left + 24] += 60
            path = folder / f"{split}-{number}.png"
            Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)
            rows.append((f"{split}{number:03d}", str(path), label, split, f"p-{split}-{number}"))
    names = ["image_id", "file_path", "label", "dataset_split", "patient_id"]
    return pl.DataFrame(rows, schema=names, orient="row", schema_overrides={"label": pl.Int32})
