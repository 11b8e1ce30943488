"""Grey samples as PNG: any reader finds them again."""

import io

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from xray_assets.imaging.grey_png import grey_png
from xray_assets_tests.imaging.made_films import encoded, grey

SHAPES = arrays.array_shapes(min_dims=2, max_dims=2, max_side=9)


@settings(max_examples=60, deadline=None)
@given(st.one_of(arrays.arrays(np.uint8, SHAPES), arrays.arrays(np.uint16, SHAPES)))
def test_every_sample_comes_back(samples: np.ndarray) -> None:
    picture = Image.open(io.BytesIO(grey_png(samples)))
    assert np.array_equal(np.asarray(picture), samples)
    assert picture.mode == ("L" if samples.dtype == np.uint8 else "I;16") and not picture.info


def test_a_film_takes_no_more_bytes_than_by_pillow() -> None:
    film = np.repeat(np.repeat(grey(), 8, axis=0), 8, axis=1)
    assert len(grey_png(film)) <= 1.1 * len(encoded(film, "PNG", compress_level=4))
