"""Occlusion maps: how much a score falls when a part of the film is covered.

After Zeiler and Fergus, Visualizing and Understanding Convolutional Networks, ECCV 2014, section
4.2. What the score depends on, not a localisation of disease.
"""

import numpy as np

from xray_assets.imaging.preprocess import MODEL_SIDE
from xray_assets.scoring.session import OnnxClassifier

PATCH, STRIDE = 16, 4
"""Side of what is covered, and from one to the next, in pixels of the model's input."""


def occlusion(classifier: OnnxClassifier, film: np.ndarray) -> np.ndarray:
    """Score of the film less that of it with a patch covered by its mean grey, (13, 13) float32:
    positive where what was covered spoke for pneumonia. `film`: (64, 64) float32 in [0, 1].
    """
    starts = range(0, MODEL_SIDE - PATCH + 1, STRIDE)
    covered = np.repeat(film[None], len(starts) ** 2 + 1, axis=0)
    places = [(top, left) for top in starts for left in starts]
    for one, (top, left) in zip(covered[1:], places, strict=True):
        one[top : top + PATCH, left : left + PATCH] = film.mean()
    whole, *parts = classifier.probabilities(covered)
    return (whole - np.array(parts, np.float32)).reshape(len(starts), len(starts))
