"""Pictures are whole documents, small, and show the figures they are given."""

import base64
import xml.etree.ElementTree as ElementTree
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from xray_assets.pictures.charts import bar_chart, confusion_matrix, line_chart
from xray_assets.pictures.contact_sheet import MAX_BYTES, contact_sheet

SVG = "{http://www.w3.org/2000/svg}"
figures = st.floats(min_value=0, max_value=1e15)


def drawing(markdown: str) -> ElementTree.Element:
    assert markdown.startswith("![")
    head, _, data = markdown.rstrip(")").partition("base64,")
    assert head.endswith("](data:image/svg+xml;")
    return ElementTree.fromstring(base64.b64decode(data))


def words(markdown: str) -> list[str]:
    return [element.text or "" for element in drawing(markdown).iter(f"{SVG}text")]


def test_a_bar_chart_names_its_groups_series_and_values() -> None:
    chart = bar_chart("Films", {"train": {"NORMAL": 350, "PNEUMONIA": 1341}, "test": {"NORMAL": 7}})
    shown = words(chart)
    for word in ("Films", "train", "test", "NORMAL", "PNEUMONIA", "350", "1,341", "7"):
        assert word in shown


@given(st.dictionaries(st.text("abc<&", max_size=5), figures, max_size=6))
def test_any_bars_stay_inside_the_picture(values: dict[str, float]) -> None:
    chart = drawing(bar_chart("<title> & more", {"group": values}))
    for bar in chart.iter(f"{SVG}rect"):
        if bar.get("width") != "100%":
            assert 0 <= float(bar.attrib["y"]) <= float(chart.attrib["height"])
            assert float(bar.attrib["height"]) >= 0


@given(st.lists(st.tuples(st.floats(), st.floats(allow_nan=True)), max_size=8), st.booleans())
def test_any_points_can_be_drawn(points: list[tuple[float, float]], logarithmic: bool) -> None:
    chart = line_chart("Evidence", {"e": points}, logarithmic=logarithmic, levels={"alarm": 20})
    assert "nan" not in ElementTree.tostring(drawing(chart)).decode()
    assert "alarm" in words(chart)


def test_a_line_chart_puts_a_point_where_its_values_say() -> None:
    chart = drawing(line_chart("ROC", {"roc": [(0, 0), (0.5, 1), (1, 1)]}, diagonal=True))
    diagonal, roc = chart.iter(f"{SVG}polyline")
    start, middle, end = (tuple(map(float, p.split(","))) for p in roc.attrib["points"].split())
    assert start[0] < middle[0] < end[0]
    assert middle[1] == end[1] < start[1]
    assert diagonal.attrib["points"].split() == [roc.attrib["points"].split()[i] for i in (0, 2)]


def test_a_confusion_matrix_shows_counts_and_shares_also_without_any() -> None:
    shown = words(confusion_matrix("keras-1", tp=90, fn=10, fp=3, tn=1297))
    for word in ("90", "10", "3", "1,297", "90.0%", "0.2%"):
        assert word in shown
    assert words(confusion_matrix("none", tp=0, fn=0, fp=0, tn=0)).count("0") == 4


def noise(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (200, 300), dtype=np.uint8)
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def test_a_contact_sheet_stays_small_even_for_noise_and_skips_what_is_no_film() -> None:
    sheet = contact_sheet([[noise(n) for n in range(8)], [b"no film", noise(9)]], title="films")
    assert len(sheet) < 40_000
    data = base64.b64decode(sheet.rstrip(")").partition("base64,")[2])
    image = Image.open(BytesIO(data)).convert("L")
    assert image.width > image.height
    assert np.asarray(image)[-3, 3] == 255


def test_films_without_noise_are_shown_at_full_size(tmp_path: Path) -> None:
    stream = BytesIO()
    Image.new("L", (300, 200), 90).save(stream, "JPEG")
    sheet = contact_sheet([[stream.getvalue()] * 4], title="films", side=72)
    data = base64.b64decode(sheet.rstrip(")").partition("base64,")[2])
    assert Image.open(BytesIO(data)).size == (4 * 75 - 3, 72)
    assert len(sheet) < MAX_BYTES


def test_an_empty_sheet_is_still_a_picture() -> None:
    assert contact_sheet([[], []], title="none").startswith("![none](data:image/png;base64,")


@pytest.mark.parametrize("chart", [bar_chart("empty", {}), line_chart("empty", {})])
def test_charts_of_nothing_are_still_pictures(chart: str) -> None:
    assert "empty" in words(chart)
