"""Who may do what: accounts, their roles, and the one table of what each role may do. Pure.

`docs/security.md` shows the same table; a test compares the two.
"""

import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, StringConstraints

from xray_assets.errors import XrayError
from xray_assets.web.refusals import PermissionDenied

NAME_LIMIT = 200


class NameRefused(XrayError, ValueError):
    """What is given cannot be a name."""


class Role(StrEnum):
    """What an account is for. The role of who asks for a prediction decides its purpose."""

    OPERATOR = "operator"
    APPROVER = "approver"
    ENGINEER = "engineer"
    VIEWER = "viewer"
    CLIENT = "client"
    TRIAL = "trial"
    VERIFICATION = "verification"
    SIMULATION = "simulation"
    READER = "reader"
    ADJUDICATOR = "adjudicator"


PEOPLE = (Role.VIEWER, Role.READER, Role.ADJUDICATOR, Role.ENGINEER, Role.APPROVER)
"""The roles of who signs in; the others are programs'."""


class Act(StrEnum):
    """What an account may ask for."""

    PREDICT = "ask for predictions"
    OBSERVE = "see the endpoint's config and figures"
    OPERATE = "change what the endpoint serves"
    EXPERIMENT = "open an experiment and set its share"
    APPROVE = "approve a promotion step"
    ROLL_BACK = "roll back or close an experiment"
    ANSWER_ALERTS = "acknowledge, snooze or resolve what monitoring found"
    LOOK_UP = "see predictions and counts of reads"
    SUBMIT_READS_OF_OTHERS = "submit reads for readers without an account"
    READ = "take films from the review queue and submit own reads"
    DASHBOARD = "see the dashboard"
    SEE_CASES = "see the models' answers on settled cases"
    TRY = "try a film on the live endpoint"


_READING = frozenset({Role.READER, Role.ADJUDICATOR})
_PROGRAMS = frozenset({Role.CLIENT, Role.TRIAL, Role.VERIFICATION, Role.SIMULATION, Role.OPERATOR})
_APPROVING = frozenset({Role.OPERATOR, Role.APPROVER})
_ENGINEERING = frozenset({Role.OPERATOR, Role.ENGINEER})
_LOOKING = _APPROVING | _ENGINEERING | {Role.VIEWER}

ALLOWED: dict[Act, frozenset[Role]] = {
    Act.PREDICT: _PROGRAMS | _ENGINEERING,
    Act.OBSERVE: _PROGRAMS | _LOOKING,
    Act.OPERATE: frozenset({Role.OPERATOR}),
    Act.EXPERIMENT: _ENGINEERING,
    Act.APPROVE: _APPROVING,
    Act.ROLL_BACK: _APPROVING | _ENGINEERING,
    Act.ANSWER_ALERTS: _APPROVING | _ENGINEERING,
    Act.LOOK_UP: _PROGRAMS | _APPROVING | _ENGINEERING,
    Act.SUBMIT_READS_OF_OTHERS: _PROGRAMS,
    Act.READ: _READING,
    Act.DASHBOARD: _LOOKING,
    Act.SEE_CASES: _LOOKING,
    Act.TRY: _LOOKING,
}
"""Who reads sees no prediction and no dashboard: a read that follows the model's answer is no
second opinion, and nobody sees the answers on a case that they can still be asked about.
"""


def normalised(name: str) -> str:
    """The one spelling of a person's or program's name: NFKC, casefolded, trimmed, single spaces.

    Raises NameRefused for an empty, an unprintable and a too long name.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    spelled = " ".join(folded.split())
    if not spelled or not spelled.isprintable() or len(spelled) > NAME_LIMIT:
        raise NameRefused(f"a name has 1 to {NAME_LIMIT} printable characters")
    return spelled


@dataclass(frozen=True, slots=True)
class Account:
    """Who calls: a program by its token, a person by a password too, or by a proxy's word alone.

    `site` is the origin of its requests where these name none.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: Annotated[str, AfterValidator(normalised)]
    role: Role
    token_sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")] | None = None
    site: str | None = None
    password_hash: str | None = field(default=None, repr=False)

    def may(self, act: Act) -> bool:
        """True when the role allows this."""
        return self.role in ALLOWED[act]

    def demand(self, act: Act) -> None:
        """Raise PermissionDenied unless the role allows this."""
        if self.role not in ALLOWED[act]:
            allowed = ", ".join(sorted(ALLOWED[act]))
            raise PermissionDenied(
                f"an account of the role {self.role} may not {act}: that takes {allowed}"
            )
