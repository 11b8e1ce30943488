"""What decode accepts, what it refuses, and that every refusal is an InvalidImage."""

import io
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from xray_assets.imaging.acceptable import DecodeLimits, InvalidImage
from xray_assets.imaging.decode import decode
from xray_assets_tests.imaging.made_films import (
    encoded,
    exif_with,
    grey,
    jpeg_claiming,
    png_header_only,
)


def refused(data: bytes, **limits: int) -> str:
    with pytest.raises(InvalidImage) as caught:
        decode(data, limits=DecodeLimits(**limits))
    assert caught.value.message
    return caught.value.reason


def test_a_grey_png_decodes_to_its_own_pixels() -> None:
    pixels = grey()
    decoded = decode(encoded(pixels, "PNG"))
    assert decoded.dtype == np.uint8
    assert np.array_equal(decoded, pixels)


def test_a_grey_jpeg_decodes_as_pillow_does() -> None:
    data = encoded(grey())
    assert np.array_equal(decode(data), np.asarray(Image.open(io.BytesIO(data))))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_colour_becomes_luminance(kind: str) -> None:
    colour = np.zeros((40, 50, 3), np.uint8)
    colour[...] = (200, 100, 40)
    decoded = decode(encoded(colour, kind))
    assert np.abs(decoded.astype(int) - round(0.299 * 200 + 0.587 * 100 + 0.114 * 40)).max() <= 1


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "1", "CMYK"])
def test_other_modes_become_grey(mode: str) -> None:
    pixels = np.where(grey() > 100, 255, 0).astype(np.uint8)
    image = Image.fromarray(pixels).convert("RGB").convert(mode)
    decoded = decode(encoded(image, "JPEG" if mode == "CMYK" else "PNG"))
    assert np.abs(decoded.astype(int) - pixels).mean() < 12


def test_a_sixteen_bit_png_keeps_its_high_byte() -> None:
    deep = grey().astype(np.uint16) * 257
    assert np.array_equal(decode(encoded(deep, "PNG")), grey())


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_as_a_viewer_does(kind: str, orientation: int) -> None:
    data = encoded(grey(), kind, exif=exif_with(orientation))
    shown = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert np.array_equal(decode(data), np.asarray(shown))


@pytest.mark.parametrize("block", [b"Exif\x00\x00garbage", b"Exif\x00\x00", exif_with(200)])
def test_a_damaged_or_senseless_orientation_shows_the_film_as_stored(block: bytes) -> None:
    plain = decode(encoded(grey()))
    assert np.array_equal(decode(encoded(grey(), exif=block)), plain)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not_an_image"),
        (b"not an image at all", "not_an_image"),
        (b"\xff\xd8\xff", "truncated"),
        (b"\x89PNG\r\n\x1a\n", "truncated"),
        (encoded(grey(), "GIF"), "unsupported"),
        (encoded(grey(), "TIFF"), "unsupported"),
        (encoded(grey(), "BMP"), "unsupported"),
        (encoded(grey(15, 40), "PNG"), "too_small"),
        (encoded(grey(40, 15)), "too_small"),
        (png_header_only(60_000, 60_000), "too_large"),
        (png_header_only(12_000, 12_000), "too_large"),
        (jpeg_claiming(60_000, 60_000), "too_large"),
        (png_header_only(500, 500), "truncated"),
        (jpeg_claiming(5_000, 5_000), "truncated"),
    ],
)
def test_what_is_not_one_acceptable_film_is_refused_with_its_reason(
    data: bytes, reason: str
) -> None:
    assert refused(data) == reason


def test_limits_are_settings() -> None:
    data = encoded(grey(40, 50), "PNG")
    assert refused(data, max_pixels=1999) == "too_large"
    assert refused(data, min_side=41) == "too_small"
    assert decode(data, limits=DecodeLimits(max_pixels=2000, min_side=40)).shape == (40, 50)


def test_no_bomb_warning_of_pillow_leaks() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert refused(png_header_only(12_000, 12_000), max_pixels=10**9) == "truncated"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_film_cut_short_is_refused(kind: str, share: float) -> None:
    data = encoded(grey(200, 200), kind)
    assert refused(data[: int(len(data) * share)]) == "truncated"


def test_an_animated_png_is_refused() -> None:
    frames = [Image.fromarray(grey(seed=seed)) for seed in (1, 2)]
    data = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])
    assert refused(data) == "multi_frame"


def test_a_jpeg_of_several_pictures_is_refused() -> None:
    frames = [Image.fromarray(grey(seed=seed)) for seed in (1, 2)]
    data = encoded(frames[0], "MPO", save_all=True, append_images=frames[1:])
    assert refused(data) == "multi_frame"


def test_a_progressive_jpeg_is_read_but_not_with_countless_scans() -> None:
    data = encoded(grey(), progressive=True)
    assert decode(data).shape == (40, 50)
    assert refused(data, max_scans=3) == "unsupported"


def test_a_png_text_bomb_is_refused_not_raised() -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("note", "x" * 5_000_000, zip=True)
    assert refused(encoded(grey(), "PNG", pnginfo=info)) in {"not_an_image", "truncated"}


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_bytes_never_raise_anything_else(kind: str, data: st.DataObject) -> None:
    film = bytearray(encoded(grey(), kind))
    for _ in range(data.draw(st.integers(1, 6))):
        film[data.draw(st.integers(0, len(film) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(film)))
    for candidate in (bytes(film), bytes(film[:cut])):
        try:
            assert decode(candidate).ndim == 2
        except InvalidImage as refusal:
            assert refusal.reason


def test_a_refusal_survives_a_process_boundary() -> None:
    error = pickle.loads(pickle.dumps(InvalidImage("truncated", "cut")))
    assert (error.reason, error.message, str(error)) == ("truncated", "cut", "truncated: cut")
