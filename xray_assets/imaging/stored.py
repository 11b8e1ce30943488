"""The form in which a film is kept: the same pixels, and nothing else that came with the file.

Here: lossless removal of metadata. JPEG and PNG keep their compressed pixel data byte for byte and
lose whatever does not take part in decoding; everything else (DICOM, a film whose EXIF orientation
must be applied, a palette, pixel data with something behind it, unusual structures) becomes a fresh
PNG of the decoded pixels.
Not here: where or how long films are kept.
"""

import re
import struct
import zlib

from xray_assets.imaging.acceptable import ACCEPTED_BEFORE, DecodeLimits
from xray_assets.imaging.decode import JPEG_MAGIC, decode, exif_orientation
from xray_assets.imaging.grey_png import PNG_MAGIC, grey_png, png_file

# What libjpeg looks at to tell YCbCr from RGB, without density, thumbnail or version.
_MINIMAL_JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
_MINIMAL_ADOBE = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"
_START_OF_SCAN, _END_OF_IMAGE, _COMMENT = 0xDA, 0xD9, 0xFE
_DECODING_SEGMENTS = frozenset(
    {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}  # frames
    | {0xC4, 0xCC, 0xDB, 0xDD}  # Huffman and arithmetic tables, quantization, restart interval
)
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7]")  # neither a stuffed zero nor a restart
_SAMPLES = {0: 1, 2: 3, 4: 2, 6: 4}
"""Samples a pixel of each PNG colour type that is kept as it is."""
_INFLATED_AT_ONCE = 1 << 20


class _ReencodingNeededError(Exception):
    """The compressed data cannot be kept as it is."""


def without_metadata(data: bytes, *, limits: DecodeLimits = ACCEPTED_BEFORE) -> bytes:
    """The film as JPEG or PNG bytes that `decode` to the same pixels and carry no metadata.

    No EXIF, XMP, ICC, comment, thumbnail, text, time or DICOM tag remains, and nothing behind the
    end of the film. Not found: bytes that hide in a JPEG's scan behind its last block.
    `data` is a film that `decode` accepts; raises InvalidImage where only decoding can tell.
    """
    try:
        if data.startswith(JPEG_MAGIC):
            return _bare_jpeg(data)
        if data.startswith(PNG_MAGIC):
            return _bare_png(data)
    except (_ReencodingNeededError, IndexError, struct.error):
        pass
    return grey_png(decode(data, limits=limits))


def _bare_jpeg(data: bytes) -> bytes:
    kept = [data[:2]]
    exif = b""
    position = 2
    while True:
        if data[position] != 0xFF:
            raise _ReencodingNeededError
        marker = data[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if marker == _END_OF_IMAGE:
            kept.append(b"\xff\xd9")
            return b"".join(kept)
        (length,) = struct.unpack_from(">H", data, position + 2)
        if length < 2:
            raise _ReencodingNeededError
        end = position + 2 + length
        payload = data[position + 4 : end]
        if marker == _START_OF_SCAN:
            if exif and exif_orientation(exif) != 1:
                raise _ReencodingNeededError
            end = _end_of_scan(data, end)
            kept.append(data[position:end])
        elif marker in _DECODING_SEGMENTS:
            kept.append(data[position:end])
        elif marker == 0xE0 and payload.startswith(b"JFIF\x00") and len(payload) >= 14:
            kept.append(_MINIMAL_JFIF)
        elif marker == 0xEE and payload.startswith(b"Adobe") and len(payload) >= 12:
            kept.append(_MINIMAL_ADOBE + payload[11:12])
        elif marker == 0xE1 and payload.startswith(b"Exif\x00\x00"):
            exif += payload[6:] if exif else payload
        elif not (0xE0 <= marker <= 0xEF or marker == _COMMENT):
            raise _ReencodingNeededError
        position = end


def _end_of_scan(data: bytes, position: int) -> int:
    """Where the entropy-coded data that starts at `position` meets the next marker."""
    following = _NEXT_MARKER.search(data, position)
    if following is None:
        raise _ReencodingNeededError
    return following.start()


def _bare_png(data: bytes) -> bytes:
    """One chunk of each needed kind, written anew: lengths, order and check sums hold nothing."""
    header, pixels = b"", b""
    position = len(PNG_MAGIC)
    kind = b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        body = data[position + 8 : end - 4]
        if end > len(data) or kind == b"acTL":
            raise _ReencodingNeededError
        if kind == b"eXIf" and exif_orientation(body) != 1:
            raise _ReencodingNeededError
        if kind == b"IHDR":
            header = body
        elif kind == b"IDAT":
            pixels += body
        elif kind[:1].isupper() and kind != b"IEND":  # a palette could hold anything
            raise _ReencodingNeededError
        position = end
    _demand_nothing_but_pixels(header, pixels)
    return png_file(header, pixels)


def _demand_nothing_but_pixels(header: bytes, pixels: bytes) -> None:
    """Raise unless the compressed data is one stream of exactly the rows that the header claims."""
    width, height, depth, colour, *methods = struct.unpack(">IIBBBBB", header)
    if any(methods) or colour not in _SAMPLES:  # interlaced rows have other lengths
        raise _ReencodingNeededError
    expected = height * (1 + (width * depth * _SAMPLES[colour] + 7) // 8)
    stream, waiting, inflated = zlib.decompressobj(), pixels, 0
    try:
        while waiting and inflated <= expected:
            inflated += len(stream.decompress(waiting, _INFLATED_AT_ONCE))
            waiting = stream.unconsumed_tail
        inflated += len(stream.flush())
    except zlib.error:
        raise _ReencodingNeededError from None
    if not stream.eof or stream.unused_data or inflated != expected:
        raise _ReencodingNeededError
