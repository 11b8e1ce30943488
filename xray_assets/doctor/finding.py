"""What an examination found: a status, the fact, and what to do next."""

from dataclasses import dataclass

OK, WARN, FAIL = "OK", "WARN", "FAIL"

STYLES = {OK: "green", WARN: "yellow", FAIL: "bold red"}


@dataclass(frozen=True)
class Finding:
    """One line of `xray doctor`. A FAIL means that something the settings ask for cannot work."""

    status: str
    what: str
    found: str
    advice: str = ""
