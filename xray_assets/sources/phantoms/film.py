"""One exposure of a synthetic thorax: position, exposure, blur, noise and the JPEG file.

The automatic exposure sets mean and contrast of every film at random, whatever is drawn on it, and
noise and JPEG quality follow no label either: brightness and file size do not give it away.
"""

from functools import lru_cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from xray_assets.sources.phantoms.anatomy import GRID_SIDE, Field, draw_body, texture
from xray_assets.sources.phantoms.patient import Pneumonia, Thorax

SYNTHETIC_NOTE = "SYNTHETIC PHANTOM"
_NOISE_SIDE = 768
_NOISE_SEED = 20180202
_LABEL_MARGIN = 4


def expose(thorax: Thorax, pneumonia: Pneumonia | None, rng: np.random.Generator) -> bytes:
    """A JPEG film of 224 to 320 px a side; the comment and a corner mark say it is synthetic."""
    uniform = rng.uniform
    corners = rng.integers(0, 1 << 20, size=(4, 2)).tolist()
    x, y = _positioned(thorax.size, rng)
    field = draw_body(x, y, thorax, pneumonia, tuple(corners[0]))
    field = field + uniform(0.0, 0.03) * texture(tuple(corners[1]), fine=False)
    field += uniform(-0.16, 0.16) * x + uniform(-0.16, 0.16) * y
    coarse = Image.fromarray(_automatic_exposure(field, rng))
    coarse = coarse.filter(ImageFilter.GaussianBlur(uniform(0.0, 1.4)))
    width, height = _size(rng)
    film = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=np.int16)
    row, column = (value % (_NOISE_SIDE - 320) for value in corners[2])
    noise = _noise_bank()[row : row + height, column : column + width]
    film = film + ((noise * np.int16(uniform(30, 130))) >> 10)
    picture = Image.fromarray(np.clip(film, 0, 255).astype(np.uint8))
    mark = _mark()
    picture.paste(mark, (_LABEL_MARGIN, height - mark.height - _LABEL_MARGIN))
    stream = BytesIO()
    picture.save(stream, "JPEG", quality=int(rng.integers(80, 93)), comment=SYNTHETIC_NOTE.encode())
    return stream.getvalue()


def _positioned(size: float, rng: np.random.Generator) -> tuple[Field, Field]:
    """Body coordinates of the grid's cells after turning, scaling and moving a patient."""
    uniform = rng.uniform
    axis = np.linspace(-1.0, 1.0, GRID_SIDE, dtype=np.float32)
    scale, stretch, angle = uniform(0.96, 1.04) / size, uniform(0.95, 1.05), uniform(-0.14, 0.14)
    across = (axis * scale * stretch - uniform(-0.13, 0.13))[None, :].astype(np.float32)
    down = (axis * scale / stretch - uniform(-0.15, 0.15))[:, None].astype(np.float32)
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return across * cosine + down * sine, down * cosine - across * sine


def _automatic_exposure(field: Field, rng: np.random.Generator) -> NDArray[np.uint8]:
    """uint8 with a random mean and contrast; a random gamma bends the middle tones first."""
    low, high = float(field.min()), float(field.max())
    curved = ((field - low) / (high - low)) ** np.float32(rng.uniform(0.70, 1.45))
    mean, deviation = rng.uniform(108, 138), rng.uniform(44, 58)
    exposed = (curved - curved.mean()) * np.float32(deviation / curved.std()) + np.float32(mean)
    return np.clip(exposed, 0, 255).astype(np.uint8)


def _size(rng: np.random.Generator) -> tuple[int, int]:
    """(width, height) in pixels: the longer side 256 to 320, aspect 1 to 1.35."""
    width = int(rng.integers(256, 321))
    return width, max(224, int(width / rng.uniform(1.0, 1.35)))


@lru_cache(maxsize=1)
def _noise_bank() -> NDArray[np.int16]:
    """Gaussian noise, deviation 64, cut at random places: drawing it anew costs ten times that."""
    rng = np.random.default_rng(_NOISE_SEED)
    return np.rint(rng.standard_normal((_NOISE_SIDE, _NOISE_SIDE)) * 64).astype(np.int16)


@lru_cache(maxsize=1)
def _mark() -> Image.Image:
    _, _, right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).textbbox((0, 0), "SYNTHETIC")
    mark = Image.new("L", (int(right) + 4, int(bottom) + 3), 0)
    ImageDraw.Draw(mark).text((2, 1), "SYNTHETIC", fill=200)
    return mark
