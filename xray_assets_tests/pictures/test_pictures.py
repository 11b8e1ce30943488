"""Pictures are whole documents, small, and show the figures they are given."""

import base64
import xml.etree.ElementTree as ElementTree
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from xray_assets.pictures.charts import bar_chart, line_chart
from xray_assets.pictures.contact_sheet import MAX_BYTES, contact_sheet
from xray_assets.pictures.decisions import confusion_table
from xray_assets.pictures.drawing import markdown

SVG = "{http://www.w3.org/2000/svg}"


def drawing(chart: Any) -> ElementTree.Element:
    picture = markdown(chart)
    assert picture.startswith("![")
    head, _, data = picture.rstrip(")").partition("base64,")
    assert head.endswith("](data:image/svg+xml;")
    return ElementTree.fromstring(base64.b64decode(data))


def words(chart: Any) -> list[str]:
    return [element.text or "" for element in drawing(chart).iter(f"{SVG}text")]


def test_a_bar_chart_names_its_groups_series_and_values() -> None:
    groups = {"train": {"NORMAL": 350, "PNEUMONIA": 1341}, "test": {"NORMAL": 7}}
    shown = words(bar_chart("Films", groups))
    for word in ("Films", "train", "test", "NORMAL", "PNEUMONIA", "350", "1,341", "7"):
        assert word in shown


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.floats(), st.floats(allow_nan=True)), max_size=8), st.booleans())
def test_any_points_can_be_drawn(points: list[tuple[float, float]], logarithmic: bool) -> None:
    chart = line_chart("Evidence", {"e": points}, logarithmic=logarithmic, levels={"alarm": 20})
    assert "nan" not in ElementTree.tostring(drawing(chart)).decode().lower()
    assert "alarm" in words(chart)


def test_marks_and_levels_are_named() -> None:
    roc = [(0.0, 0.0), (0.5, 1.0), (1.0, 1.0)]
    chart = line_chart("ROC", {"roc": roc}, marks={"here": (0.5, 1)}, diagonal=True)
    assert {"ROC", "here"} <= set(words(chart))


def test_a_confusion_table_shows_counts_and_shares_also_without_any() -> None:
    shown = confusion_table("keras-1", tp=90, fn=10, fp=3, tn=1297)
    for word in ("keras-1", "90 (90.0%)", "10 (10.0%)", "3 (0.2%)", "1,297 (99.8%)"):
        assert word in shown
    assert confusion_table("none", tp=0, fn=0, fp=0, tn=0).count("0 (0.0%)") == 4


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
def test_charts_of_nothing_are_still_pictures(chart: Any) -> None:
    assert "empty" in words(chart)
