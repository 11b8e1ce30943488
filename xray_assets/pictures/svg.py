"""The few SVG elements that the charts are made of, and the way into Markdown.

Plain strings instead of a plotting library: a chart costs no import and a few kilobytes.
"""

import base64
from collections.abc import Sequence
from html import escape

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's palette: told apart by colour-blind readers. Champion first."""

INK, MUTED, GRID = "#222222", "#666666", "#dddddd"


def markdown(svg: str, *, title: str) -> str:
    """An SVG document as a Markdown image."""
    encoded = base64.b64encode(svg.encode()).decode()
    return f"![{title}](data:image/svg+xml;base64,{encoded})"


def document(width: float, height: float, title: str, elements: Sequence[str]) -> str:
    """A whole SVG on white, with its title at the top."""
    size = f'width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
    head = text(12, 20, title, size=14, bold=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" role="img">'
        f"<title>{escape(title)}</title>"
        f'<rect width="100%" height="100%" fill="white"/>{head}{"".join(elements)}</svg>'
    )


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: int = 11,
    anchor: str = "start",
    colour: str = INK,
    bold: bool = False,
) -> str:
    """Words at a point; `anchor` is start, middle or end."""
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
        f'fill="{colour}"{weight}>{escape(words)}</text>'
    )


def box(x: float, y: float, width: float, height: float, colour: str, opacity: float = 1) -> str:
    """A filled rectangle."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0, width):.1f}" height="{max(0, height):.1f}" '
        f'fill="{colour}" fill-opacity="{opacity:.2f}"/>'
    )


def path(points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> str:
    """A line through points."""
    where = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    width = 1 if dashed else 2
    return (
        f'<polyline points="{where}" fill="none" stroke="{colour}" stroke-width="{width}"{dash}/>'
    )


def legend(names: Sequence[str], *, x: float, y: float) -> str:
    """Coloured names in a row."""
    parts = []
    for name, colour in zip(names, colours(len(names)), strict=True):
        parts += [box(x, y - 9, 10, 10, colour), text(x + 14, y, name)]
        x += 30 + 7.2 * len(name)
    return "".join(parts)


def colours(count: int) -> list[str]:
    """A colour for each of `count` series; they repeat after six."""
    return [COLOURS[place % len(COLOURS)] for place in range(count)]


def number(value: float) -> str:
    """A figure as people read it: 1,234 or 0.957."""
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:.3g}"
