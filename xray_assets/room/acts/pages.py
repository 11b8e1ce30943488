"""The page where people decide."""

from collections.abc import Mapping

from fastapi import APIRouter, BackgroundTasks, Request
from fastapi.responses import RedirectResponse, Response

from xray_assets.errors import StaleWrite, XrayError
from xray_assets.room.access import Caller, demand
from xray_assets.room.acts.by_hand import ACTS
from xray_assets.room.acts.said import (
    act_called,
    asked_of,
    ramp_of,
    say,
    shown_in_dagster,
)
from xray_assets.room.acts.standing import standing
from xray_assets.room.pages import page
from xray_assets.web.refusals import PermissionDenied, Refusal
from xray_assets.web.roles import Act

routes = APIRouter(dependencies=[demand(Act.DASHBOARD)])


@routes.get("/acts")
def get_acts(request: Request, account: Caller, done: str = "") -> Response:
    """How things stand, and what this account may decide."""
    return _acts_page(request, done=done if done in ACTS else "")


@routes.post("/acts/{name}")
def post_act(request: Request, name: str, account: Caller, later: BackgroundTasks) -> Response:
    """Say it. Sent twice, it is said once: the second one has an older generation."""
    act = act_called(name)
    fields = {key: value for key, value in request.state.form.items() if key != "csrf"}
    try:
        ramp = ramp_of(request)
        outcome = say(ramp, act, asked_of(fields), account)
    except PermissionDenied:
        raise
    except XrayError as error:
        status = 409 if isinstance(error, StaleWrite) else 400
        status = error.status if isinstance(error, Refusal) else status
        return _acts_page(request, status, name=name, problem=str(error), filled=fields)
    later.add_task(shown_in_dagster, ramp, outcome.wanted)
    return RedirectResponse(f"/acts?done={name}", 303, background=later)


def _acts_page(
    request: Request,
    status: int = 200,
    *,
    done: str = "",
    name: str = "",
    problem: str = "",
    filled: Mapping[str, str] | None = None,
) -> Response:
    """`name`, `problem`, `filled`: the act that was refused, why, and what had been typed."""
    now = standing(ramp_of(request))
    return page(
        request,
        "acts/page.html",
        status,
        now=now,
        offered=now.offered(request.state.account),
        done=ACTS[done].title if done else "",
        refused=name,
        problem=problem,
        filled=filled or {},
    )
