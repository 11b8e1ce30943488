"""Where the settings want notices to go."""

from xray_assets.errors import XrayError
from xray_assets.notices.by_email import Email, MailServer
from xray_assets.notices.by_webhook import Webhook
from xray_assets.notices.notice import Sender
from xray_assets.settings import Settings


class NoWay(XrayError):
    """An address is set and no way to it."""


def report_senders(settings: Settings) -> list[Sender]:
    """The addresses of the daily report; none where none is set. Raises NoWay."""
    senders: list[Sender] = []
    if settings.report_email:
        senders += [Email(address, _mail_server(settings)) for address in settings.report_email]
    if settings.report_webhook:
        senders.append(Webhook(settings.report_webhook))
    return senders


def _mail_server(settings: Settings) -> MailServer:
    if not settings.smtp_host or not settings.smtp_sender:
        raise NoWay("XRAY_REPORT_EMAIL needs XRAY_SMTP_HOST and XRAY_SMTP_SENDER")
    return MailServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_user,
        settings.smtp_password,
        settings.smtp_sender,
    )
