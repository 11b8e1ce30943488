"""A notice as an e-mail to one address, over the mail server that the settings name."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from hashlib import sha256
from typing import Literal

from xray_assets.notices.notice import MaybeSent, Notice, NotSent

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class MailServer:
    """Where e-mail is handed over. `security`: `starttls`, `tls` from the first byte, or `none`."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str
    password: str
    sender: str


@dataclass(frozen=True)
class Email:
    """One address, by one mail server."""

    address: str
    server: MailServer

    def send(self, notice: Notice) -> None:
        """Send it; the id of the message is the notice's and the address's, so it is the same
        message whoever sends it.
        """
        message = self.message(notice)
        with self._connected() as connection:
            try:
                connection.send_message(message)
            except (smtplib.SMTPServerDisconnected, TimeoutError, ConnectionError) as error:
                raise MaybeSent(
                    f"{self.server.host} broke off while it took the message ({error}): ask "
                    f"{self.address} whether it came"
                ) from error
            except (smtplib.SMTPException, ValueError) as error:
                raise NotSent(f"{self.server.host} refused the message: {error}") from error

    def message(self, notice: Notice) -> EmailMessage:
        """The notice as a message."""
        message = EmailMessage()
        digest = sha256(f"{notice.key} {self.address}".encode()).hexdigest()[:32]
        message["Message-ID"] = f"<{digest}@{self.server.sender.rpartition('@')[2]}>"
        message["From"], message["To"] = self.server.sender, self.address
        message["Subject"] = notice.subject
        message.set_content(notice.text)
        for one in notice.attachments:
            main, _, sub = one.media_type.partition("/")
            message.add_attachment(one.content, maintype=main, subtype=sub, filename=one.name)
        return message

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        server = self.server
        try:
            connection = self._open()
        except (OSError, smtplib.SMTPException) as error:
            raise NotSent(
                f"the mail server {server.host}:{server.port} cannot be used: {error}; look at "
                "XRAY_SMTP_HOST, XRAY_SMTP_PORT, XRAY_SMTP_SECURITY, XRAY_SMTP_USER and "
                "XRAY_SMTP_PASSWORD"
            ) from error
        try:
            yield connection
        finally:
            connection.close()

    def _open(self) -> smtplib.SMTP:
        server, context = self.server, ssl.create_default_context()
        place = (server.host, server.port)
        if server.security == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                *place, timeout=TIMEOUT_SECONDS, context=context
            )
        else:
            connection = smtplib.SMTP(*place, timeout=TIMEOUT_SECONDS)
        try:
            if server.security == "starttls":
                connection.starttls(context=context)
            if server.user:
                connection.login(server.user, server.password)
        except BaseException:
            connection.close()
            raise
        return connection
