"""The pages that the head of every page leads to, by role. Pure."""

from dataclasses import dataclass

from xray_assets.web.roles import Account, Act


@dataclass(frozen=True)
class Link:
    """A page, shown to who may do `act`; also for what lies below its path."""

    title: str
    path: str
    act: Act

    def is_of(self, path: str) -> bool:
        """Whether a path is this page's, or one below it."""
        return path == self.path or path.startswith(f"{self.path}/")


LINKS: tuple[Link, ...] = (
    Link("Read films", "/review", Act.READ),
    Link("Dashboard", "/dashboard", Act.DASHBOARD),
    Link("Experiments", "/experiments", Act.DASHBOARD),
    Link("Models", "/models", Act.DASHBOARD),
    Link("Deployments", "/deployments", Act.DASHBOARD),
    Link("Timeline", "/timeline", Act.DASHBOARD),
    Link("Try it", "/try", Act.TRY),
    Link("Decide", "/acts", Act.DASHBOARD),
    Link("Export", "/export", Act.DASHBOARD),
)
"""In the order in which they are shown; the first one that an account may see is its home."""


def links_for(account: Account | None) -> list[Link]:
    """The links that this account may follow."""
    return [link for link in LINKS if account and account.may(link.act)]
