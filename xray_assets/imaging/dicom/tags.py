"""What a DICOM file tells of how its film was made: the few tags that may be kept.

No tag that is a date, a place, a person or a number of any of them is read. Of those that are, a
value is kept only where it looks like what the standard says it is; else as if it were not there.
"""

import math
import re
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom import Dataset

_CODE = re.compile(r"[A-Z0-9_ ]{1,16}")
"""A code string (VR CS), DICOM PS3.5 6.2."""
_MODEL = re.compile(r"(?!.*\d{6})[A-Za-z0-9 ._+/()-]{1,32}")
"""A product's name: six digits in a row are a date, or a number of a person or a device."""
_DEEPEST = 32
_LARGEST = 1e6


@dataclass(frozen=True, slots=True)
class DicomTags:
    """Tags by the columns of the log: (0008,0060), (0018,5101), (0008,1090), (0028,0101),
    (0028,0004) and the first of (0028,1050), (0028,1051). None: not told, or not believed.
    """

    dicom_modality: str | None = None
    dicom_view_position: str | None = None
    dicom_model: str | None = None
    dicom_bits_stored: int | None = None
    dicom_photometric: str | None = None
    dicom_window_center: float | None = None
    dicom_window_width: float | None = None

    @classmethod
    def of(cls, dataset: "Dataset") -> "DicomTags":
        """The tags of a data set, whatever stands in it."""
        return cls(
            dicom_modality=_text(dataset.get("Modality"), _CODE),
            dicom_view_position=_text(dataset.get("ViewPosition"), _CODE),
            dicom_model=_text(dataset.get("ManufacturerModelName"), _MODEL),
            dicom_bits_stored=_bits(dataset.get("BitsStored")),
            dicom_photometric=_text(dataset.get("PhotometricInterpretation"), _CODE),
            dicom_window_center=_number(dataset.get("WindowCenter")),
            dicom_window_width=_number(dataset.get("WindowWidth")),
        )


TAG_COLUMNS = tuple(field.name for field in fields(DicomTags))
NO_TAGS = astuple(DicomTags())
"""The columns of the log, and what they hold of any other file."""


def first_number(value: Any) -> float | None:
    """The first of one or several numbers of a DICOM element; None when absent or empty."""
    if value is None or value == "":
        return None
    try:
        return float(value)
    except TypeError:
        return float(value[0]) if len(value) else None


def _text(value: Any, form: re.Pattern[str]) -> str | None:
    text = str(value).strip() if isinstance(value, str) else ""
    return text if form.fullmatch(text) else None


def _bits(value: Any) -> int | None:
    return value if isinstance(value, int) and 1 <= value <= _DEEPEST else None


def _number(value: Any) -> float | None:
    try:
        number = first_number(value)
    except (TypeError, ValueError, OverflowError):
        return None
    small = number is not None and math.isfinite(number) and abs(number) <= _LARGEST
    return number if small else None
