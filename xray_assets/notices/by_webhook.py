"""A notice as JSON to a URL: `key`, `subject` and `text`, which chat tools show as it is, and its
facts; signed where there is a key to sign with.
"""

import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import urlsplit

import httpx

from xray_assets.notices.notice import MaybeSent, Notice, NotSent

TIMEOUT_SECONDS = 30.0
SIGNATURE = "X-Xray-Signature"
"""Header: `sha256=` and the HMAC-SHA256 of the body's bytes, in hex."""


@dataclass(frozen=True)
class Webhook:
    """One URL. It may hold a secret, so people see its host and a digest. `pauses`: seconds before
    each further try of one call.
    """

    url: str
    secret: str = field(default="", repr=False)
    pauses: Sequence[float] = ()

    @property
    def address(self) -> str:
        """Host, and the beginning of the URL's SHA-256."""
        return f"{urlsplit(self.url).hostname} ({sha256(self.url.encode()).hexdigest()[:8]})"

    def send(self, notice: Notice) -> None:
        """POST it with the header `Idempotency-Key`; redirects are not followed. Raises what the
        last try did.
        """
        for pause in self.pauses:
            try:
                return self._post(notice)
            except (NotSent, MaybeSent):
                time.sleep(pause)
        return self._post(notice)

    def _post(self, notice: Notice) -> None:
        said = {"key": notice.key, "subject": notice.subject, "text": notice.text, **notice.facts}
        body = json.dumps(said).encode()
        headers = {"Idempotency-Key": notice.key, "Content-Type": "application/json"}
        if self.secret:
            headers[SIGNATURE] = signature(body, self.secret)
        try:
            answer = httpx.post(self.url, content=body, headers=headers, timeout=TIMEOUT_SECONDS)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
            raise NotSent(f"{self.address} cannot be reached: {error}") from error
        except httpx.HTTPError as error:
            raise MaybeSent(
                f"{self.address} broke off before it answered ({error}): look there whether it came"
            ) from error
        if not answer.is_success:
            raise NotSent(f"{self.address} answered {answer.status_code}: {answer.text[:200]}")


def signature(body: bytes, secret: str) -> str:
    """What a receiver compares with the header, in constant time."""
    return f"sha256={hmac.new(secret.encode(), body, sha256).hexdigest()}"
