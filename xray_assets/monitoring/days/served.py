"""Which models a day is judged of: the champion at its end, and the challenger beside it."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from xray_assets.catalog import CHALLENGER, CHAMPION, ENDPOINT_CONFIG
from xray_assets.lake.tables import Tables


@dataclass(frozen=True)
class Served:
    """A champion, and the challenger of the experiment that runs, by served name and digest of the
    artifact. Without an experiment the last two are null.
    """

    champion: str
    artifact_sha256: str
    experiment_id: str | None = None
    challenger: str | None = None
    challenger_sha256: str | None = None


def served_at(tables: Tables, moment: datetime) -> Served | None:
    """What the last config wanted that the endpoint was seen to serve before a moment; None before
    the first.
    """
    configs = tables.read(ENDPOINT_CONFIG).filter(pl.col("applied_at") < moment)
    newest = configs.filter(pl.col("config_version") == pl.col("config_version").max()).collect()
    by_role = {row["role"]: row for row in newest.iter_rows(named=True)}
    champion, challenger = by_role.get(CHAMPION), by_role.get(CHALLENGER, {})
    if champion is None:
        return None
    return Served(
        champion["served_model_name"],
        champion["artifact_sha256"],
        champion["experiment_id"],
        challenger.get("served_model_name"),
        challenger.get("artifact_sha256"),
    )
