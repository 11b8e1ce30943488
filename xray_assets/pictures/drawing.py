"""From a chart's specification to a picture: SVG by vl-convert, without a browser.

The first drawing of a process costs some 0.6 s of CPU (it starts a JavaScript engine), each later
one 0.05 s: a step on which others wait draws after it has written.
"""

import base64
from collections.abc import Mapping
from typing import Any


def svg(chart: Any) -> str:
    """The chart as an SVG document."""
    return svg_of(chart.to_dict())


def svg_of(specification: Mapping[str, Any]) -> str:
    """A Vega-Lite specification as an SVG document."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(dict(specification)))


def markdown(chart: Any) -> str:
    """The chart as an image in Markdown, under its own title."""
    return in_markdown(svg(chart), chart.title)


def in_markdown(drawn: str, told: str) -> str:
    """An SVG document as an image in Markdown, under what it shows."""
    encoded = base64.b64encode(drawn.encode()).decode()
    return f"![{told}](data:image/svg+xml;base64,{encoded})"
