import base64
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xray_assets.imaging.acceptable import DecodeLimits
from xray_assets.imaging.decode import decode
from xray_assets.imaging.digest import pixel_sha256
from xray_assets.imaging.preprocess import model_input
from xray_assets.scoring.stored_film import FLOAT32_BYTES, stored_model_input
from xray_assets.serving.hot_path.films import LargeFilm, film
from xray_assets.web.refusals import BadRequest
from xray_assets_tests.serving.server_process import encoded, film_pixels

JPEG = encoded(film_pixels(1))


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def reason_of(entry: Any) -> str:
    with pytest.raises(BadRequest) as refusal:
        film(entry, index=0)
    return refusal.value.reason


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_film_is_decoded_like_in_training_and_stored_so_that_it_can_be_scored_again(
    kind: str,
) -> None:
    data = encoded(film_pixels(3), kind)
    one = film(text(data), index=0)
    assert np.array_equal(one.model_input, model_input(decode(data)))
    assert one.digest == pixel_sha256(decode(data))
    _, stored = one.stored()
    assert np.array_equal(stored_model_input(stored), one.model_input)


@pytest.mark.parametrize(
    "first_value", [0.25, np.float32(np.frombuffer(b"\xff\xd8\xff\x3e", "<f4")[0])]
)
def test_an_array_is_stored_as_sent_even_when_it_looks_like_a_jpeg(first_value: float) -> None:
    array = np.random.default_rng(0).random((64, 64)).astype(np.float32)
    array[0, 0] = first_value
    one = film(array.tolist(), index=0)
    kind, stored = one.stored()
    assert (kind, len(stored)) == ("float32", FLOAT32_BYTES)
    assert np.array_equal(stored_model_input(stored), array)
    nested = film(array[:, :, None].tolist(), index=0)
    assert nested.digest == one.digest


def test_equal_pixels_have_one_digest_whatever_file_held_them() -> None:
    pixels = film_pixels(5)
    png, other = encoded(pixels, "PNG"), encoded(pixels, "PNG", compress_level=1)
    assert png != other
    assert film(text(png), index=0).digest == film(text(other), index=0).digest


def test_base64_may_have_line_breaks_the_url_alphabet_or_a_data_url() -> None:
    wanted = film(text(JPEG), index=0).digest
    broken = base64.encodebytes(JPEG).decode()
    url_safe = base64.urlsafe_b64encode(JPEG).decode().rstrip("=")
    for variant in (broken, url_safe, "data:image/jpeg;base64," + text(JPEG)):
        assert film(variant, index=0).digest == wanted


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("", "not_an_image"),
        ("%%%", "not_base64"),
        ("äöü", "not_base64"),
        (text(b"hello"), "not_an_image"),
        (text(JPEG[:-400]), "truncated"),
        (text(b"GIF89a" + b"\0" * 40), "unsupported"),
        (text(encoded(film_pixels(0, side=8))), "too_small"),
        (None, "not_an_image"),
        (5, "not_an_image"),
        ({}, "not_an_image"),
        ([], "wrong_shape"),
        ([[0.5] * 64] * 63, "wrong_shape"),
        ([[0.5] * 64] * 63 + [[0.5] * 63], "wrong_shape"),
        ([["0.5"] * 64] * 64, "wrong_shape"),
        ([[True] * 64] * 64, "wrong_shape"),
        ([[None] * 64] * 64, "wrong_shape"),
        ([[[0.5, 0.5]] * 64] * 64, "wrong_shape"),
        ([["x" * 1_000_000] + [0.5] * 63] + [[0.5] * 64] * 63, "wrong_shape"),
        ([[float("nan")] * 64] * 64, "not_finite"),
        ([[float("inf")] * 64] * 64, "not_finite"),
        ([[10**400] * 64] * 64, "out_of_range"),
        ([[128] * 64] * 64, "out_of_range"),
        ([[-0.1] * 64] * 64, "out_of_range"),
    ],
)
def test_what_is_no_film_is_refused_with_a_reason(entry: Any, reason: str) -> None:
    assert reason_of(entry) == reason


def test_a_large_film_is_set_aside_and_a_bomb_refused_before_it_is_decoded() -> None:
    large = text(encoded(np.zeros((1001, 1000), np.uint8), "PNG"))
    with pytest.raises(LargeFilm):
        film(large, index=0)
    assert film(large, index=0, limits=DecodeLimits()).model_input.shape == (64, 64)
    with pytest.raises(BadRequest) as refusal:
        film(large, index=0, limits=DecodeLimits(max_pixels=999_999))
    assert refusal.value.reason == "too_large"


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 12), st.sampled_from(["JPEG", "PNG"]))
def test_a_damaged_film_is_scored_or_refused_and_a_scored_one_can_be_scored_again(
    seed: int, hits: int, kind: str
) -> None:
    data = bytearray(encoded(film_pixels(2, side=40), kind))
    generator = random.Random(seed)
    for _ in range(hits):
        data[generator.randrange(len(data))] = generator.randrange(256)
    try:
        one = film(text(bytes(data)), index=0)
    except (BadRequest, LargeFilm):
        return
    _, stored = one.stored()
    assert np.array_equal(stored_model_input(stored), one.model_input)
