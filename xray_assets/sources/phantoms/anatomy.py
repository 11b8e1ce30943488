"""The schematic thorax of one synthetic patient: what is drawn, on a coarse grid, without exposure.

Here: anatomy and pneumonia as fields over body coordinates (x to the right of the film, y down,
about [-1, 1] each; higher value = denser = brighter). Not here: how patients differ
(`phantom_patient`), exposure, noise and files (`phantom_film`), names and folders (`phantoms`).

Every shape is soft and cheap; nothing is anatomically exact, and nothing comes from a real film.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from xray_assets.sources.phantoms.patient import Opacity, Pneumonia, Thorax

Field = NDArray[np.floating[Any]]

GRID_SIDE = 128
_TEXTURE_SIDE = 512
_TEXTURE_SEED = 20180201


def draw_body(
    x: Field, y: Field, thorax: Thorax, pneumonia: Pneumonia | None, markings_at: tuple[int, int]
) -> Field:
    """Density over body coordinates x, y (each float32, GRID_SIDE square)."""
    across = np.abs(x)
    solid = _heart_and_mediastinum(x, y, across, thorax)
    lungs = _lungs(x, y, across, thorax) * (1.0 - 0.88 * solid)
    vessels = np.maximum(1.0 - 2.2 * np.abs(texture(markings_at, fine=True)), 0.0)
    toward_hilum = 1.0 / (1.0 + 9.0 * ((across - 0.22) ** 2 + (y + 0.05) ** 2))
    air = thorax.lung_depth - thorax.markings * toward_hilum * (0.35 + vessels)
    air *= 1.0 - thorax.haze
    if pneumonia is not None:
        filled = np.full_like(x, pneumonia.haze)
        for opacity in pneumonia.opacities:
            np.maximum(filled, _opacity(x, y, opacity), out=filled)
        air *= 1.0 - filled
    density = thorax.tissue - lungs * air + 0.16 * solid
    density += _spine_and_abdomen(y, across, thorax)
    density += _ribs(y, across, thorax) * (0.35 + 0.65 * lungs)
    beside = step(across - 0.98 - 0.08 * y, 0.10)
    above_shoulder = step(0.50 * across - 0.80 - y, 0.10) * step(across - 0.26, 0.12)
    return density * (1.0 - 0.9 * np.maximum(beside, above_shoulder))


def _lungs(x: Field, y: Field, across: Field, thorax: Thorax) -> Field:
    """1 in the lung fields, 0 elsewhere: narrow at the apex, cut below by the diaphragm's domes."""
    half_height = thorax.lung_height
    middle = thorax.lung_top + half_height
    relative_y = (y - middle) / half_height
    half_width = thorax.lung_width * (1.0 + 0.16 * relative_y)
    centre = thorax.lung_gap + thorax.lung_width * (1.0 + 0.12 * relative_y)
    from_axis = (across - centre) / half_width
    field = step(1.0 - from_axis * from_axis - np.abs(relative_y) ** 3, 0.30)
    dome = middle + half_height - thorax.dome_height - 0.10
    dome = dome + np.where(x > 0, np.float32(thorax.dome_difference), np.float32(0.0))
    dome = dome + 1.4 * (across - thorax.lung_gap - 0.6 * thorax.lung_width) ** 2
    return field * step(dome - y, 0.06)


def _ribs(y: Field, across: Field, thorax: Thorax) -> Field:
    """Posterior ribs that fall towards the side, and the clavicles above them."""
    bend = y - thorax.rib_slope * across + 0.9 * np.maximum(across - 0.35, 0.0) ** 2
    phase = (bend * (thorax.rib_count / 2) + thorax.rib_phase) % np.float32(1.0)
    band = step(0.17 - np.abs(phase - 0.5), 0.14)
    side = thorax.lung_gap + 2.08 * thorax.lung_width
    chest = step(side - across, 0.06) * step(0.72 - y, 0.3) * step(y - thorax.lung_top + 0.06, 0.10)
    line = np.abs(y - thorax.lung_top - 0.14 + thorax.clavicle_slope * (across - 0.35))
    clavicle = step(0.045 - line, 0.04) * step(0.80 - across, 0.1) * step(across - 0.08, 0.06)
    return thorax.rib_strength * (band * chest + 1.3 * clavicle)


def _heart_and_mediastinum(x: Field, y: Field, across: Field, thorax: Thorax) -> Field:
    """1 where the central organs, a child's thymus among them, hide the lungs."""
    width = thorax.mediastinum_width
    mediastinum = step(width - across, 0.08)
    toward_tip = np.clip((y + 0.62) / 0.45, 0.0, 1.0)
    sail = step(width + 0.24 * thorax.thymus * toward_tip - across, 0.05) * step(-0.12 - y, 0.10)
    floor = thorax.lung_top + 2 * thorax.lung_height - thorax.dome_height - 0.10
    from_centre = y - floor + 0.8 * thorax.heart_height
    heart = 1.0 - ((x - thorax.heart_x - 0.25 * from_centre) / thorax.heart_width) ** 2
    heart -= (from_centre / thorax.heart_height) ** 2
    return np.maximum(np.maximum(mediastinum, sail), step(heart, 0.22))


def _spine_and_abdomen(y: Field, across: Field, thorax: Thorax) -> Field:
    width = 0.62 * thorax.mediastinum_width
    discs = np.abs((y * thorax.rib_count / 2 + thorax.rib_phase + 0.3) % np.float32(1.0) - 0.5)
    spine = step(width - across, 0.05) * (0.08 + 0.06 * step(discs - 0.10, 0.12))
    return spine + 0.14 * step(y - 0.60, 0.6)


def _opacity(x: Field, y: Field, opacity: Opacity) -> Field:
    cosine, sine = np.cos(opacity.angle), np.sin(opacity.angle)
    along = ((x - opacity.x) * cosine + (y - opacity.y) * sine) / opacity.width
    athwart = ((y - opacity.y) * cosine - (x - opacity.x) * sine) / opacity.height
    mottle = texture(opacity.texture, fine=False)
    blob = step(1.0 - along * along - athwart * athwart + 0.25 * mottle, 1.4)
    patches = step(mottle, 0.9)
    return opacity.density * blob * (opacity.focus + (1.0 - opacity.focus) * patches)


def step(distance: Field, softness: float) -> Field:
    """A smooth rise from 0 to 1 as `distance` crosses 0 within `softness` (cubic)."""
    ramp = np.clip(distance * np.float32(1.0 / softness) + np.float32(0.5), 0.0, 1.0)
    return ramp * ramp * (np.float32(3.0) - np.float32(2.0) * ramp)


def texture(corner: tuple[int, int], *, fine: bool) -> Field:
    """A GRID_SIDE square of smooth noise, mean 0, deviation 1, cut at `corner` of a fixed bank."""
    row, column = corner[0] % (_TEXTURE_SIDE - GRID_SIDE), corner[1] % (_TEXTURE_SIDE - GRID_SIDE)
    return _texture_bank(7 if fine else 16)[row : row + GRID_SIDE, column : column + GRID_SIDE]


@lru_cache(maxsize=4)
def _texture_bank(grain: int) -> Field:
    rng = np.random.default_rng([_TEXTURE_SEED, grain])
    coarse = rng.standard_normal((_TEXTURE_SIDE // grain + 2,) * 2).astype(np.float32)
    bank = np.asarray(
        Image.fromarray(coarse).resize((_TEXTURE_SIDE, _TEXTURE_SIDE), Image.Resampling.BICUBIC)
    )
    return ((bank - bank.mean()) / bank.std()).astype(np.float32)
