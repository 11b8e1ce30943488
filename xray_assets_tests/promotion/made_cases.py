"""Cases for the tests of logged chances, as columns in scoring order."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from hypothesis import strategies as st

from xray_assets.promotion.counts.scored_cases import COLUMNS

SCHEMA = dict(
    zip(COLUMNS, (pl.Float64, *[pl.Boolean] * 2, *[pl.Int64] * 3, pl.String), strict=True)
)
DRAWN_STATES = ("settled", "settled", "settled", "overdue", "uninterpretable", "due")
FLOORS = (0.05, 0.1, 0.35)


def case(
    champion: int,
    challenger: int,
    truth: int | None = None,
    *,
    state: str = "settled",
    chance: float | None = None,
    by_challenger: bool = False,
) -> dict[str, Any]:
    """One drawn case; disagreements have chance 1, agreements 0.05."""
    default = 1.0 if champion != challenger else 0.05
    return {
        "chance": default if chance is None else chance,
        "drawn": state != "not_drawn",
        "served_challenger": by_challenger,
        "champion_label": champion,
        "challenger_label": challenger,
        "truth": truth,
        "state": state,
    }


def table(*cases: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(cases), schema=SCHEMA)


@st.composite
def scored(
    draw: st.DrawFn,
    *,
    states: tuple[str, ...] = DRAWN_STATES,
    floors: tuple[float, ...] = FLOORS,
    all_drawn: bool = False,
    largest: int = 120,
) -> pl.DataFrame:
    """Cases of any labels and truths; whether one is drawn follows nothing."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.integers(0, largest))
    champion, challenger, truth = rng.integers(0, 2, (3, n))
    drawn = (champion != challenger) | (rng.random(n) < 0.5) | all_drawn
    state = np.where(drawn, rng.choice(states, n), "not_drawn")
    return pl.DataFrame(
        {
            "chance": np.where(champion != challenger, 1.0, rng.choice(floors, n)),
            "drawn": drawn,
            "served_challenger": rng.random(n) < 0.5,
            "champion_label": champion,
            "challenger_label": challenger,
            "truth": np.where(state == "settled", truth, np.nan),
            "state": state,
        }
    ).cast(SCHEMA | {"truth": pl.Float64})
