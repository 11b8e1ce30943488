"""Python's version, and the installed packages against constraints.txt."""

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from xray_assets.doctor.finding import FAIL, OK, WARN, Finding
from xray_assets.settings import PROJECT

CONSTRAINTS = PROJECT / "constraints.txt"


def python_version(version: tuple[int, ...] = sys.version_info[:3]) -> Finding:
    """Python must be 3.11."""
    found = ".".join(map(str, version))
    if version[:2] == (3, 11):
        return Finding(OK, "Python", found)
    return Finding(FAIL, "Python", found, "install Python 3.11, then `make clean install`")


def pinned_packages(constraints: Path = CONSTRAINTS) -> Iterator[Finding]:
    """Every package of constraints.txt that this project needs, against what is installed."""
    pins = dict(_pins(constraints))
    needed = _needed()
    missing = [name for name in needed if _version(name) is None]
    other = [
        f"{name} {version}, pinned {pins[name]}"
        for name in pins
        if (version := _version(name)) is not None and version.partition("+")[0] != pins[name]
    ]
    if missing:
        yield Finding(FAIL, "Packages", f"missing: {', '.join(missing)}", "run `make install`")
    if other:
        yield Finding(WARN, "Packages", "; ".join(other), "`make install` brings the pinned ones")
    if not missing and not other:
        yield Finding(OK, "Packages", f"{len(pins)} pinned, none differs")


def _pins(constraints: Path) -> Iterator[tuple[str, str]]:
    for line in constraints.read_text().splitlines():
        name, separator, version = line.partition("==")
        if separator and not line.startswith("#"):
            yield name.strip(), version.strip()


def _needed() -> list[str]:
    """Names of the packages that the project itself asks for, extras left out."""
    requirements = metadata.requires("xray-assets") or []
    return [re.split(r"[^\w.-]", one)[0] for one in requirements if "extra ==" not in one]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
