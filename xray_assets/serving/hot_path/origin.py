"""Where a request comes from (its site) and what it is for (its purpose): labels of its log rows.

Both come from short lists, so that they can be counted. Who may ask at all: `web.roles`.
"""

from collections.abc import Collection, Iterable

from xray_assets.catalog import CLINICAL, OTHER_SITE, SIMULATION, TRIAL, VERIFICATION
from xray_assets.web.roles import Role

PURPOSE_OF = {
    Role.CLIENT: CLINICAL,
    Role.TRIAL: TRIAL,
    Role.ENGINEER: TRIAL,
    Role.VERIFICATION: VERIFICATION,
    Role.OPERATOR: VERIFICATION,
    Role.SIMULATION: SIMULATION,
}
"""What each role that may ask for predictions asks for."""


def sites_of(sent: Iterable[str | None], *, own: str | None, allowed: Collection[str]) -> list[str]:
    """The site of each film: what was sent where it is `allowed`, else the caller's own, else
    OTHER_SITE.
    """
    default = own or OTHER_SITE
    return [site if site and site in allowed else default for site in sent]
