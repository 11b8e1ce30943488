"""One film, asked of the live endpoint as a trial. Nothing of the film is kept here."""

import base64
from dataclasses import dataclass

import httpx

from xray_assets.catalog import ENDPOINT_NAME
from xray_assets.settings import Settings
from xray_assets.web.accounts_file import room_token
from xray_assets.web.refusals import BadRequest, BodyTooLarge, Refusal, Unavailable

_WRAPPING = 1024
"""Bytes of the request around the film."""
TIMEOUT_SECONDS = 30.0


class Refused(Refusal):
    """The endpoint refused the film; status, code and message are its own."""

    def __init__(self, answer: httpx.Response) -> None:
        try:
            said = answer.json()
            code, message = str(said["error_code"]), str(said["message"])
        except (ValueError, KeyError, TypeError):
            code, message = "BAD_REQUEST", f"the endpoint answered {answer.status_code}"
        super().__init__(message)
        self.status, self.error_code = answer.status_code, code


@dataclass(frozen=True)
class Trial:
    """What the live endpoint said of a film. `label` and `threshold` are None where the model that
    answered has left the endpoint since.
    """

    request_id: str
    served_model_name: str
    probability: float
    threshold: float | None
    role: str | None
    config_version: int | None

    @property
    def label(self) -> str | None:
        """What is said at the model's threshold."""
        if self.threshold is None:
            return None
        return "pneumonia" if self.probability >= self.threshold else "no pneumonia"


def film_limit(settings: Settings) -> int:
    """Most bytes of a film: what fits into a request, where it is a third larger."""
    return (settings.endpoint_body_bytes - _WRAPPING) * 3 // 4


def ask(settings: Settings, film: bytes) -> Trial:
    """Ask the endpoint. Raises BadRequest without a film, BodyTooLarge, Refused, Unavailable."""
    if not film:
        raise BadRequest("choose a film first: a JPEG, PNG or DICOM file")
    if len(film) > (limit := film_limit(settings)):
        raise BodyTooLarge(f"the film is over {limit // 1024:,} kB: send a smaller one")
    body = {"dataframe_records": [{"image": base64.b64encode(film).decode()}]}
    headers = {"Authorization": f"Bearer {room_token(settings)}"}
    place = f"/serving-endpoints/{ENDPOINT_NAME}/invocations"
    try:
        with httpx.Client(
            base_url=settings.endpoint_url,
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            trust_env=False,  # no proxy stands between two processes of a stack
        ) as client:
            answer = client.post(place, json=body)
            if not answer.is_success:
                raise Refused(answer)
            return _trial(answer, client.get("/model-info"))
    except httpx.HTTPError as error:
        raise Unavailable(
            f"no endpoint answers at {settings.endpoint_url}: start it with `xray up`"
        ) from error


def _trial(answer: httpx.Response, info: httpx.Response) -> Trial:
    served = answer.headers["served-model-name"]
    endpoints = info.json().get("endpoints", ()) if info.is_success else ()
    config, model = next(
        (
            (endpoint, model)
            for endpoint in endpoints
            if endpoint["name"] == ENDPOINT_NAME
            for model in endpoint["models"]
            if model["served_model_name"] == served
        ),
        ({}, {}),
    )
    return Trial(
        request_id=answer.headers["databricks-request-id"],
        served_model_name=served,
        probability=answer.json()["predictions"][0],
        threshold=model.get("threshold"),
        role=model.get("role"),
        config_version=config.get("config_version"),
    )
