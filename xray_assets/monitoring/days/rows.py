"""Films and reads as `statistics.drift.Monitor` takes them, of local days.

A model's score of a film is known by the model's name, whichever role it had then: a new champion
has scores of the days on which it was a challenger.
"""

import re
from dataclasses import dataclass
from datetime import date

import polars as pl

from xray_assets.catalog import (
    CHALLENGER,
    CHAMPION,
    EMBEDDING_SIZE,
    FEATURES,
    FILM_FEATURES,
    PAIRED_PREDICTIONS,
    PREDICTIONS,
)
from xray_assets.imaging.film_features import FEATURE_VERSION
from xray_assets.lake.tables import Tables
from xray_assets.monitoring.baselines.frozen import unlinked
from xray_assets.monitoring.days.calendar import end_of, local_date, start_of, utc_dates
from xray_assets.monitoring.days.served import Served

ANSWERED = 200


@dataclass(frozen=True)
class Span:
    """Local days from the first to the last one, up to a log position."""

    first: date
    last: date
    timezone: str
    log_position: int

    def requests(self, tables: Tables) -> pl.LazyFrame:
        """The rows of gold.predictions that count, with their day, `local`."""
        begins, ends = start_of(self.first, self.timezone), end_of(self.last, self.timezone)
        return (
            tables.read(PREDICTIONS)
            .filter(
                utc_dates(self.first, self.last),
                pl.col("timestamp").is_between(begins, ends, closed="left"),
                pl.col("purpose") == tables.counted_purpose,
                pl.col("log_position") <= self.log_position,
            )
            .with_columns(local=local_date(pl.col("timestamp"), self.timezone))
        )


def films_of(
    tables: Tables, span: Span, served: Served, *, most: int, features: str = FEATURE_VERSION
) -> pl.DataFrame:
    """The columns of `Monitor`'s rows with the date, `local`, in place of `day`; and `measured`:
    false where features should be there and are not.

    most: of a day and site with more films, those are kept whose features were measured.
    features: their version; those of others are no features.
    """
    requests = span.requests(tables)
    scored = _with_scores(requests, tables, utc_dates(span.first, span.last), served)
    films = scored.select(
        "request_id", "case_key", "site", "local", "status_code", "served_arm", *_SCORES,
        weekday=pl.col("local").dt.weekday().cast(pl.Int32) - 1,
    ).join(_features(tables, span, served, features), on="request_id", how="left")  # fmt: skip
    answered = pl.col("status_code") == ANSWERED
    crowded = answered.sum().over("local", "site") > most
    has_features = pl.col("has_features").fill_null(False)
    return (
        films.filter(~crowded | ~answered | pl.col("has_features").is_not_null())
        .with_columns(measured=~answered | has_features)
        .drop("has_features")
        .sort("local", "request_id")
        .collect(engine="streaming")
    )


def scored_reads(
    tables: Tables, settled: pl.DataFrame, timezone: str, served: Served
) -> pl.DataFrame:
    """The columns of `Monitor`'s reads with the date of the request, `local`, in place of `day`.

    settled: `reads.COLUMNS`.
    """
    of_days = pl.col("date").is_in(settled["prediction_date"].unique().implode())
    asked = pl.col("request_id").is_in(settled["request_id"].implode())
    requests = tables.read(PREDICTIONS).filter(of_days, asked)
    local = requests.with_columns(local=local_date(pl.col("timestamp"), timezone))
    scored = _with_scores(local, tables, of_days, served).select(
        "request_id", "local", "site", "score_champion", "label_champion"
    )
    joined = scored.join(settled.lazy().drop("prediction_date"), on="request_id")
    return joined.sort("local", "request_id").collect()


def as_days(rows: pl.DataFrame, zero: date) -> pl.DataFrame:
    """The rows as `Monitor` takes them: days counted from `zero`, keys hashed."""
    number = (pl.col("local") - pl.lit(zero)).dt.total_days().cast(pl.Int32)
    return unlinked(rows.with_columns(day=number).drop("local", "measured", strict=False))


_SCORES = tuple(f"{what}_{role}" for what in ("score", "label") for role in (CHAMPION, CHALLENGER))
_PAIR = {"score": "probability", "label": "label"}
_OF_A_PAIR = ("model", "version", *_PAIR.values())
_LOGGED = {"score": "prediction", "label": "predicted_label"}


def _with_scores(
    requests: pl.LazyFrame, tables: Tables, of_days: pl.Expr, served: Served
) -> pl.LazyFrame:
    """The requests with both models' scores and labels, and who answered, `served_arm`."""
    wanted = [f"{role}_{name}" for role in (CHAMPION, CHALLENGER) for name in _OF_A_PAIR]
    pairs = tables.read(PAIRED_PREDICTIONS).filter(of_days).select("request_id", *wanted)
    paired = requests.join(pairs, on="request_id", how="left")
    answered_by = pl.col("served_model_name")
    scores = [
        pl.when(_is_model(CHAMPION, model)).then(f"{CHAMPION}_{_PAIR[what]}")
        .when(_is_model(CHALLENGER, model)).then(f"{CHALLENGER}_{_PAIR[what]}")
        .when(answered_by == pl.lit(model, pl.String)).then(_LOGGED[what])
        .alias(f"{what}_{role}")
        for role, model in ((CHAMPION, served.champion), (CHALLENGER, served.challenger))
        for what in _PAIR
    ]  # fmt: skip
    is_champions = answered_by == served.champion
    arm = pl.when(is_champions).then(pl.lit(CHAMPION)).otherwise(pl.lit(CHALLENGER))
    return paired.with_columns(*scores, served_arm=arm)


def _is_model(role: str, served: str | None) -> pl.Expr:
    """Whether a pair's model of this role has this served name (`catalog.served_name`)."""
    if served is None:
        return pl.lit(False)
    model, _, version = served.rpartition("-")
    named = pl.col(f"{role}_model").str.contains(rf"(^|\.){re.escape(model)}$")
    return named & (pl.col(f"{role}_version").cast(pl.String) == version)


def _features(tables: Tables, span: Span, served: Served, version: str) -> pl.LazyFrame:
    """What was measured of the films; the embedding is the champion's, or null."""
    is_known = pl.col("feature_version") == version
    found = tables.read(FILM_FEATURES).filter(utc_dates(span.first, span.last))
    ours = pl.lit(served.artifact_sha256)
    embedding = (
        pl.when(pl.col("artifact_sha256") == ours).then("embedding")
        .when(pl.col("challenger_sha256") == ours).then("challenger_embedding")
    )  # fmt: skip
    return found.select(
        "request_id",
        *(pl.when(is_known).then(name).alias(name) for name in FEATURES),
        embedding=embedding.cast(pl.List(pl.Float32)).list.to_array(EMBEDDING_SIZE),
        has_features=pl.col("problem").is_null() & is_known,
    )
