"""For whom a caller may speak: whose read it is, and in which role. Pure but for the look-up of
accounts.

A reader with an account speaks through it alone; being an adjudicator comes from the account and
from nowhere else. Programs submit for readers who have no account.
"""

from xray_assets.feedback.fields import FeedbackRefused
from xray_assets.web.accounts import Accounts
from xray_assets.web.refusals import PermissionDenied
from xray_assets.web.roles import Account, Act, NameRefused, Role, normalised


def speaker(
    accounts: Accounts, account: Account | None, named: str | None, role: str | None
) -> tuple[str, str]:
    """(reader, role) of a read that names these, or not; `account` is None for Python code on this
    machine, which is trusted with the role of who has no account.

    Raises PermissionDenied, FeedbackRefused where nobody is named, and Unavailable while nobody
    can say who has an account.
    """
    role = role.strip().casefold() if isinstance(role, str) else None
    if account is not None and account.may(Act.READ):
        if named is not None and _spelled(named) != account.name:
            raise PermissionDenied("this token belongs to another reader: leave radiologist_id out")
        _demand_role(role, account.role)
        return account.name, account.role
    if account is not None:
        account.demand(Act.SUBMIT_READS_OF_OTHERS)
        _demand_role(role, Role.READER)
    if named is None:
        raise FeedbackRefused("radiologist_id is missing: say who read the film")
    if accounts.person(_spelled(named)) is not None:
        raise PermissionDenied(
            "this reader has an account: it takes the reader's own token (`xray user token NAME`), "
            "or name a reader without an account"
        )
    return named, role or Role.READER


def _demand_role(claimed: str | None, role: Role) -> None:
    if claimed is not None and claimed != role:
        raise PermissionDenied(
            "the role comes from the token, not from the body: leave reader_role out"
        )


def _spelled(name: object) -> str:
    if not isinstance(name, str):
        raise FeedbackRefused("radiologist_id must be a text")
    try:
        return normalised(name)
    except NameRefused as error:
        raise FeedbackRefused(f"radiologist_id: {error}") from error
