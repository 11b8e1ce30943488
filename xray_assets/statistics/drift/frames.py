"""From frames to arrays: what of the rows and reads of a day can be used.

Nothing is refused here for being odd: a repeated request id counts once, what is missing is NaN.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import polars as pl
from numpy.typing import NDArray

from xray_assets.catalog import EMBEDDING_SIZE, FEATURES, OTHER_SITE
from xray_assets.statistics.drift.seen import keys

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NUMBERS = (
    *("day", "weekday", "status_code", "truth", "review_probability"),
    *("score_champion", "score_challenger", "label_champion", "label_challenger"),
    *FEATURES,
)
_WORDS = ("request_id", "case_key", "site", "served_arm")


@dataclass(frozen=True)
class Films:
    """N requests, in order of patient, site and request id.

    log_odds and label: (N, 2), champion and challenger; arm: 1 served by the challenger, 0 by the
    champion. Failed requests have NaN everywhere else.
    """

    patient: Ints
    site: NDArray[np.str_]
    day: Ints
    weekday: Ints
    failed: NDArray[np.bool_]
    arm: Floats
    log_odds: Floats
    label: Floats
    features: Floats
    embedding: Floats

    def __len__(self) -> int:
        """N."""
        return len(self.patient)

    def __getitem__(self, rows: NDArray[np.bool_] | Ints | slice) -> Films:
        """Some of them."""
        return Films(*(getattr(self, column.name)[rows] for column in fields(self)))


@dataclass(frozen=True)
class Reads:
    """R settled reads with truth, model's label and a logged chance of review."""

    request: Ints
    patient: Ints
    site: NDArray[np.str_]
    day: Ints
    truth: NDArray[np.bool_]
    label: NDArray[np.bool_]
    log_odds: Floats
    chance: Floats

    def __len__(self) -> int:
        """R."""
        return len(self.day)

    def __getitem__(self, rows: NDArray[np.bool_]) -> Reads:
        """Some of them."""
        return Reads(*(getattr(self, column.name)[rows] for column in fields(self)))


def films(rows: pl.DataFrame) -> Films:
    """The films of `rows`, each request once."""
    frame = _once(rows, "score_champion").sort("case_key", "site", "request_id").collect()
    answered = frame["status_code"].fill_nan(200).is_between(200, 299).to_numpy()
    features = np.where(answered[:, None], frame.select(FEATURES).to_numpy(), np.nan)
    return Films(
        patient=keys(frame["case_key"].to_list()),
        site=frame["site"].to_numpy().astype(np.str_),
        day=_whole(frame["day"]),
        weekday=_whole(frame["weekday"]),
        failed=~answered,
        arm=np.where(frame["served_arm"] == "", np.nan, frame["served_arm"] == "challenger"),
        log_odds=_log_odds(_pair(frame, "score", answered)),
        label=_pair(frame, "label", answered),
        features=np.where(np.isfinite(features), features, np.nan),
        embedding=_embedding(frame, answered),
    )


def reads(rows: pl.DataFrame, patients: pl.DataFrame | None = None) -> Reads:
    """The reads that can be counted. patients: request_id and case_key of their films, where they
    are known; without them each read is a patient of its own.
    """
    joinable = patients is not None and {"request_id", "case_key"} <= set(patients.columns)
    if patients is not None and joinable and "request_id" in rows.columns:
        cases = patients.select(pl.col("request_id", "case_key").cast(pl.String)).drop_nulls()
        rows = (
            rows.drop("case_key", strict=False)
            .cast({"request_id": pl.String})
            .join(cases.unique("request_id"), on="request_id", how="left")
        )
    usable = (
        pl.col("truth").is_in([0.0, 1.0])
        & pl.col("label_champion").is_in([0.0, 1.0])
        & pl.col("score_champion").is_between(0, 1)
        & pl.col("review_probability").is_between(0, 1, closed="right")
        & pl.col("day").is_finite()
    )
    frame = _once(rows, "truth").filter(usable).collect()
    return Reads(
        request=keys(frame["request_id"].to_list()),
        patient=keys(frame["case_key"].to_list()),
        site=frame["site"].to_numpy().astype(np.str_),
        day=_whole(frame["day"]),
        truth=frame["truth"].to_numpy() == 1,
        label=frame["label_champion"].to_numpy() == 1,
        log_odds=_log_odds(frame["score_champion"].to_numpy()),
        chance=frame["review_probability"].to_numpy(),
    )


def _once(rows: pl.DataFrame, first_by: str) -> pl.LazyFrame:
    """Every column that is looked at, in its type; the rows of a request id once, whichever order
    they came in.
    """
    absent = [name for name in (*_NUMBERS, *_WORDS) if name not in rows.columns]
    return (
        rows.lazy()
        .with_columns(pl.lit(None).alias(name) for name in absent)
        .with_columns(
            pl.col(_NUMBERS).cast(pl.Float64, strict=False).fill_null(float("nan")),
            pl.col(_WORDS).cast(pl.String),
        )
        .with_columns(
            pl.col("request_id").fill_null(
                pl.format("without id {}", pl.int_range(pl.len(), dtype=pl.Int64))
            ),
            pl.col("site").replace("", None).fill_null(OTHER_SITE),
            pl.col("served_arm").fill_null(""),
        )
        .with_columns(pl.col("case_key").fill_null(pl.format("of request {}", "request_id")))
        .sort("request_id", first_by)
        .unique("request_id", keep="first", maintain_order=True)
    )


def _whole(column: pl.Series) -> Ints:
    return np.nan_to_num(column.to_numpy(), nan=-1.0).astype(np.int64)


def _pair(frame: pl.DataFrame, what: str, answered: NDArray[np.bool_]) -> Floats:
    both = frame.select(f"{what}_champion", f"{what}_challenger").to_numpy()
    return np.where(answered[:, None] & (both >= 0) & (both <= 1), both, np.nan)


def _log_odds(probability: Floats) -> Floats:
    kept = np.clip(probability, 1e-7, 1 - 1e-7)
    return np.log(kept) - np.log1p(-kept)


def _embedding(frame: pl.DataFrame, answered: NDArray[np.bool_]) -> Floats:
    """(N, 64), NaN where a film has none, or none of this size."""
    out = np.full((frame.height, EMBEDDING_SIZE), np.nan)
    if "embedding" not in frame.columns or frame["embedding"].dtype == pl.Null:
        return out
    column = frame["embedding"].cast(pl.List(pl.Float64))
    whole = (column.list.len() == EMBEDDING_SIZE).fill_null(value=False).to_numpy() & answered
    numbers: Floats = column.filter(pl.Series(whole)).explode().to_numpy()
    out[whole] = numbers.reshape(-1, EMBEDDING_SIZE)
    out[~np.isfinite(out).all(axis=1)] = np.nan
    return out
