"""From the bytes of a body to its films and keys: one of four forms (`body_formats`).

Only the shape of the request is judged here; whether an entry is a decodable film is `films`'
question.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xray_assets.serving.hot_path.body_formats import FIELDS, PARSERS
from xray_assets.web.refusals import BadRequest

FORMATS = tuple(PARSERS)
MAX_KEY_LENGTH = 256
_SMALL_BODY = 256 * 1024
_CONTAINERS_A_FILM = 4200
"""Of a film of 64 x 64 lists of one number. An empty object takes 2 bytes here and 64 parsed."""


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
    images, told = PARSERS[present[0]](document[present[0]])
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
