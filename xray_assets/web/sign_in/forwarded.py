"""Who a proxy says has signed in: one header, from named peers only. Pure.

For places where something else authenticates: single sign-on, a Databricks App. From any other
peer, and without the setting, such a header is not looked at.
"""

import ipaddress
from collections.abc import Iterable

from xray_assets.settings import Settings
from xray_assets.web.refusals import Unauthenticated


class ForwardedIdentity:
    """The setting, ready to be asked."""

    def __init__(self, settings: Settings) -> None:
        self._header = settings.forwarded_identity.lower().encode("latin-1", "replace")
        self._peers = [ipaddress.ip_network(peer) for peer in settings.trusted_peers]

    def speaks_for(self, peer: str) -> bool:
        """Whether this peer's word is asked for, and nothing else of what it sends."""
        if not self._header:
            return False
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._peers)

    def name(self, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """The name in the header. Raises Unauthenticated where there is none, or several."""
        named = [value for header, value in headers if header == self._header]
        if len(named) != 1 or not named[0].strip():
            raise Unauthenticated("the proxy before this server names nobody: sign in there")
        return named[0].decode("utf-8", "replace")
