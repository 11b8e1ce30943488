"""What a film's file name says about its patient; read at curation and nowhere else.

In the public data set the file name IS the label (`person...` has pneumonia, `IM-...` has not), so
neither a name nor anything parsed from it may reach a model, a reader or a client.
"""

import re
from typing import Literal

PatientIdSource = Literal["file_name", "digest"]
Subtype = Literal["bacteria", "virus"]

_PERSON = re.compile(r"person(\d+)_(bacteria|virus)_\d+")
_NORMAL = re.compile(r"(?:NORMAL2-)?IM-(\d+)-\d+(?:-\d+)?")
_PHANTOM = re.compile(r"phantom-(\d+)-\d+")


def patient_of(filename: str) -> tuple[str | None, PatientIdSource]:
    """(patient id, where it comes from) of a film's name; a path and an extension are ignored.

    Bacteria and virus films of one N, and the two spellings `IM-N-` and `NORMAL2-IM-N-`, count as
    one patient: conservative, because a wrong merge only moves films to one split together.
    An unknown name gives (None, "digest"): the caller then uses the film's digest.
    """
    stem = _stem(filename)
    if match := _PERSON.fullmatch(stem):
        return f"person{int(match[1])}", "file_name"
    if match := _NORMAL.fullmatch(stem):
        return f"IM-{int(match[1]):04d}", "file_name"
    if match := _PHANTOM.fullmatch(stem):
        return f"phantom-{int(match[1]):04d}", "file_name"
    return None, "digest"


def subtype_of(filename: str) -> Subtype | None:
    """The kind of pneumonia that a film's name tells, None for normal films and unknown names."""
    match = _PERSON.fullmatch(_stem(filename))
    if match is None:
        return None
    return "bacteria" if match[2] == "bacteria" else "virus"


def _stem(filename: str) -> str:
    name = filename.replace("\\", "/").rpartition("/")[2]
    return name.rpartition(".")[0] if "." in name else name
