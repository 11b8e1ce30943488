"""Who calls, as the gate found."""

from typing import Annotated

from fastapi import Depends, Request

from xray_assets.web.roles import Account


def known_account(request: Request) -> Account:
    """The account of the request's token."""
    return request.scope["account"]


Known = Annotated[Account, Depends(known_account)]
