"""What is sent, and what a way of sending it must do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from xray_assets.errors import XrayError


class NotSent(XrayError):
    """The other side did not take it: it may be tried again. The message says why."""


class MaybeSent(XrayError):
    """The connection ended before the answer: it may have arrived, so it is not tried again."""


@dataclass(frozen=True)
class Attachment:
    """A file that goes with a notice."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True)
class Notice:
    """Something to tell people. `key` names it for ever: one key goes to one address once. `facts`
    are codes for programs, so that none has to read the text.
    """

    key: str
    subject: str
    text: str
    attachments: tuple[Attachment, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


class Sender(Protocol):
    """One address, and the way there."""

    @property
    def address(self) -> str:
        """Tells addresses apart; shown to people, so it holds no secret."""
        ...

    def send(self, notice: Notice) -> None:
        """Send it. Raises NotSent or MaybeSent."""
        ...
