"""Figures on pages, and the vendored libraries that draw charts."""

import hashlib
from math import nan
from pathlib import Path

import pytest

from xray_assets.room.figures import NOT_ENOUGH, Figure, Source
from xray_assets.room.pages import TEMPLATES

VENDOR = Path(__file__).parents[2] / "xray_assets" / "room" / "static" / "vendor"


def test_a_figure_has_its_interval_and_cases() -> None:
    shown = Figure("accuracy", 0.8123, 0.77, 0.851, 1234, least=30)
    assert (shown.shown, shown.interval, shown.cases) == ("81.2 %", "77.0 to 85.1 %", "n = 1,234")
    assert Figure("difference", 0.051, signed=True).shown == "+5.1 %"
    assert Figure("p95", 12.34, percent=False, unit="ms").shown == "12.3 ms"


@pytest.mark.parametrize(
    "figure",
    [
        Figure("nothing", None),
        Figure("undefined", nan, nan, nan, 0),
        Figure("few", 1.0, 0.9, 1.0, n=9, least=10),
    ],
)
def test_a_figure_on_too_few_cases_is_no_number(figure: Figure) -> None:
    assert figure.shown == NOT_ENOUGH
    assert figure.interval == ""
    assert not any(digit in figure.shown for digit in "01")


def test_a_source_names_its_version() -> None:
    assert Source("gold.a", 1200).shown == "gold.a, version 1,200"
    assert Source("gold.a", None).shown == "gold.a, not written yet"


def test_vendored_libraries_are_those_that_were_pinned() -> None:
    lines = (line.split() for line in (VENDOR / "SHA256SUMS").read_text().splitlines())
    pinned = {name: digest for digest, name in lines}
    found = {path.name for path in VENDOR.iterdir()} - {"SHA256SUMS", "README.md"}
    assert found == pinned.keys()
    for name, digest in pinned.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name


def test_a_chart_cannot_end_its_own_script() -> None:
    source = '{% from "templates/macros.html" import chart %}{{ chart("a", told, "<b>") }}'
    html = TEMPLATES.from_string(source).render(told={"title": "</script><script>"})
    assert html.count("</script>") == 1
    assert "<b>" not in html
