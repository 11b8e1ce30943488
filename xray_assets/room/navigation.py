"""The pages that the head of every page leads to, by role. Pure."""

from dataclasses import dataclass

from xray_assets.web.roles import Account, Act


@dataclass(frozen=True)
class Link:
    """A page, shown to who may do `act`; also for what lies below its path, and for the pages of
    the same part, which lie at `others`.
    """

    title: str
    path: str
    act: Act
    others: tuple[str, ...] = ()

    def is_of(self, path: str) -> bool:
        """Whether a path is this page's, one of its part, or one below these."""
        return any(path == own or path.startswith(f"{own}/") for own in (self.path, *self.others))


RECORD = {
    "Timeline": "/timeline",
    "Experiments": "/experiments",
    "Models": "/models",
    "Deployments": "/deployments",
    "Export": "/export",
}
"""The pages of the record, which lead to each other."""

LINKS: tuple[Link, ...] = (
    Link("Read films", "/review", Act.READ),
    Link("Dashboard", "/dashboard", Act.DASHBOARD),
    Link("Monitoring", "/monitoring", Act.DASHBOARD),
    Link("Impact", "/impact", Act.DASHBOARD),
    Link("Record", "/timeline", Act.DASHBOARD, tuple(RECORD.values())),
    Link("Try it", "/try", Act.TRY),
    Link("Decide", "/acts", Act.DASHBOARD),
)
"""In the order in which they are shown; the first one that an account may see is its home."""


def links_for(account: Account | None) -> list[Link]:
    """The links that this account may follow."""
    return [link for link in LINKS if account and account.may(link.act)]
