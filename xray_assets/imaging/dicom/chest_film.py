"""Is a DICOM file a chest film, as far as it says so? Its pixels are not looked at.

The modality (0008,0060) and the body part (0018,0015) are code strings of at most 16 characters, so
what was found may be named in a refusal; any other text is not.
"""

import re
from typing import TYPE_CHECKING

from xray_assets.imaging.acceptable import DecodeLimits, InvalidImage

if TYPE_CHECKING:
    from pydicom import Dataset

NO_MODALITY = "none"
_CHEST = ("CHEST", "THORAX", "LUNG")
_CODE = re.compile(r"[A-Z0-9_ ]{1,16}")


def check_chest_film(dataset: "Dataset", *, limits: DecodeLimits) -> None:
    """Raise InvalidImage (not_a_chest_film, unsupported) for another modality, another body part
    where one is given, and colour.
    """
    modality = _text(dataset, "Modality")
    if limits.modalities is not None and (modality or NO_MODALITY) not in limits.modalities:
        wanted = ", ".join(sorted(limits.modalities)) or "nothing (XRAY_DICOM_MODALITIES)"
        found = f"is {_named(modality)}" if modality else "is not given"
        raise InvalidImage("not_a_chest_film", f"the DICOM modality {found}; accepted: {wanted}")
    body_part = _text(dataset, "BodyPartExamined")
    if limits.modalities is not None and body_part and not body_part.startswith(_CHEST):
        raise InvalidImage(
            "not_a_chest_film", f"the DICOM body part is {_named(body_part)}, not CHEST"
        )
    colour = str(dataset.get("PhotometricInterpretation") or "")
    if int(dataset.get("SamplesPerPixel") or 1) != 1 or not colour.startswith("MONOCHROME"):
        raise InvalidImage("unsupported", "DICOM colour is not accepted: a chest film is grey")


def _text(dataset: "Dataset", keyword: str) -> str:
    return str(dataset.get(keyword) or "").strip().upper()


def _named(code: str) -> str:
    return code if _CODE.fullmatch(code) else "no code of the standard"
