"""From request ids to the days whose partitions can hold them, so that a look-up follows the new
ids and not the history.

Request ids are UUIDv7 (RFC 9562): their first 48 bits are milliseconds since 1970, from the clock
read that also gave the logged timestamp. A day's neighbour is looked at too where the id lies
within `SLACK` of midnight.
"""

from datetime import date, timedelta

import polars as pl

SLACK = timedelta(minutes=5)

_UUID7 = (
    r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-7[0-9a-fA-F]{3}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}(\.[0-9]+)?$"
)
_LAST_MILLISECOND = 253_402_000_000_000
"""In the year 9999: a later time is no date."""


def request_time(request_id: str) -> pl.Expr:
    """When the ids of a column were made (UTC); null where an id is not time-ordered."""
    ids = pl.col(request_id)
    milliseconds = (ids.str.slice(0, 8) + ids.str.slice(9, 4)).str.to_integer(base=16, strict=False)
    ordered = ids.str.contains(_UUID7) & (milliseconds <= _LAST_MILLISECOND)
    return pl.when(ordered).then(milliseconds).cast(pl.Datetime("ms", "UTC"))


def days_of(request_ids: pl.Series) -> list[date]:
    """The days that can hold the time-ordered ids, in order."""
    made = (
        pl.DataFrame({"request_id": request_ids})
        .select(request_time("request_id"))
        .to_series()
        .drop_nulls()
    )
    seconds = int(SLACK.total_seconds())
    near = [made.dt.offset_by(f"{sign}{seconds}s").dt.date() for sign in ("-", "")]
    return pl.concat(near).unique().sort().to_list()


def find_rows(
    table: pl.LazyFrame, request_ids: pl.Series, *, since: date | None = None
) -> pl.DataFrame:
    """Rows of a table partitioned by `date` whose `request_id` is one of `request_ids`.

    Time-ordered ids are looked for in their own days. An id that does not tell its day is looked
    for in every day from `since` on (None: in all of them).
    """
    ids = pl.DataFrame({"request_id": request_ids.unique()}).with_columns(
        request_time("request_id").alias("made")
    )
    told = ids.filter(pl.col("made").is_not_null())["request_id"]
    untold = ids.filter(pl.col("made").is_null())["request_id"]
    found = (
        [table.filter(pl.col("date").is_in(days_of(told))).pipe(_matching, told)]
        if len(told)
        else []
    )
    if len(untold):
        recent = table if since is None else table.filter(pl.col("date") >= since)
        found.append(recent.pipe(_matching, untold))
    return pl.concat(found).collect(engine="streaming") if found else table.head(0).collect()


def _matching(table: pl.LazyFrame, ids: pl.Series) -> pl.LazyFrame:
    span = pl.col("request_id").is_between(
        pl.lit(ids.min()), pl.lit(ids.max())
    )  # prunes files and row groups
    return table.filter(span).join(pl.LazyFrame({"request_id": ids}), on="request_id", how="semi")
