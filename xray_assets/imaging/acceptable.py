"""What a film of any format must keep to be acceptable, and the one error of those that do not."""

from dataclasses import dataclass

from xray_assets.errors import XrayError


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """What is refused before any pixel is decoded.

    `max_pixels` is width x height; `min_side` the shorter side in pixels; `max_scans` bounds the
    passes of a progressive JPEG, each of which costs a walk over the whole image. `modalities` are
    those that a DICOM file may name (`none`: a file that names none); None: not looked at.
    """

    max_pixels: int = 64_000_000
    min_side: int = 16
    max_scans: int = 100
    modalities: frozenset[str] | None = frozenset({"CR", "DX"})


DEFAULT_LIMITS = DecodeLimits()

ACCEPTED_BEFORE = DecodeLimits(modalities=None)
"""For films that were accepted when they came in, whatever the site's setting was then."""


class InvalidImage(XrayError):
    """The bytes are not one acceptable film.

    `reason` is one of not_an_image, truncated, too_large, too_small, multi_frame, unsupported,
    not_a_chest_film. `message` may be shown to a client: of the file's content it holds a DICOM
    file's modality and body part, and nothing else.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message

    def __reduce__(self) -> tuple[type["InvalidImage"], tuple[str, str]]:
        """Pickle with both arguments, which the message alone would lose between processes."""
        return InvalidImage, (self.reason, self.message)


def check_dimensions(width: int, height: int, *, limits: DecodeLimits) -> None:
    """Raise InvalidImage (too_large, too_small) when width x height pixels are outside `limits`."""
    if width * height > limits.max_pixels:
        raise InvalidImage(
            "too_large", f"{width} x {height} pixels; the limit is {limits.max_pixels} in total"
        )
    if min(width, height) < limits.min_side:
        raise InvalidImage(
            "too_small", f"{width} x {height} pixels; each side needs {limits.min_side}"
        )
