"""A clinic of a few numbers: films with a score, features and an embedding that follow it."""

from __future__ import annotations

import numpy as np
import polars as pl

from xray_assets.catalog import EMBEDDING_SIZE, FEATURES
from xray_assets.statistics.drift import Monitor

DAYS = range(-28, 0)


def films(
    rng: np.random.Generator,
    day: int,
    n: int = 120,
    *,
    prevalence: float = 0.7,
    shift: float = 0.0,
    sites: tuple[str, ...] = ("A", "B"),
) -> pl.DataFrame:
    """A day's rows with their truth; `shift` (in s.d.) moves every feature and no score."""
    truth = (rng.random(n) < prevalence).astype(np.int32)
    odds = np.where(truth, 2.5, -2.5) + 1.8 * rng.normal(size=n)
    other = odds + 0.5 * rng.normal(size=n)
    features = rng.normal(size=(n, len(FEATURES))) + 0.4 * odds[:, None] + shift
    embedding = rng.normal(size=(n, EMBEDDING_SIZE)) + 0.4 * odds[:, None]
    arms = np.where(rng.random(n) < 0.5, "challenger", "champion")
    return pl.DataFrame(
        {
            "day": np.full(n, day, np.int32),
            "weekday": np.full(n, day % 7, np.int32),
            "request_id": [f"{day}-{number}" for number in range(n)],
            "case_key": [f"patient {day} {number // 2}" for number in range(n)],
            "site": np.array(sites)[np.arange(n) // 2 % len(sites)],
            "served_arm": arms,
            "status_code": np.full(n, 200, np.int32),
            "score_champion": 1 / (1 + np.exp(-odds)),
            "score_challenger": 1 / (1 + np.exp(-other)),
            "label_champion": (odds >= 0).astype(np.int32),
            "label_challenger": (other >= 0).astype(np.int32),
            **{name: features[:, index] for index, name in enumerate(FEATURES)},
            "embedding": pl.Series(
                embedding.astype(np.float32), dtype=pl.Array(pl.Float32, EMBEDDING_SIZE)
            ),
            "truth": truth,
        }
    )


def reads(
    rng: np.random.Generator, rows: pl.DataFrame, chance: float | np.ndarray = 0.1
) -> pl.DataFrame:
    """Settled reads of some of the films, each drawn at its chance."""
    chances = np.broadcast_to(chance, rows.height)
    drawn = rows.with_columns(review_probability=pl.Series(np.array(chances))).filter(
        pl.Series(rng.random(rows.height) < chances)
    )
    return drawn.select(
        "request_id",
        "day",
        "site",
        "truth",
        "review_probability",
        "score_champion",
        "label_champion",
    )


def baseline(rng: np.random.Generator, n: int = 120) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Films and reads of the 28 days before day 0."""
    rows = pl.concat([films(rng, day, n) for day in DAYS])
    return rows, reads(rng, rows)


def monitor(seed: int = 0, n: int = 120) -> tuple[np.random.Generator, Monitor]:
    """A monitor on such a baseline, and the generator to go on with."""
    rng = np.random.default_rng(seed)
    return rng, Monitor(*baseline(rng, n))
