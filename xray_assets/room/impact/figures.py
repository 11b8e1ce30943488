"""From a decision's figures, bands of scores and assumptions to what the page shows. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from typing import Any

import numpy as np

from xray_assets.catalog import CHALLENGER, CHAMPION
from xray_assets.pictures.charts import line_chart
from xray_assets.room.dashboard.trends import Chart
from xray_assets.room.figures import Figure
from xray_assets.room.impact.assumed import Assumed
from xray_assets.statistics.decision_curve import net_benefit, treat_all
from xray_assets.statistics.expected_cost import (
    Policy,
    cost_difference,
    costs_with_model,
    costs_without_model,
)
from xray_assets.statistics.intervals import Estimate
from xray_assets.statistics.score_bands import (
    EDGES,
    RiskTiers,
    ScoreBands,
    operating_points,
    risk_tiers,
)

PER = 1000
"""Films that costs are shown for."""

_LOWEST = -0.05
"""Of the curve: below it a policy is out of the question, and the rest would look alike."""


@dataclass(frozen=True)
class CostRow:
    """The expected cost of PER films under a policy, by model; `more`: challenger less champion."""

    policy: Policy
    champion: Figure
    challenger: Figure
    more: Figure


@dataclass(frozen=True)
class Tier:
    """One tier of risk of a model."""

    low: float
    high: float
    n: int
    films: Figure
    observed: Figure
    read: Figure
    found: Figure


@dataclass(frozen=True)
class Impact:
    """What the page shows. `without`: the cost of PER films where no model is asked. `cheapest`:
    the policy that costs least, in words.
    """

    rows: tuple[CostRow, ...]
    without: Mapping[Policy, float]
    cheapest: str
    curve: Chart
    tiers: Mapping[str, tuple[Tier, ...]]
    prevalence: Figure
    threshold_probability: float | None


def impact(report: Mapping[str, Any], bands: Mapping[str, ScoreBands], given: Assumed) -> Impact:
    """report: of the experiment's last decision, parsed. bands: by role. Raises ValueError for cuts
    that are no edges of bands.
    """
    least = report["rule"]["min_positives"]
    points = {role: _points(report[role]) for role in (CHAMPION, CHALLENGER)}
    costs = {role: costs_with_model(*points[role], given.costs) for role in points}
    differences = report["differences"]
    more = cost_difference(
        _estimate(differences["sensitivity"], n=points[CHALLENGER][0].n),
        _estimate(differences["specificity"], n=points[CHALLENGER][1].n),
        given.costs,
    )
    rows = tuple(
        CostRow(
            policy,
            _cost(costs[CHAMPION][policy], least),
            _cost(costs[CHALLENGER][policy], least),
            _cost(more[policy], least, signed=True),
        )
        for policy in costs[CHAMPION]
    )
    without = costs_without_model(given.costs)
    return Impact(
        rows,
        {policy: cost * PER for policy, cost in without.items()},
        _cheapest(rows, without),
        decision_curve(bands, given),
        {role: _tiers(risk_tiers(its, given.cuts), least) for role, its in bands.items()},
        _share("prevalence", bands[CHAMPION].prevalence, least),
        given.costs.threshold_probability,
    )


def decision_curve(bands: Mapping[str, ScoreBands], given: Assumed) -> Chart:
    """Net benefit of both models, of treating everybody and nobody, over the probability."""
    prevalence, at = given.costs.prevalence, EDGES[1:-1]
    series: dict[str, list[tuple[float, float]]] = {}
    ranges: dict[str, list[tuple[float, float, float]]] = {}
    for role, its in bands.items():
        sensitivity, specificity = (
            Estimate(one.value[1:], one.low[1:], one.high[1:], one.n)
            for one in operating_points(its)
        )
        gained = net_benefit(sensitivity, specificity, prevalence=prevalence, thresholds=at)
        series[role] = _shown(at, gained.value)
        low = np.maximum(gained.low, _LOWEST)
        ranges[role] = [
            (float(x), float(bottom), float(top))
            for x, bottom, top in zip(at, low, gained.high, strict=True)
            if isfinite(bottom) and top >= bottom
        ]
    series["treat everybody"] = _shown(at, treat_all(prevalence=prevalence, thresholds=at))
    series["treat nobody"] = [(float(at[0]), 0.0), (float(at[-1]), 0.0)]
    drawn = line_chart(
        "Net benefit",
        series,
        x_label="threshold probability",
        y_label="net benefit a film",
        ranges=ranges,
    )
    told = (
        "Net benefit a film over the threshold probability: pneumonias found, less false alarms at "
        "the rate that the threshold says. The higher line is better."
    )
    return Chart("decision-curve", drawn.to_dict(validate=False), told)


def _points(model: Mapping[str, Any]) -> tuple[Estimate, Estimate]:
    return _estimate(model["corrected_sensitivity"]), _estimate(model["corrected_specificity"])


def _estimate(share: Mapping[str, float | None], n: Any = None) -> Estimate:
    value, low, high = (
        np.array(nan if share[name] is None else share[name]) for name in ("value", "low", "high")
    )
    return Estimate(value, low, high, np.array(share.get("n") or 0.0) if n is None else n)


def _cost(cost: Estimate, least: int, *, signed: bool = False) -> Figure:
    value, low, high = (float(end) * PER for end in (cost.value, cost.low, cost.high))
    return Figure("cost", value, low, high, float(cost.n), least, percent=False, signed=signed)


def _share(name: str, share: Estimate, least: int = 1) -> Figure:
    return Figure(name, *(float(end) for end in vars(share).values()), least=least)


def _cheapest(rows: Sequence[CostRow], without: Mapping[Policy, float]) -> str:
    known = {policy.value: cost * PER for policy, cost in without.items()}
    for row in rows:
        for role, figure in ((CHAMPION, row.champion), (CHALLENGER, row.challenger)):
            if figure.is_known and figure.value is not None:
                known[f"{role}: {row.policy.value}"] = figure.value
    return min(known, key=lambda name: known[name])


def _tiers(tiers: RiskTiers, least: int) -> tuple[Tier, ...]:
    observed = tiers.observed
    return tuple(
        Tier(
            float(tiers.low[i]),
            float(tiers.high[i]),
            int(tiers.n[i]),
            Figure("films", float(tiers.films[i])),
            Figure(
                "observed",
                *(float(end[i]) for end in (observed.value, observed.low, observed.high)),
                n=float(tiers.n[i]),
                least=least,
            ),
            Figure("read", float(tiers.read[i])),
            Figure("found", float(tiers.found[i])),
        )
        for i in range(len(tiers.n))
    )


def _shown(at: np.ndarray, values: np.ndarray) -> list[tuple[float, float]]:
    return [
        (float(x), float(y))
        for x, y in zip(at, values, strict=True)
        if isfinite(y) and y >= _LOWEST
    ]
