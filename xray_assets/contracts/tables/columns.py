"""What the contracts of several tables share: kinds of columns, and the values they may hold."""

import polars as pl

from xray_assets.catalog import CHALLENGER, CHAMPION
from xray_assets.contracts.contract import TIMESTAMP, Column

SPLITS = ("train", "test", "val")
EXPERIMENT_STATES = (
    "open",
    "ramping",
    "promoted",
    "rolled_back",
    "inconclusive",
    "closed",
    "withdrawn",
)
READS = ("pneumonia", "normal", "uncertain", "uninterpretable")
FEEDBACK_TYPES = ("true-positive", "false-positive", "true-negative", "false-negative")
CONFIDENCES = ("confirmed", "uncertain", "needs_review")
READER_ROLES = ("reader", "adjudicator")
FILM_QUALITIES = ("rotated", "exposure", "motion", "cropped", "artefact")
OPINIONS = ("agree", "keep", "change")
FEEDBACK_SOURCES = ("api", "radiologist", "pathology", "manual", "simulation")
VERDICTS = ("PROMOTE", "KEEP_TESTING", "ROLLBACK")


def text(name: str, description: str, **promise: object) -> Column:
    """A text column."""
    return Column(name, pl.String, description, **promise)  # type: ignore[arg-type]


def number(name: str, description: str, **promise: object) -> Column:
    """A float column; NaN never keeps a contract."""
    return Column(name, pl.Float64, description, **promise)  # type: ignore[arg-type]


def share(name: str, description: str, **promise: object) -> Column:
    """A float column in [0, 1]."""
    return Column(name, pl.Float64, description, minimum=0, maximum=1, **promise)  # type: ignore[arg-type]


def count(name: str, description: str, **promise: object) -> Column:
    """An integer column from 0."""
    return Column(name, pl.Int64, description, minimum=0, **promise)  # type: ignore[arg-type]


def label(name: str, description: str, **promise: object) -> Column:
    """A class: 0 or 1."""
    return Column(name, pl.Int32, description, allowed=(0, 1), **promise)  # type: ignore[arg-type]


def time(name: str, description: str, **promise: object) -> Column:
    """A UTC timestamp."""
    return Column(name, TIMESTAMP, description, **promise)  # type: ignore[arg-type]


def date(name: str, description: str, **promise: object) -> Column:
    """A day."""
    return Column(name, pl.Date, description, **promise)  # type: ignore[arg-type]


SITE = text(
    "site",
    "Where the request came from: one of XRAY_SITES, the token's site, or `other`",
    nullable=False,
    default="other",
)
LOG_POSITION = count("log_position", "Position in the endpoint's inference log", nullable=False)
EXPERIMENT = text("experiment_id", "The experiment whose config answered", nullable=False)


def per_role(*columns: Column) -> tuple[Column, ...]:
    """The same columns for champion and challenger."""
    return tuple(
        Column(
            f"{role}_{c.name}",
            c.dtype,
            f"{c.description} of the {role}",
            c.nullable,
            c.allowed,
            c.minimum,
            c.maximum,
        )
        for role in (CHAMPION, CHALLENGER)
        for c in columns
    )
