"""How people write the settings that are more than one value, or a place: types that `Settings` is
made of. Each accepts the text of a variable and the value itself; a relative place is one below the
current folder.
"""

import difflib
import ipaddress
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator


def _listed(value: object) -> object:
    """The parts of `a,b`; anything but text as it is."""
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _shares(value: object) -> object:
    """Accept `70/10/20` (percent or fractions) and demand that the three shares sum to one."""
    if isinstance(value, str):
        try:
            value = tuple(float(part) for part in value.split("/"))
        except ValueError:
            raise ValueError("write the split as train/val/test, for example 70/10/20") from None
    if not isinstance(value, tuple | list) or len(value) != 3:
        raise ValueError("a split has three shares: train/val/test, for example 70/10/20")
    total = sum(value)
    if total <= 0 or min(value) < 0 or (abs(total - 1) > 1e-9 and abs(total - 100) > 1e-9):
        raise ValueError(f"the split shares {value} must be non-negative and sum to 100")
    # Fractions stay as they are, so that a setting reads back as it was written.
    return tuple(value) if abs(total - 1) <= 1e-9 else tuple(part / 100 for part in value)


def _ramp(value: object) -> object:
    """Accept `50,70,90,100`: rising shares of the challenger that end at 100."""
    if isinstance(value, str):
        value = tuple(int(part) for part in value.split(","))
    if not isinstance(value, tuple | list) or list(value) != sorted(set(value)) or value[-1] != 100:
        raise ValueError(f"the ramp {value} must rise and end at 100, for example 50,70,90,100")
    return tuple(value)


def _sites(value: object) -> object:
    """Accept `ward-a,ward-b`: labels of rows and metrics, so few and short."""
    value = _listed(value)
    if not isinstance(value, tuple | list) or len(value) > 32 or len(set(value)) != len(value):
        raise ValueError("write at most 32 different sites, by commas, for example ward-a,ward-b")
    for site in value:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", str(site)):
            raise ValueError(f"the site {site!r} must be 1 to 64 letters, digits, '_', '.', '-'")
    return tuple(value)


def _modalities(value: object) -> object:
    """Accept `CR,DX,RF`: codes of DICOM's, and `none`."""
    value = _listed(value)
    if not isinstance(value, tuple | list) or not all(
        re.fullmatch(r"[A-Z]{2,16}|none", str(code)) for code in value
    ):
        raise ValueError("write DICOM modalities by commas, for example CR,DX,RF or CR,DX,none")
    return tuple(value)


def _networks(value: object) -> object:
    """Accept `10.0.0.7,10.1.0.0/16`: addresses and networks of IPv4 and IPv6."""
    value = _listed(value)
    if not isinstance(value, tuple | list):
        raise ValueError("write addresses or networks by commas, for example 10.0.0.7,10.1.0.0/16")
    return tuple(str(ipaddress.ip_network(network)) for network in value)


def _addresses(value: object) -> object:
    """Accept `ada@clinic.org,grace@clinic.org`."""
    value = _listed(value)
    if not isinstance(value, tuple | list):
        raise ValueError("write e-mail addresses by commas, for example ada@clinic.org")
    for address in value:
        if not re.fullmatch(r"[^@\s,<>]+@[^@\s,<>]+", str(address)):
            raise ValueError(f"{address!r} is no e-mail address")
    return tuple(value)


def _timezone(value: str) -> str:
    """A name of the IANA database."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{value!r} is no time zone: write one like Europe/Berlin") from None
    return value


def _absolute_uri(value: str) -> str:
    return value if not value or "://" in value else str(Path.cwd() / value)


def _absolute_source(value: str) -> str:
    kind, _, place = value.partition(":")
    local = kind == "folder" and place and "://" not in place
    return f"folder:{Path.cwd() / place}" if local else value


Addresses = Annotated[tuple[str, ...], BeforeValidator(_addresses)]
SplitShares = Annotated[tuple[float, float, float], BeforeValidator(_shares)]
RisingShares = Annotated[tuple[int, ...], BeforeValidator(_ramp)]
Sites = Annotated[tuple[str, ...], BeforeValidator(_sites)]
Modalities = Annotated[tuple[str, ...], BeforeValidator(_modalities)]
Networks = Annotated[tuple[str, ...], BeforeValidator(_networks)]
Folder = Annotated[Path, AfterValidator(lambda value: Path.cwd() / value)]
Uri = Annotated[str, AfterValidator(_absolute_uri)]
Timezone = Annotated[str, AfterValidator(_timezone)]
SourcePlace = Annotated[str, AfterValidator(_absolute_source)]


def refuse_misspelt(prefix: str, known: Iterable[str]) -> None:
    """Raise ValueError for a variable of this prefix that nothing reads: whoever wrote it wants
    something else than runs.
    """
    known = list(known)
    for name in os.environ:
        if name.upper().startswith(prefix) and name.upper() not in known:
            nearest = difflib.get_close_matches(name.upper(), known, n=1)
            hint = f": did you mean {nearest[0]}?" if nearest else ""
            raise ValueError(f"{name} is no setting{hint}")
