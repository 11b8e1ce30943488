"""No slice of patients loses: candidate against champion by site, kind of pneumonia, and age or sex
where a source gives it. Pure.

A slice is judged from SMALLEST films on, at -MARGIN; where that few films could not show it of a
model of equal merit in CHANCE of all cases, at the smallest margin at which they could. A large
slice is held to MARGIN as it stands.
"""

from typing import Any

import polars as pl

from xray_assets.retraining.gates.demands import FAIR
from xray_assets.retraining.gates.gate import GateResult
from xray_assets.retraining.gates.golden import CHANCE, EQUAL_DISCORDANCE
from xray_assets.statistics.noninferiority import Paired, chance_of_equal, margin_of_equal

SMALLEST, MARGIN, ALPHA = 50, 0.05, 0.05


def fairness_gate(films: pl.DataFrame, slices: tuple[str, ...]) -> GateResult:
    """The answer over the values of the columns `slices`.

    films: one row a film: `champion_right` and `candidate_right`, and the slices' columns, null
    where unknown. A slice that is too small is shown and not judged.
    """
    figures = [
        _slice(name, value, part)
        for name in slices
        for (value,), part in sorted(films.drop_nulls(name).group_by(name), key=str)
    ]
    judged = [figure for figure in figures if figure["judged"]]
    if not judged:
        said = f"no slice has {SMALLEST} films: nothing to compare"
        return GateResult(FAIR, True, 0.0, -MARGIN, said, figures)
    worst = min(judged, key=lambda figure: figure["low"] + figure["margin"])
    return GateResult(
        FAIR,
        passed=all(figure["passed"] for figure in judged),
        value=worst["low"],
        limit=-worst["margin"],
        said=(
            f"{worst['slice']} = {worst['value']}: {worst['difference']:+.3f} "
            f"[{worst['low']:+.3f}, {worst['high']:+.3f}] of {worst['n']} films; a model of equal "
            f"merit passes in {worst['equal_passes']:.0%}"
        ),
        figures=figures,
    )


def _slice(name: str, value: object, films: pl.DataFrame) -> dict[str, Any]:
    pairs = Paired.of(films["champion_right"].to_numpy(), films["candidate_right"].to_numpy())
    low, judged = pairs.low(ALPHA), pairs.n >= SMALLEST
    margin = MARGIN
    if judged:
        margin = margin_of_equal(
            pairs.n, ALPHA, discordance=EQUAL_DISCORDANCE, chance=CHANCE, least=MARGIN
        )
    return {
        "slice": name,
        "value": str(value),
        "n": pairs.n,
        "difference": pairs.difference,
        "low": low,
        "high": pairs.high(ALPHA),
        "margin": margin,
        "equal_passes": chance_of_equal(pairs.n, margin, ALPHA, EQUAL_DISCORDANCE),
        "judged": judged,
        "passed": low >= -margin,
    }
