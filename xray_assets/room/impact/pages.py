"""The page of business impact: a form whose fields are its address."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from xray_assets.cases.summaries.scores import bands_of
from xray_assets.catalog import EXPERIMENTS, PROMOTION_DECISION, SCORE_BANDS
from xray_assets.room.access import demand
from xray_assets.room.dashboard.look import Look
from xray_assets.room.dashboard.routes import look_at
from xray_assets.room.impact.assumed import COSTS, CUTS, Assumed, assumed
from xray_assets.room.impact.figures import PER, Impact, impact
from xray_assets.room.pages import page
from xray_assets.statistics.expected_cost import Assumptions
from xray_assets.web.refusals import InvalidParameter
from xray_assets.web.roles import Act

routes = APIRouter(dependencies=[demand(Act.DASHBOARD)])


@routes.get("/impact")
def get_impact(request: Request) -> Response:
    """Costs, net benefit and tiers of the newest experiment."""
    look = Look(look_at(request.app.state.settings))
    query, problem = dict(request.query_params), ""
    try:
        given, shown = _worked_out(look, query)
    except InvalidParameter as error:
        problem = error.message
        given, shown = _worked_out(look, {})
    return page(
        request,
        "impact/page.html",
        400 if problem else 200,
        given=given,
        shown=shown,
        experiment=look.experiment,
        problem=problem,
        typed=_typed(given, query),
        per=PER,
        sources=[look.source(key) for key in (EXPERIMENTS, PROMOTION_DECISION, SCORE_BANDS)],
    )


def _typed(given: Assumed, query: dict[str, str]) -> dict[str, str]:
    """What the form's fields hold: what was typed, else what is assumed."""
    costs = {name: f"{getattr(given.costs, name):g}" for name in COSTS}
    usual = {**costs, "prevalence": "", "cuts": ", ".join(f"{cut:g}" for cut in given.cuts)}
    return {name: query.get(name, value) for name, value in usual.items()}


def _worked_out(look: Look, query: dict[str, str]) -> tuple[Assumed, Impact | None]:
    """What is assumed, and what follows; None before the first read. Raises InvalidParameter."""
    bands = {row["role"]: bands_of(row) for row in look.score_bands.iter_rows(named=True)}
    read = sum(int(its.n.sum()) for its in bands.values())
    if look.report is None or not read:
        return Assumed(Assumptions(0.0), CUTS, is_observed=True), None
    observed = float(next(iter(bands.values())).prevalence.value)
    given = assumed(query, observed=observed)
    try:
        return given, impact(look.report, bands, given)
    except ValueError as error:
        raise InvalidParameter(f"the assumptions make no sense: {error}") from None
