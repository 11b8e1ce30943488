"""A notice as JSON to a URL: `key`, `subject` and `text`, which chat tools show as it is."""

from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

import httpx

from xray_assets.notices.notice import MaybeSent, Notice, NotSent

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Webhook:
    """One URL. It may hold a secret, so people see its host and a digest."""

    url: str

    @property
    def address(self) -> str:
        """Host, and the beginning of the URL's SHA-256."""
        return f"{urlsplit(self.url).hostname} ({sha256(self.url.encode()).hexdigest()[:8]})"

    def send(self, notice: Notice) -> None:
        """POST it with the header `Idempotency-Key`; redirects are not followed."""
        body = {"key": notice.key, "subject": notice.subject, "text": notice.text}
        headers = {"Idempotency-Key": notice.key}
        try:
            answer = httpx.post(self.url, json=body, headers=headers, timeout=TIMEOUT_SECONDS)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.UnsupportedProtocol) as error:
            raise NotSent(f"{self.address} cannot be reached: {error}") from error
        except httpx.HTTPError as error:
            raise MaybeSent(
                f"{self.address} broke off before it answered ({error}): look there whether it came"
            ) from error
        if not answer.is_success:
            raise NotSent(f"{self.address} answered {answer.status_code}: {answer.text[:200]}")
