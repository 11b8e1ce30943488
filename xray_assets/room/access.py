"""Who calls a page, and what that takes."""

from typing import Annotated, Any

from fastapi import Depends, Request

from xray_assets.web.roles import Account, Act


def caller(request: Request) -> Account:
    """The account that the door has found. Only on paths that are not open."""
    return request.state.account


Caller = Annotated[Account, Depends(caller)]
"""A parameter of a route: who calls."""


def demand(act: Act) -> Any:
    """A dependency that refuses with 403 who may not do this, and gives the account:
    `dependencies=[demand(Act.READ)]`, or `known: Annotated[Account, demand(Act.READ)]`.
    """

    def allowed(account: Caller) -> Account:
        account.demand(act)
        return account

    return Depends(allowed)
