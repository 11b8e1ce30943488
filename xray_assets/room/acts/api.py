"""The same acts for programs: JSON, by the token of an account. No cookie is looked at, so no other
page can send it.
"""

from typing import Any

from fastapi import APIRouter, BackgroundTasks, Request

from xray_assets.room.access import Caller, demand
from xray_assets.room.acts.said import (
    act_called,
    asked_of,
    ramp_of,
    say,
    shown_in_dagster,
)
from xray_assets.room.acts.standing import standing
from xray_assets.web.roles import Act

routes = APIRouter(prefix="/api/acts", dependencies=[demand(Act.OBSERVE)])


@routes.get("")
def get_acts(request: Request, account: Caller) -> dict[str, Any]:
    """How things stand: the generation to send, and what to confirm each act with."""
    now = standing(ramp_of(request))
    last = now.state.last
    return {
        "generation": now.state.generation,
        "experiment_id": last.experiment_id if last else None,
        "state": last.state if last else None,
        "share": last.stage if last else None,
        "wanted": last.wanted_traffic() if last else {},
        "served": now.seen.served if now.seen else None,
        "next": {"kind": now.step.kind, "cause": now.step.cause} if now.step else None,
        "acts": {
            name: {"confirmation": act.confirmed_by(now.state, None), "fields": act.fields}
            for name, act in now.offered(account).items()
        },
    }


@routes.post("/{name}")
def post_act(
    request: Request, name: str, body: dict[str, Any], account: Caller, later: BackgroundTasks
) -> dict[str, Any]:
    """Say it. 409 where the state has gone on since `generation`: nothing is done then."""
    ramp = ramp_of(request)
    outcome = say(ramp, act_called(name), asked_of(body), account)
    later.add_task(shown_in_dagster, ramp, outcome.wanted)
    served = outcome.served
    return {
        "act": name,
        "generation": outcome.wanted.generation,
        "decided_by": outcome.wanted.decided_by,
        "cause": outcome.wanted.cause,
        "served": served.traffic if served else None,
        "not_served": outcome.not_served,
        "left": outcome.left,
    }
