"""Refusals of the endpoint: an HTTP status, a code of the Databricks REST API, a message for the
client.

A message tells the client what to send instead and repeats nothing of the content that was sent.
Nothing else here.
"""

import json

from xray_assets.errors import XrayError


class Refusal(XrayError):
    """A request that is answered with a Databricks error, `{"error_code", "message"}`."""

    status = 400
    error_code = "BAD_REQUEST"

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or self.error_code.lower()
        """Short code for the metrics."""

    def body(self) -> bytes:
        """The JSON body."""
        return json.dumps({"error_code": self.error_code, "message": self.message}).encode()


class BadRequest(Refusal):
    """The body is not what the endpoint accepts."""


class InvalidParameter(Refusal):
    """A field of a control-plane body is missing or wrong."""

    error_code = "INVALID_PARAMETER_VALUE"


class Unauthenticated(Refusal):
    """No token, or a wrong one."""

    status, error_code = 401, "UNAUTHENTICATED"


class PermissionDenied(Refusal):
    """The token's role does not allow this call."""

    status, error_code = 403, "PERMISSION_DENIED"


class UnknownEndpoint(Refusal):
    """No endpoint, or no route, of this name."""

    status, error_code = 404, "RESOURCE_DOES_NOT_EXIST"


class MethodNotAllowed(Refusal):
    """The route exists, the method does not."""

    status, error_code = 405, "METHOD_NOT_ALLOWED"


class AlreadyExists(Refusal):
    """An endpoint of this name exists."""

    status, error_code = 409, "RESOURCE_ALREADY_EXISTS"


class UpdateInProgress(Refusal):
    """Another config update has not ended."""

    status, error_code = 409, "RESOURCE_CONFLICT"


class OlderGeneration(Refusal):
    """The config was wanted by a state that another one has followed."""

    status, error_code = 409, "RESOURCE_CONFLICT"


class BodyTooLarge(Refusal):
    """The body is over the limit."""

    status, error_code = 413, "MAX_REQUEST_SIZE_EXCEEDED"


class UnsupportedMedia(Refusal):
    """The content type or encoding is not accepted."""

    status, error_code = 415, "UNSUPPORTED_MEDIA_TYPE"


class TooManyRequests(Refusal):
    """Over the rate limit or over the number of requests in work."""

    status, error_code = 429, "REQUEST_LIMIT_EXCEEDED"


class ScoringFailed(Refusal):
    """No configured model could score the film; the failure is logged as a row of its own."""

    status, error_code = 500, "INTERNAL_ERROR"


class Unavailable(Refusal):
    """The request cannot be served now, say because it cannot be logged; a retry may work."""

    status, error_code = 503, "TEMPORARILY_UNAVAILABLE"
