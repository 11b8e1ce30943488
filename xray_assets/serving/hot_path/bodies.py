"""From the bytes of an invocation's body to its films and keys: the four body formats of Databricks
Model Serving.

Only the shape of the request is judged here; whether an entry is a decodable film is `films`'
question.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xray_assets.web.refusals import BadRequest

FORMATS = ("dataframe_records", "dataframe_split", "inputs", "instances")
IMAGE_FIELDS = ("image", "image_b64", "b64")
"""Accepted names of the film's column; the first is the documented one."""
PATIENT_FIELD, SITE_FIELD = "patient_id", "site"
FIELDS = (PATIENT_FIELD, SITE_FIELD)
"""What a request may tell of each film: in columns, or once for all of them in `params`."""
MAX_KEY_LENGTH = 256
_SIDE = 64
_SMALL_BODY = 256 * 1024
_CONTAINERS_A_FILM = 4200
"""Of a film of 64 x 64 lists of one number. An empty object takes 2 bytes here and 64 parsed."""

_Columns = tuple[list[Any], dict[str, list[Any]]]
"""The films, and for each of FIELDS what was told of each film (None = not told)."""


@dataclass(slots=True)
class Invocation:
    """One request as sent: n images (base64 text or a 64x64 list), n patient ids and n sites
    (None = not told).
    """

    images: list[Any]
    patient_ids: list[str | None]
    sites: list[str | None]
    client_request_id: str | None

    @property
    def one_patient(self) -> str | None:
        """The patient id that all images share; None without ids."""
        return self.patient_ids[0] if not self.several_patients else None

    @property
    def several_patients(self) -> bool:
        """True when the batch mixes patients (or told and untold): no case of an experiment."""
        first = self.patient_ids[0]
        return any(patient != first for patient in self.patient_ids)


def parse(body: bytes, *, batch_limit: int) -> Invocation:
    """The invocation in a JSON body; raises BadRequest with what to send instead."""
    if len(body) > _SMALL_BODY and (
        body.count(b"[") + body.count(b"{") > batch_limit * _CONTAINERS_A_FILM
    ):
        raise BadRequest("the body holds too many lists and objects", reason="bad_json")
    try:
        document = json.loads(body)
    except UnicodeDecodeError:
        raise BadRequest("the body is not UTF-8", reason="bad_json") from None
    except RecursionError:
        raise BadRequest("the body is nested too deeply", reason="bad_json") from None
    except ValueError as error:
        where = f" at byte {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise BadRequest(f"the body is not JSON{where}", reason="bad_json") from None
    if not isinstance(document, dict):
        raise BadRequest(f"send a JSON object with one of {', '.join(FORMATS)}", reason="bad_body")
    present = [name for name in FORMATS if name in document]
    if len(present) != 1:
        raise BadRequest(
            f"send exactly one of {', '.join(FORMATS)}; got {len(present)}", reason="bad_body"
        )
    images, told = _PARSERS[present[0]](document[present[0]])
    if not images:
        raise BadRequest("the batch is empty: send at least one image", reason="empty_batch")
    if len(images) > batch_limit:
        raise BadRequest(
            f"{len(images)} images; the limit is {batch_limit} a request", reason="batch_too_large"
        )
    patients, sites = (_completed(told[name], name, document) for name in FIELDS)
    return Invocation(
        images,
        patients,
        sites,
        _key(document.get("client_request_id"), "client_request_id", text_only=True),
    )


def _completed(told: list[Any], name: str, document: Mapping[str, Any]) -> list[str | None]:
    """The values of one of FIELDS; where a film has none, the one that is told for all."""
    values = [_key(value, name) for value in told]
    common = _common(document, name)
    return values if common is None else [common if v is None else v for v in values]


def _common(document: Mapping[str, Any], name: str) -> str | None:
    for place in ("params", "extra_params"):
        params = document.get(place)
        if params is None:
            continue
        if not isinstance(params, dict):
            raise BadRequest(f"'{place}' must be an object", reason="bad_body")
        if (value := _key(params.get(name), name)) is not None:
            return value
    return None


def _records(rows: Any) -> _Columns:
    if not isinstance(rows, list):
        raise BadRequest("'dataframe_records' must be a list of objects", reason="bad_body")
    return _from_rows(rows, "dataframe_records")


def _from_rows(rows: Sequence[Any], where: str) -> _Columns:
    images = []
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise BadRequest(
                f"entry {index} of '{where}' must be an object with 'image'", reason="bad_body"
            )
        images.append(row[_image_field(row, where)])
    return images, {name: [row.get(name) for row in rows] for name in FIELDS}


def _split(frame: Any) -> _Columns:
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


def _tensor(value: Any, where: str = "inputs") -> _Columns:
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


def _instances(value: Any) -> _Columns:
    return _tensor(value, "instances")


def _from_columns(columns: Mapping[str, Any], where: str) -> _Columns:
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


def _key(value: Any, name: str, *, text_only: bool = False) -> str | None:
    """A routing key as text; whole numbers count as their digits, blanks as absent."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and not text_only:
        value = str(value)
    if not isinstance(value, str):
        raise BadRequest(f"'{name}' must be text", reason="bad_body")
    value = value.strip()
    if not value.isprintable():
        raise BadRequest(f"'{name}' must be printable text", reason="bad_body")
    if len(value) > MAX_KEY_LENGTH:
        raise BadRequest(f"'{name}' is longer than {MAX_KEY_LENGTH} characters", reason="bad_body")
    return value or None


_PARSERS = {
    "dataframe_records": _records,
    "dataframe_split": _split,
    "inputs": _tensor,
    "instances": _instances,
}
