"""Where alerts go."""

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from xray_assets.notices.notice import Sender


class Alerts(dg.ConfigurableResource):
    """The addresses that the settings of this process name, read when an alert is sent: a secret in
    a resource's config would be shown on Dagster's pages. `may_leave`: False where nothing does
    (a simulation).
    """

    may_leave: bool = True

    def senders(self, escalated: bool = False) -> "list[Sender]":
        """Where an alert goes; none where no address is set. Raises NoWay."""
        from xray_assets.notices.senders import alert_senders
        from xray_assets.settings import Settings

        return alert_senders(Settings(), escalated=escalated) if self.may_leave else []
