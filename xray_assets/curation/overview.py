"""What people look at first in silver: classes by split, sizes, shares, reasons."""

import polars as pl

from xray_assets.catalog import LABELS
from xray_assets.curation.splits import DRAW_ORDER
from xray_assets.pictures.charts import bar_chart
from xray_assets.pictures.drawing import markdown

_SIDES = (128, 192, 256, 320, 512, 1024, 1536, 2048)


def class_picture(metadata: pl.DataFrame) -> str:
    """Films of each class by split, as a Markdown image."""
    counts = metadata.group_by("dataset_split", "label_name").len()
    found = {(split, label): n for split, label, n in counts.iter_rows()}
    groups = {
        split: {label: found.get((split, label), 0) for label in LABELS} for split in DRAW_ORDER
    }
    return markdown(bar_chart("Films by split and class", groups, unit="films"))


def size_picture(metadata: pl.DataFrame) -> str:
    """Films of each class by the length of their longer side, as a Markdown image."""
    longer = pl.max_horizontal("image_width", "image_height")
    names = [f"≤{side}" for side in _SIDES] + [f">{_SIDES[-1]}"]
    place = pl.sum_horizontal([(longer > side).cast(pl.Int32) for side in _SIDES]).alias("place")
    counts = metadata.group_by(place, "label_name").len()
    found = {(place, label): n for place, label, n in counts.iter_rows()}
    shown = sorted({place for place, _ in found})
    groups = {
        names[place]: {label: found.get((place, label), 0) for label in LABELS} for place in shown
    }
    return markdown(bar_chart("Films by longer side in pixels, and class", groups, unit="films"))


def reached_shares(metadata: pl.DataFrame) -> dict[str, float]:
    """Share of the patients in each split, as drawn; a patient counts once."""
    patients = metadata.unique("patient_id")
    total = max(1, patients.height)
    return {
        split: round(patients.filter(pl.col("dataset_split") == split).height / total, 4)
        for split in DRAW_ORDER
    }


def reasons(rejects: pl.DataFrame) -> dict[str, int]:
    """Refused films by the code of their reason."""
    code = pl.col("reason_code").fill_null("unknown")
    return dict(rejects.group_by(code).len().sort("reason_code").iter_rows())
