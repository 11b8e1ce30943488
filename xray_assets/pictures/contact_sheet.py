"""A sheet of small films, as one PNG in Markdown."""

import base64
from collections.abc import Sequence
from io import BytesIO

from xray_assets.imaging.acceptable import ACCEPTED_BEFORE, InvalidImage
from xray_assets.imaging.decode import decode

MAX_BYTES = 38_000
"""It is kept in Dagster's event log, so it has to stay small."""

_GAP = 3


def contact_sheet(
    rows: Sequence[Sequence[bytes]], *, title: str, side: int = 72, max_bytes: int = MAX_BYTES
) -> str:
    """Films in rows (one row a class) as a Markdown image, squares of `side` pixels.

    A file that is no film leaves its square empty. The sheet is drawn smaller, and in fewer grey
    levels, until it fits `max_bytes`.
    """
    for edge, levels in ((side, 32), (side * 3 // 4, 16), (side // 2, 16), (side // 4, 8)):
        encoded = base64.b64encode(_png(rows, edge, levels)).decode()
        if len(encoded) <= max_bytes:
            break
    return f"![{title}](data:image/png;base64,{encoded})"


def _png(rows: Sequence[Sequence[bytes]], side: int, levels: int) -> bytes:
    from PIL import Image

    columns = max((len(row) for row in rows), default=1) or 1
    step = side + _GAP
    sheet = Image.new("L", (columns * step - _GAP, max(1, len(rows)) * step - _GAP), 255)
    for down, row in enumerate(rows):
        for across, data in enumerate(row):
            try:
                film = Image.fromarray(decode(data, limits=ACCEPTED_BEFORE))
            except InvalidImage:
                continue
            small = film.resize((side, side), Image.Resampling.BOX)
            sheet.paste(small, (across * step, down * step))
    stream = BytesIO()
    sheet.quantize(levels).save(stream, "PNG", optimize=True)
    return stream.getvalue()
