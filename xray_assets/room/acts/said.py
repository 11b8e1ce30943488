"""A person's word from a page or a program: checked, said through `rollout/acts.py`, shown in
Dagster. What is refused raises before anything changes.
"""

import logging
from typing import TYPE_CHECKING

from fastapi import Request
from pydantic import ValidationError

from xray_assets.errors import XrayError
from xray_assets.rollout.state import read_state
from xray_assets.room.acts.by_hand import ACTS, ActByHand, Asked, Word
from xray_assets.web.refusals import InvalidParameter, UnknownEndpoint
from xray_assets.web.roles import PEOPLE, Account

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from xray_assets.resources.ramp import Ramp
    from xray_assets.rollout.acts import Outcome
    from xray_assets.rollout.served import Wanted


class NotConfirmed(XrayError):
    """What was typed is not the name that confirms the act."""


def act_called(name: str) -> ActByHand:
    """The act of a name. Raises UnknownEndpoint."""
    if name not in ACTS:
        raise UnknownEndpoint(f"there is no such act: choose from {', '.join(ACTS)}")
    return ACTS[name]


def asked_of(fields: "Mapping[str, Any]") -> Asked:
    """What was filled in, empty fields left out. Raises InvalidParameter, which repeats nothing."""
    given = {name: value for name, value in fields.items() if value != ""}
    try:
        return Asked.model_validate(given)
    except ValidationError as error:
        wrong = sorted({str(one["loc"][0]) for one in error.errors() if one["loc"]})
        raise InvalidParameter(f"missing or wrong: {', '.join(wrong)}") from None


def say(ramp: "Ramp", act: ActByHand, asked: Asked, account: Account) -> "Outcome":
    """Say it in the account's name.

    Raises PermissionDenied, NotConfirmed, StaleWrite where the state has gone on since it was
    seen, and whatever `rollout/acts.py` refuses with.
    """
    account.demand(act.needs)
    state = read_state(ramp.tables)
    wanted = act.confirmed_by(state, asked)
    if state.generation == asked.generation and asked.confirmation != wanted:
        raise NotConfirmed(f"nothing was done: to confirm it, type {wanted or 'the name'} exactly")
    return act.call(ramp, state, Word(account.name, account.role in PEOPLE, asked))


def ramp_of(request: Request) -> "Ramp":
    """The ramp of the room's settings."""
    from xray_assets.deployments import ramp_of_a_person  # Dagster comes with it

    return ramp_of_a_person(request.app.state.settings)


def shown_in_dagster(ramp: "Ramp", wanted: "Wanted") -> None:
    """Show the act on its assets' pages; whether that works is no part of the act."""
    from xray_assets.runs.runless import show_act

    try:
        show_act(ramp.tables, wanted)
    except Exception as error:
        logging.getLogger(__name__).warning("not shown in Dagster: %s", type(error).__name__)
