"""From tables to the facts of a decision. Reads and sums; decides nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta

import polars as pl

from xray_assets.catalog import (
    EXPERIMENTS,
    FEATURES,
    FILM_FEATURES,
    HOURLY_TRAFFIC,
    MONITORING_RECORD,
    PREDICTION_FEEDBACK,
    REVIEW_ASSIGNMENTS,
    SIMULATION,
    XRAY_METADATA,
)
from xray_assets.contracts.tables.days import MODERATE, UNKNOWN
from xray_assets.contracts.tables.film_features import NOT_DECODED, PIXELS
from xray_assets.contracts.tables.monitoring_record import DAY
from xray_assets.feedback.truth.consensus import latest_reads
from xray_assets.lake.tables import Tables
from xray_assets.retraining.deciding.facts import (
    KNOWN_LEVELS,
    Earlier,
    Facts,
    NewTruths,
    Quality,
    Standing,
    Word,
)
from xray_assets.retraining.films.truths import countable_truths, effective_size, with_weights
from xray_assets.retraining.requests import earlier_of, read_requests
from xray_assets.review.ordering import present_floor
from xray_assets.rollout.state import read_state

RECENT, BEFORE = timedelta(days=7), timedelta(days=28)
FEWEST_REQUESTS, FEWEST_PAIRS = 50, 30
_AT_LEAST_MODERATE = KNOWN_LEVELS[KNOWN_LEVELS.index(MODERATE) :]


def gather(
    tables: Tables,
    *,
    mode: str,
    now: datetime,
    is_alive: Callable[[str], bool],
    word: Word | None = None,
) -> Facts:
    """The facts as the tables tell them. is_alive: whether a run is still carried out."""
    rows = read_requests(tables)
    earlier = earlier_of(rows, is_alive)
    standing = standing_of(tables.read(MONITORING_RECORD).sort("chain_position").collect())
    known = max((row["reads_to"] or 0 for row in rows), default=0)
    sizes = [row["training_films"] for row in rows if row["training_films"]]
    state = read_state(tables)
    return Facts(
        mode=mode,
        standing=standing,
        new=_new(tables, known, standing.since),
        last_set_size=sizes[-1] if sizes else _first_set_size(tables),
        last_trained_at=_last_trained(tables, earlier),
        quality=quality(tables, now),
        agreement_fell=agreement_fell(_reads(tables).collect(), now),
        experiment_open=bool(state.last and state.last.is_running),
        earlier=earlier,
        word=word,
    )


def truths(tables: Tables) -> pl.DataFrame:
    """Every countable truth: `films.truths.TRUTHS`."""
    reads = _reads(tables).collect()
    asked = pl.col("request_id").is_in(reads["prediction_id"].unique().implode())
    drawn = tables.read(REVIEW_ASSIGNMENTS).filter("drawn", asked).collect()
    return countable_truths(drawn, reads, simulated=tables.counted_purpose == SIMULATION)


def standing_of(record: pl.DataFrame) -> Standing:
    """Where monitoring stands, from rows of gold.monitoring_record in order; without a row its
    baseline is incomplete.
    """
    judged = record.filter(pl.col("event") == DAY)
    if judged.is_empty():
        return Standing()
    last, day = record.row(-1, named=True), judged.row(-1, named=True)
    since = None
    for row in reversed(judged.to_dicts()):
        if row["known_level"] not in _AT_LEAST_MODERATE:
            break
        since = row["closed_at"] or row["recorded_at"]
    codes = (day["reason_codes"] or "").split("\n") if last["event"] == DAY else [last["event"]]
    return Standing(
        level=last["level"],
        kind=day["kind"] or "",
        sites=tuple(day["sites"] or ()),
        since=since,
        harm=bool(day["harm_sites"]),
        reasons=tuple(codes) if last["level"] == UNKNOWN else (),
        episode_id=last["episode_id"],
        baseline_id=day["baseline_id"],
        auto=last["auto_retraining"],
    )


def agreement_fell(reads: pl.DataFrame, now: datetime) -> bool:
    """Whether readers agree less in the last four weeks than before: the 95 % intervals of the
    share of pairs that agree lie apart.

    reads: rows of gold.prediction_feedback. False where there are too few pairs to say.
    """
    from xray_assets.statistics.agreement import reader_agreement
    from xray_assets.statistics.intervals import wilson

    answers = latest_reads(reads.filter("blinded"))
    bounds = []
    for part in (pl.col("timestamp") <= now - BEFORE, pl.col("timestamp") > now - BEFORE):
        own = answers.filter(part)
        found = reader_agreement(own["prediction_id"], own["radiologist_id"], own["read"])
        if found.n < FEWEST_PAIRS:
            return False
        bounds.append(wilson(round(found.percent_agreement * found.n), found.n))
    earlier, recent = bounds
    return bool(recent.high < earlier.low)


def quality(tables: Tables, now: datetime) -> Quality:
    """Shares of failed films of the last week and of the four weeks before it."""
    shares: dict[str, dict[str, float]] = {"now": {}, "before": {}}
    spans = {"now": (now - RECENT, now), "before": (now - RECENT - BEFORE, now - RECENT)}
    traffic = tables.read(HOURLY_TRAFFIC).filter(pl.col("purpose") == tables.counted_purpose)
    features = tables.read(FILM_FEATURES)
    for name, (start, end) in spans.items():
        within = pl.col("date").is_between(start.date(), end.date(), closed="right")
        counts = {
            "rejects": traffic.filter(within).select(n=pl.sum("n"), failed=pl.sum("refused")),
            "undecodable": features.filter(within).select(
                n=pl.len(), failed=(pl.col("problem") == NOT_DECODED).sum()
            ),
            "nulls": features.filter(within, pl.col("kind") == PIXELS).select(
                n=pl.len(), failed=pl.any_horizontal(pl.col(FEATURES).is_null()).sum()
            ),
        }
        for what, frame in counts.items():
            n, failed = frame.collect().row(0)
            if n >= FEWEST_REQUESTS:
                shares[name][what] = failed / n
    return Quality(**shares)


def _reads(tables: Tables) -> pl.LazyFrame:
    return tables.read(PREDICTION_FEEDBACK)


def _new(tables: Tables, known: int, since: datetime | None) -> NewTruths:
    found = truths(tables).filter(pl.col("read_rank") > known)
    weighted = with_weights(found, floor=present_floor(tables))
    classes = [weighted.filter(label=label) for label in (0, 1)]
    recent = found if since is None else found.filter(pl.col("scored_at") >= since)
    at_sites = dict(recent.group_by("site").len().iter_rows())
    return NewTruths(
        normal=classes[0].height,
        pneumonia=classes[1].height,
        effective_normal=effective_size(classes[0]["weight"]),
        effective_pneumonia=effective_size(classes[1]["weight"]),
        effective=effective_size(weighted["weight"]),
        at_sites=at_sites,
    )


def _first_set_size(tables: Tables) -> int | None:
    """Films that the classifiers learned from, before any retraining; None before the first."""
    learned = tables.read(XRAY_METADATA).filter(pl.col("dataset_split") != "test")
    return learned.select(pl.len()).collect().item() or None


def _last_trained(tables: Tables, earlier: tuple[Earlier, ...]) -> datetime | None:
    """When a model was last made: the last request that made a candidate, or the first experiment
    of the newest model.
    """
    from xray_assets.retraining.deciding.guards import DONE

    made = [one.updated_at for one in earlier if one.state in DONE]
    rows = tables.read(EXPERIMENTS).sort("opened_at").collect()
    first: dict[str, datetime] = {}
    for row in rows.to_dicts():
        for role in ("champion", "challenger"):
            first.setdefault(row[f"{role}_artifact_sha256"], row["opened_at"])
    return max([*made, *first.values()], default=None)
