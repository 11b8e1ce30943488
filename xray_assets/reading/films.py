"""From what the log keeps of a film to what a viewer gets: full resolution, full depth, no
metadata.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from xray_assets.imaging.acceptable import InvalidImage
from xray_assets.imaging.decode import JPEG_MAGIC
from xray_assets.imaging.full_depth import FullDepth
from xray_assets.imaging.grey_png import PNG_MAGIC, grey_png
from xray_assets.reading.forms import Film, FilmMissing
from xray_assets.scoring.stored_film import stored_model_input
from xray_assets.serving.log.kept_films import kept_film


def film_of(log: Path, image_sha256: str) -> Film:
    """The film of a digest. Raises FilmMissing, sqlite3.Error."""
    kept = kept_film(log, image_sha256)
    if kept is None:
        raise FilmMissing("this film is not kept any more: give it back and take the next one")
    return _plain(kept.data) if kept.depth is None else _deep(kept.depth)


def _deep(depth: FullDepth) -> Film:
    width, height = Image.open(BytesIO(depth.png)).size
    return Film(
        depth.png,
        "image/png",
        width,
        height,
        depth.bits,
        depth.low,
        depth.high,
        depth.curve,
        depth.inverted,
        depth.row_mm,
        depth.column_mm,
    )


def _plain(data: bytes) -> Film:
    if not data.startswith((JPEG_MAGIC, PNG_MAGIC)):
        data = grey_png(_array(data))
    media_type = "image/png" if data.startswith(PNG_MAGIC) else "image/jpeg"
    picture = Image.open(BytesIO(data))  # the header alone
    bits = 16 if picture.mode.startswith("I") else 8
    return Film(data, media_type, picture.width, picture.height, bits, 0, 2**bits - 1)


def _array(data: bytes) -> np.ndarray:
    """Grey pixels of a film that was sent as an array of the model's size."""
    try:
        values = stored_model_input(data)
    except InvalidImage as error:
        raise FilmMissing("this film cannot be shown: give it back and take the next") from error
    return np.rint(values.clip(0, 1) * 255).astype(np.uint8)
