"""The stored form of a film: the same pixels, and nothing else that came with the file."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from xray_assets.imaging.acceptable import InvalidImage
from xray_assets.imaging.decode import decode
from xray_assets.imaging.stored import without_metadata
from xray_assets_tests.imaging.made_films import REAL_FILMS, encoded, exif_with, grey

MARKER = b"PATIENT-DOE-JOHN-person12_bacteria_3"


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


JPEG_PLANTS = st.lists(
    st.one_of(
        st.builds(segment, st.integers(0xE1, 0xEF), st.just(MARKER)),
        st.builds(lambda text: segment(0xFE, MARKER + text), st.binary(max_size=40)),
        st.just(segment(0xE1, exif_with(1, MARKER.decode()))),
        st.just(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00" + MARKER)),
        st.just(segment(0xE0, b"JFXX\x00" + MARKER)),
        st.just(segment(0xEE, b"Adobe" + MARKER)),
    ),
    max_size=5,
)


@settings(max_examples=100, deadline=None)
@given(
    plants=JPEG_PLANTS,
    trailing=st.booleans(),
    progressive=st.booleans(),
    colour=st.booleans(),
    orientation=st.integers(1, 8),
)
def test_a_jpeg_keeps_its_pixels_and_loses_every_planted_marker(
    plants: list[bytes], trailing: bool, progressive: bool, colour: bool, orientation: int
) -> None:
    image = Image.fromarray(grey()).convert("RGB" if colour else "L")
    film = encoded(
        image, progressive=progressive, comment=MARKER, exif=exif_with(orientation, MARKER.decode())
    )
    film = film[:2] + b"".join(plants) + film[2:] + (MARKER if trailing else b"")
    stored = without_metadata(film)
    assert MARKER in film
    assert MARKER not in stored
    assert np.array_equal(decode(stored), decode(film))
    assert Image.open(io.BytesIO(stored)).getexif().get_ifd(0x8769) == {}


def test_a_comment_between_the_scans_of_a_progressive_jpeg_goes_too() -> None:
    film = encoded(grey(), progressive=True)
    second_scan = film.index(b"\xff\xda", film.index(b"\xff\xda") + 2)
    table = film.rfind(b"\xff\xc4", 0, second_scan)
    at = table if table > film.index(b"\xff\xda") else second_scan
    planted = film[:at] + segment(0xFE, MARKER) + film[at:]
    stored = without_metadata(planted)
    assert MARKER not in stored
    assert np.array_equal(decode(stored), decode(planted))


def test_an_upright_jpeg_keeps_its_compressed_data_byte_for_byte() -> None:
    film = encoded(grey(), comment=MARKER)
    stored = without_metadata(film)
    assert stored.startswith(b"\xff\xd8\xff")
    assert stored[stored.index(b"\xff\xda") :] == film[film.index(b"\xff\xda") :]


def test_a_thumbnail_in_the_jfif_segment_goes_too() -> None:
    film = encoded(grey())
    thumbnail = segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x01\x0c" + MARKER)
    planted = film[:2] + thumbnail + film[2 + 18 :]
    stored = without_metadata(planted)
    assert MARKER not in stored
    assert np.array_equal(decode(stored), decode(film))


@pytest.mark.parametrize("adobe_transform", [0, 1])
def test_the_colour_transform_of_a_jpeg_survives(adobe_transform: int) -> None:
    film = encoded(Image.merge("RGB", [Image.fromarray(grey(seed=seed)) for seed in (1, 2, 3)]))
    bare = film[:2] + film[2 + 18 :]  # no JFIF segment
    adobe = segment(0xEE, b"Adobe\x00\x64\x12\x34\x56\x78" + bytes([adobe_transform]))
    film = bare[:2] + adobe + bare[2:]
    stored = without_metadata(film)
    assert b"\x12\x34\x56\x78" not in stored
    assert np.array_equal(decode(stored), decode(film))


@settings(max_examples=100, deadline=None)
@given(
    mode=st.sampled_from(["L", "RGB", "P", "RGBA", "LA", "1", "I;16"]),
    orientation=st.integers(1, 8),
    private=st.sampled_from([b"prVt", b"vpAg", b"tIME", b"hIST", b"sPLT", b"tRNS"]),
    trailing=st.booleans(),
)
def test_a_png_keeps_its_pixels_and_loses_every_planted_marker(
    mode: str, orientation: int, private: bytes, trailing: bool
) -> None:
    info = PngInfo()
    info.add_text("Patient", MARKER.decode())
    info.add_itxt("Patient", MARKER.decode())
    pixels = grey().astype(np.uint16) * 257 if mode == "I;16" else grey()
    image = Image.fromarray(pixels)
    image = image if mode == "I;16" else image.convert("RGB").convert(mode)
    film = encoded(image, "PNG", pnginfo=info, exif=exif_with(orientation, MARKER.decode()))
    if private != b"tRNS" or mode in {"P", "RGB"}:
        at = film.index(b"IDAT") - 4
        film = film[:at] + chunk(private, MARKER[:6] if private == b"tRNS" else MARKER) + film[at:]
    film += MARKER if trailing else b""
    stored = without_metadata(film)
    assert MARKER in film
    assert MARKER not in stored
    assert private not in stored
    assert np.array_equal(decode(stored), decode(film))


def png_of(pixels: bytes, *, end: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", 50, 40, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", end))
    )


ROWS = b"".join(b"\0" + row.tobytes() for row in grey())


@settings(max_examples=60, deadline=None)
@given(planted=st.binary(max_size=40).map(lambda more: MARKER + more))
@pytest.mark.parametrize("where", ["IEND", "behind the stream", "behind the rows", "check sums"])
def test_nothing_hides_in_the_structure_of_a_png(where: str, planted: bytes) -> None:
    film = {
        "IEND": png_of(zlib.compress(ROWS), end=planted),
        "behind the stream": png_of(zlib.compress(ROWS) + planted),
        "behind the rows": png_of(zlib.compress(ROWS + planted, 0)),
        "check sums": png_of(zlib.compress(ROWS)).replace(
            struct.pack(">I", zlib.crc32(b"IDAT" + zlib.compress(ROWS))), MARKER[:4]
        ),
    }[where]
    stored = without_metadata(film)
    assert planted in film or where == "check sums"
    assert MARKER[:4] not in stored
    assert np.array_equal(decode(stored), grey())


def test_a_palette_is_not_kept_whatever_its_unused_colours_hold() -> None:
    palette = bytes(range(16)) * 46 + MARKER[:32]
    image = Image.fromarray(grey() % 16)
    image.putpalette(palette)
    film = encoded(image, "PNG")
    stored = without_metadata(film)
    assert MARKER[:30] in film
    assert MARKER[:30] not in stored
    assert np.array_equal(decode(stored), decode(film))


def test_nothing_but_the_needed_chunks_remains_in_a_png() -> None:
    stored = without_metadata(encoded(grey(), "PNG", dpi=(300, 300)))
    kinds, at = [], 8
    while at < len(stored):
        length, kind = struct.unpack_from(">I4s", stored, at)
        kinds.append(kind)
        at += 12 + length
    assert set(kinds) == {b"IHDR", b"IDAT", b"IEND"}


def test_removing_twice_changes_nothing_more() -> None:
    for kind in ("JPEG", "PNG"):
        once = without_metadata(encoded(grey(), kind, exif=exif_with(6)))
        assert without_metadata(once) == once


@pytest.mark.parametrize("data", [b"", b"no film", encoded(grey(), "GIF")])
def test_what_is_no_film_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidImage):
        without_metadata(data)


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(["JPEG", "PNG"]), data=st.data())
def test_a_damaged_film_that_still_decodes_keeps_its_pixels_or_is_refused(
    kind: str, data: st.DataObject
) -> None:
    film = bytearray(encoded(grey(), kind, comment=MARKER if kind == "JPEG" else None))
    for _ in range(data.draw(st.integers(1, 4))):
        film[data.draw(st.integers(2, len(film) - 1))] = data.draw(st.integers(0, 255))
    try:
        pixels = decode(bytes(film))
    except InvalidImage:
        return
    assert np.array_equal(decode(without_metadata(bytes(film))), pixels)


@pytest.mark.skipif(not REAL_FILMS.exists(), reason="the real films are not here")
def test_real_films_keep_their_pixels() -> None:
    files = sorted((REAL_FILMS / "chest_xray" / "val").glob("*/*.jpeg"))
    files += sorted((REAL_FILMS / "originals").glob("*/*.jpeg"))
    for file in files:
        data = file.read_bytes()
        stored = without_metadata(data)
        assert stored[:2] == data[:2]
        assert b"Exif" not in stored
        assert np.array_equal(decode(stored), decode(data))
