"""One film to the endpoint and back, through the Databricks SDK on both deployments."""

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xray_assets.catalog import ENDPOINT_NAME
from xray_assets.errors import XrayError
from xray_assets.settings import Settings

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

ID_HEADER, MODEL_HEADER = "databricks-request-id", "served-model-name"


class InvocationError(XrayError):
    """The endpoint did not answer with a probability; the message says why."""


@dataclass(frozen=True)
class Answer:
    """What the endpoint said of one film."""

    probability: float
    served_model_name: str
    request_id: str


def invoke(settings: Settings, film: bytes, *, patient_id: str = "") -> Answer:
    """Ask for the probability of pneumonia of one film file. Raises InvocationError."""
    from databricks.sdk.errors.base import DatabricksError

    record = {"image": base64.b64encode(film).decode()}
    if patient_id:
        record["patient_id"] = patient_id
    client = _client(settings)
    try:
        answer = client.api_client.do(
            "POST",
            f"/serving-endpoints/{ENDPOINT_NAME}/invocations",
            body={"dataframe_records": [record]},
            headers={"Accept": "application/json", "Content-Type": "application/json"},
            response_headers=[ID_HEADER, MODEL_HEADER],
        )
    except DatabricksError as error:
        raise InvocationError(f"the endpoint refused the film: {error}") from error
    except (TimeoutError, OSError) as error:
        raise InvocationError(
            f"no endpoint answers at {client.config.host}: start it with `xray serve` or `xray up`"
        ) from error
    if not isinstance(answer, dict):
        raise InvocationError(f"the endpoint's answer is no JSON object: {answer}")
    return Answer(float(answer["predictions"][0]), answer[MODEL_HEADER], answer[ID_HEADER])


def _client(settings: Settings) -> "WorkspaceClient":
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.config import Config

    if settings.deployment == "databricks":
        return WorkspaceClient()
    from xray_assets.web.accounts_file import client_tokens

    # The SDK retries a refused connection for five minutes unless told otherwise.
    config = Config(
        host=settings.endpoint_url,
        token=client_tokens(settings)[0],
        auth_type="pat",
        retry_timeout_seconds=3,
        http_timeout_seconds=60,
    )
    return WorkspaceClient(config=config)
