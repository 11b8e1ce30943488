"""Which columns of a day's films are described, in which slices."""

from collections.abc import Iterator

import polars as pl

from xray_assets.catalog import CHALLENGER, CHAMPION, FEATURES

NUMBERS = (*FEATURES, f"score_{CHAMPION}", f"score_{CHALLENGER}")
CATEGORIES = (f"label_{CHAMPION}", f"label_{CHALLENGER}", "status_code", "served_arm", "site")

SITE = "site"
"""What films are sliced by."""


def described(films: pl.DataFrame) -> pl.DataFrame:
    """The columns of films of `days.rows` that are described: numbers as float64, then categories
    as they are.
    """
    return films.select(pl.col(NUMBERS).cast(pl.Float64), *CATEGORIES)


def slices(films: pl.DataFrame) -> Iterator[tuple[str | None, pl.DataFrame]]:
    """All films under None, then those of each site."""
    yield None, films
    for site in films[SITE].unique().sort():
        yield site, films.filter(pl.col(SITE) == site)


def data_type(dtype: pl.DataType) -> str:
    """As Databricks names it."""
    return "double" if dtype.is_float() else "int" if dtype.is_integer() else "string"
