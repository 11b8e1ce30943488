"""The four forms in which Databricks Model Serving takes films: from each to the films, and what is
told of each.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xray_assets.web.refusals import BadRequest

IMAGE_FIELDS = ("image", "image_b64", "b64")
"""Accepted names of the film's column; the first is the documented one."""
PATIENT_FIELD, SITE_FIELD = "patient_id", "site"
FIELDS = (PATIENT_FIELD, SITE_FIELD)
"""What a request may tell of each film: in columns, or once for all of them in `params`."""
_SIDE = 64
Columns = tuple[list[Any], dict[str, list[Any]]]
"""The films, and for each of FIELDS what was told of each film (None = not told)."""


def _records(rows: Any) -> Columns:
    if not isinstance(rows, list):
        raise BadRequest("'dataframe_records' must be a list of objects", reason="bad_body")
    return _from_rows(rows, "dataframe_records")


def _from_rows(rows: Sequence[Any], where: str) -> Columns:
    images = []
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise BadRequest(
                f"entry {index} of '{where}' must be an object with 'image'", reason="bad_body"
            )
        images.append(row[_image_field(row, where)])
    return images, {name: [row.get(name) for row in rows] for name in FIELDS}


def _split(frame: Any) -> Columns:
    columns, data = (
        (frame.get("columns"), frame.get("data")) if isinstance(frame, dict) else (None, None)
    )
    if not isinstance(columns, list) or not isinstance(data, list):
        raise BadRequest(
            "'dataframe_split' must be an object with lists 'columns' and 'data'", reason="bad_body"
        )
    if not all(isinstance(name, str) for name in columns) or len(set(columns)) != len(columns):
        raise BadRequest("'columns' must be distinct names", reason="bad_body")
    image = columns.index(_image_field(columns, "dataframe_split"))
    for index, row in enumerate(data):
        if not isinstance(row, list) or len(row) != len(columns):
            raise BadRequest(
                f"row {index} of 'data' must have {len(columns)} values", reason="bad_body"
            )
    told = _untold(len(data))
    for name in told.keys() & set(columns):
        place = columns.index(name)
        told[name] = [row[place] for row in data]
    return [row[image] for row in data], told


def _tensor(value: Any, where: str = "inputs") -> Columns:
    """`inputs` and `instances`: one film, a list of films, a list of objects, or an object of
    columns.
    """
    if isinstance(value, dict):
        return _from_columns(value, where)
    if isinstance(value, str):
        return [value], _untold(1)
    if not isinstance(value, list):
        raise BadRequest(
            f"'{where}' must be a list of images or an object of columns", reason="bad_body"
        )
    if value and isinstance(value[0], dict):
        return _from_rows(value, where)
    if (
        len(value) == _SIDE
        and isinstance(value[0], list)
        and value[0]
        and not isinstance(value[0][0], list)
    ):
        return [value], _untold(1)
    return value, _untold(len(value))


def _untold(count: int) -> dict[str, list[Any]]:
    return {name: [None] * count for name in FIELDS}


def _instances(value: Any) -> Columns:
    return _tensor(value, "instances")


def _from_columns(columns: Mapping[str, Any], where: str) -> Columns:
    images = columns[_image_field(columns, where)]
    images = _tensor(images, where)[0] if isinstance(images, str | list) else [images]
    told = {}
    for name in FIELDS:
        values = columns.get(name)
        told[name] = values if isinstance(values, list) else [values] * len(images)
        if len(told[name]) != len(images):
            raise BadRequest(
                f"{len(images)} images but {len(told[name])} values of '{name}'", reason="bad_body"
            )
    return images, told


def _image_field(names: Mapping[str, Any] | Sequence[str], where: str) -> str:
    present = [name for name in IMAGE_FIELDS if name in names]
    if len(present) != 1:
        raise BadRequest(f"'{where}' needs exactly one column 'image'", reason="bad_body")
    return present[0]


PARSERS: dict[str, Callable[[Any], Columns]] = {
    "dataframe_records": _records,
    "dataframe_split": _split,
    "inputs": _tensor,
    "instances": _instances,
}
"""Each form of a body by its name. All raise BadRequest."""
