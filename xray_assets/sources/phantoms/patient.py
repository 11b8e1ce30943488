"""How synthetic patients differ: a random thorax and a random pneumonia, as numbers.

Here: the ranges that, with those in `phantom_film`, set how hard the phantoms are; measured by
`benchmarks/calibrate_phantoms.py`. Not here: drawing (`phantom_anatomy`).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Thorax:
    """The anatomy that all films of a patient share; lengths in body coordinates."""

    lung_width: float
    lung_height: float
    lung_top: float
    lung_gap: float
    heart_x: float
    heart_width: float
    heart_height: float
    mediastinum_width: float
    thymus: float
    dome_height: float
    dome_difference: float
    rib_count: float
    rib_phase: float
    rib_slope: float
    rib_strength: float
    clavicle_slope: float
    markings: float
    tissue: float
    lung_depth: float
    haze: float
    size: float
    """Of the whole body on the film; 1 for a middling child."""


@dataclass(frozen=True, slots=True)
class Opacity:
    """One region of pneumonia; `focus` is the share of it that is one blob, the rest is mottled."""

    x: float
    y: float
    width: float
    height: float
    angle: float
    density: float
    focus: float
    texture: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Pneumonia:
    """What a sick patient has beyond the thorax: `haze` dims both lungs, opacities fill parts."""

    haze: float
    opacities: tuple[Opacity, ...]


def draw_thorax(rng: np.random.Generator) -> Thorax:
    """A random child's thorax."""
    uniform = rng.uniform
    return Thorax(
        lung_width=uniform(0.27, 0.37),
        lung_height=uniform(0.66, 0.82),
        lung_top=uniform(-0.84, -0.72),
        lung_gap=uniform(0.06, 0.11),
        heart_x=uniform(0.06, 0.16),
        heart_width=uniform(0.26, 0.40),
        heart_height=uniform(0.34, 0.48),
        mediastinum_width=uniform(0.12, 0.20),
        thymus=max(0.0, uniform(-0.5, 1.0)),
        dome_height=uniform(0.08, 0.20),
        dome_difference=uniform(0.00, 0.10),
        rib_count=uniform(7.5, 10.5),
        rib_phase=uniform(0.0, 1.0),
        rib_slope=uniform(0.10, 0.38),
        rib_strength=uniform(0.08, 0.16),
        clavicle_slope=uniform(0.05, 0.35),
        markings=uniform(0.05, 0.18),
        tissue=uniform(0.50, 0.68),
        lung_depth=uniform(0.40, 0.50),
        haze=uniform(0.0, 0.16),
        size=uniform(0.86, 1.16),
    )


def draw_pneumonia(rng: np.random.Generator, thorax: Thorax) -> Pneumonia:
    """A random pneumonia: one or two focal consolidations, or diffuse infiltrates of both lungs."""
    uniform = rng.uniform
    diffuse = rng.random() < 0.35
    count = int(rng.integers(4, 7)) if diffuse else 1 + int(rng.random() < 0.45)
    bottom = thorax.lung_top + 2 * thorax.lung_height
    first_side = 1 if rng.random() < 0.45 else -1
    found = []
    for index in range(count):
        side = first_side * (-1) ** index if diffuse or index == 0 else first_side
        across = uniform(0.35, 0.85)
        down = uniform(0.25, 0.85)
        found.append(
            Opacity(
                x=side * (thorax.lung_gap + across * 2 * thorax.lung_width),
                y=thorax.lung_top + down * (bottom - thorax.lung_top),
                width=uniform(0.22, 0.36) if diffuse else uniform(0.26, 0.38),
                height=uniform(0.24, 0.46) if diffuse else uniform(0.30, 0.50),
                angle=uniform(-0.6, 0.6),
                density=uniform(0.70, 0.95) if diffuse else uniform(0.90, 1.00),
                focus=uniform(0.3, 0.6) if diffuse else uniform(0.75, 1.0),
                texture=(int(rng.integers(1 << 20)), int(rng.integers(1 << 20))),
            )
        )
    haze = uniform(0.0, 0.12) if diffuse else uniform(0.0, 0.04)
    return Pneumonia(haze=haze, opacities=tuple(found))
