"""What the document of the REST API says beyond the control plane's own routes: the hot path, which
answers before FastAPI is asked, and the one form of every error. Documentation only.
"""

from typing import Annotated, Any, NoReturn

from fastapi import APIRouter, Depends
from fastapi.security import HTTPBearer
from pydantic import BaseModel, Field

HTTP_BEARER = Depends(HTTPBearer(auto_error=False, description="`xray token add`"))

_SMALL_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAAAAAA6mKC9AAAAEUlEQVR42mNsYEAFTAwjWgAAmZAAoFDIQrAAAAAA"
    "SUVORK5CYII="
)
"""A grey film of 16 x 16 pixels, so that the documented example can be sent as it is."""


class ErrorBody(BaseModel):
    """Every refusal and failure."""

    error_code: str
    message: str


ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorBody, "description": "Refused; the message says what to send instead."},
    "5XX": {"model": ErrorBody, "description": "Not ready, not logged or not scored: retry later."},
}
"""`responses` of every route."""

Image = Annotated[
    str | list[list[float]],
    Field(description="Base64 of a JPEG, PNG or DICOM file, or 64 x 64 numbers in [0, 1]"),
]


class Row(BaseModel):
    """A film, and what is told of it."""

    image: Image
    patient_id: str | int | None = None
    site: str | None = None


class Told(BaseModel):
    """What holds for all films."""

    patient_id: str | int | None = None
    site: str | None = None


class _Common(BaseModel):
    client_request_id: Annotated[str, Field(max_length=256)] | None = None
    params: Told | None = None


class Records(_Common):
    """One object a film."""

    dataframe_records: Annotated[list[Row], Field(min_length=1)]


class SplitFrame(BaseModel):
    """Columns and rows."""

    columns: list[str]
    data: list[list[Any]]


class Split(_Common):
    """One list a film."""

    dataframe_split: SplitFrame


class Inputs(_Common):
    """Films, or columns by name."""

    inputs: list[Image] | dict[str, Any]


class Instances(_Common):
    """Films, or objects."""

    instances: list[Image | Row]


class RequestIdentity(BaseModel):
    """The id that feedback is given to."""

    databricks_request_id: str


class Predictions(BaseModel):
    """Probability of pneumonia of each film."""

    predictions: list[Annotated[float, Field(ge=0, le=1)]]
    databricks_output: RequestIdentity


def hot_path_documentation() -> APIRouter:
    """The invocations as a route that is never reached."""
    router = APIRouter(responses=ERRORS, dependencies=[HTTP_BEARER])
    example = {"dataframe_records": [{"image": _SMALL_PNG, "patient_id": "example"}]}
    headers = ("served-model-name", "databricks-request-id", "x-databricks-request-id")

    @router.post(
        "/serving-endpoints/{name}/invocations",
        summary="Probability of pneumonia of one or several films",
        response_model=Predictions,
        response_description="Scored and durably logged.",
        responses={200: {"headers": {name: {"schema": {"type": "string"}} for name in headers}}},
        openapi_extra={"requestBody": {"content": {"application/json": {"example": example}}}},
    )
    async def invocations(name: str, body: Records | Split | Inputs | Instances) -> NoReturn:
        raise AssertionError("the hot path answers before this route")

    return router
