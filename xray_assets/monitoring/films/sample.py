"""Which films of a day are measured: its cost does not grow with the number of films. Pure."""

import hashlib

import polars as pl


def sampled(requests: pl.DataFrame, most: int) -> pl.DataFrame:
    """Of each site the `most` requests whose ids have the lowest SHA-256, in the order given.

    requests: `request_id` and `site`, of one whole day. The same for any order of them.
    """
    crowded = pl.len().over("site") > most
    few, many = requests.filter(~crowded), requests.filter(crowded)
    if many.is_empty():
        return requests
    keys = pl.Series([_key(request_id) for request_id in many["request_id"]], dtype=pl.Binary)
    rank = pl.col("_key").rank("ordinal").over("site")
    chosen = many.with_columns(_key=keys).filter(rank <= most)["request_id"]
    kept = pl.concat([few["request_id"], chosen])
    return requests.filter(pl.col("request_id").is_in(kept.implode()))


def _key(request_id: str) -> bytes:
    return hashlib.sha256(request_id.encode()).digest()
