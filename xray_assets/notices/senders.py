"""Where the settings want notices to go."""

from xray_assets.errors import XrayError
from xray_assets.notices.by_email import Email, MailServer
from xray_assets.notices.by_webhook import Webhook
from xray_assets.notices.notice import Sender
from xray_assets.settings import Settings

BETWEEN_TRIES = (1.0, 3.0)
"""Seconds between the three tries of one delivery of an alert."""


class NoWay(XrayError):
    """An address is set and no way to it."""


def report_senders(settings: Settings) -> list[Sender]:
    """The addresses of the daily report; none where none is set. Raises NoWay."""
    senders: list[Sender] = []
    if settings.report_email:
        server = _mail_server(settings, "XRAY_REPORT_EMAIL")
        senders += [Email(address, server) for address in settings.report_email]
    if settings.report_webhook:
        senders.append(Webhook(settings.report_webhook))
    return senders


def alert_senders(settings: Settings, *, escalated: bool) -> list[Sender]:
    """The addresses of alerts, and of escalations beside them; none where none is set. Raises
    NoWay.
    """
    senders: list[Sender] = []
    more = settings.escalation_email if escalated else ()
    if addresses := dict.fromkeys((*settings.alert_email, *more)):
        server = _mail_server(settings, "XRAY_ALERT_EMAIL and XRAY_ESCALATION_EMAIL")
        senders += [Email(address, server) for address in addresses]
    if settings.alert_webhook:
        senders.append(Webhook(settings.alert_webhook, settings.alert_secret, BETWEEN_TRIES))
    return senders


def _mail_server(settings: Settings, wanted_by: str) -> MailServer:
    if not settings.smtp_host or not settings.smtp_sender:
        raise NoWay(f"{wanted_by} needs XRAY_SMTP_HOST and XRAY_SMTP_SENDER")
    return MailServer(
        settings.smtp_host,
        settings.smtp_port,
        settings.smtp_security,
        settings.smtp_user,
        settings.smtp_password,
        settings.smtp_sender,
    )
