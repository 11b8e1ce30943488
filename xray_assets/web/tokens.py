"""Who may call: bearer tokens and their roles. Finding and comparing tokens only; routes say which
role they need.

An operator may change the config; a client may ask for predictions and read states. Both come from
settings or, where these are empty, from files that the first run makes (mode 0600): `<state>/token`
(operator) and `<state>/client_token` (client).
"""

import hashlib
import hmac
from enum import StrEnum

from xray_assets.settings import Settings
from xray_assets.web.private_files import read_or_make
from xray_assets.web.refusals import PermissionDenied, Unauthenticated


class Role(StrEnum):
    """What a token allows."""

    CLIENT = "client"
    OPERATOR = "operator"


def operator_token(settings: Settings) -> str:
    """The operator's token; the first call makes the file. The project's own code uses this one."""
    return settings.token or read_or_make(settings.state / "token")


def client_tokens(settings: Settings) -> tuple[str, ...]:
    """The tokens that may only predict and read."""
    configured = tuple(part for part in settings.client_tokens.split(",") if part.strip())
    return tuple(map(str.strip, configured)) or (read_or_make(settings.state / "client_token"),)


class Tokens:
    """The accepted tokens. Only their digests are kept."""

    def __init__(self, settings: Settings) -> None:
        """Read the tokens once; a changed token needs a restart."""
        operator = (_digest(operator_token(settings).encode()), Role.OPERATOR)
        clients = [(_digest(token.encode()), Role.CLIENT) for token in client_tokens(settings)]
        self._known = (operator, *clients)

    def caller(self, authorization: bytes | None) -> tuple[bytes, Role]:
        """(token digest, role) of an Authorization header; raises Unauthenticated.

        Every known token is compared, in constant time, whichever matches.
        """
        if authorization is None:
            raise Unauthenticated("no token: send the header 'Authorization: Bearer <token>'")
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or not token:
            raise Unauthenticated("send the header 'Authorization: Bearer <token>'")
        sent = _digest(token.strip())
        found: tuple[bytes, Role] | None = None
        for known, role in self._known:
            if hmac.compare_digest(sent, known) and found is None:
                found = known, role
        if found is None:
            raise Unauthenticated("unknown token")
        return found

    def demand_operator(self, authorization: bytes | None) -> None:
        """Raise Unauthenticated or PermissionDenied unless an operator calls."""
        if self.caller(authorization)[1] is not Role.OPERATOR:
            raise PermissionDenied("this call changes the endpoint: it needs the operator's token")


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
