"""What follows once a candidate is registered: its backtest is looked at, then it is recommended,
or an experiment opens in shadow. Nothing here moves traffic.
"""

from typing import TYPE_CHECKING

import polars as pl

from xray_assets.catalog import BACKTESTS
from xray_assets.contracts.tables.retraining import GATED, OPENED, RECOMMENDED, REGISTERED
from xray_assets.lake.tables import Tables
from xray_assets.retraining.requests import Row, read_requests, save

if TYPE_CHECKING:  # Dagster comes with it
    from xray_assets.resources.ramp import Ramp

AGAINST = "ROLLBACK"
"""The backtest's verdict that ends a candidate; too few reads end none: shadow serves nobody."""


def backtested(tables: Tables) -> list[tuple[Row, Row]]:
    """Registered requests whose candidate was backtested, and the newest backtest of each."""
    rows = [row for row in read_requests(tables) if row["state"] == REGISTERED]
    digests = [row["artifact_sha256"] for row in rows]
    made = tables.read(BACKTESTS).filter(pl.col("candidate_sha256").is_in(digests))
    newest = {row["candidate_sha256"]: row for row in made.sort("made_at").collect().to_dicts()}
    return [
        (row, newest[row["artifact_sha256"]]) for row in rows if row["artifact_sha256"] in newest
    ]


def settle(tables: Tables, ramp: "Ramp", mode: str) -> list[Row]:
    """Take each backtested candidate on; returns the rows as they stand then."""
    return [_settled(tables, ramp, mode, *pair) for pair in backtested(tables)]


def _settled(tables: Tables, ramp: "Ramp", mode: str, row: Row, backtest: Row) -> Row:
    from xray_assets.rollout.acts import open_experiment
    from xray_assets.rollout.experiment import ExperimentError
    from xray_assets.rollout.state import read_state

    if backtest["verdict"] == AGAINST:
        return save(tables, row, state=GATED, reason_code="backtest", reason=backtest["reasons"])
    command = f"`xray experiment open {row['model'].rsplit('.', 1)[-1]} {row['version']}`"
    if mode != "shadow":
        said = f"a person opens the experiment: {command}"
        return save(tables, row, state=RECOMMENDED, reason_code="recommended", reason=said)
    last = read_state(tables).last
    if last and last.is_running:
        said = f"{last.experiment_id} runs: {command} once it has ended"
        return save(tables, row, state=RECOMMENDED, reason_code="experiment_open", reason=said)
    reason = f"retraining {row['request_id']} ({row['triggers']})"
    shadow = ramp.model_copy(update={"starting_share": 0})
    try:
        opened = open_experiment(
            shadow, row["model"], row["version"], by=row["asked_by"], reason=reason
        )
    except ExperimentError as error:
        return save(tables, row, state=RECOMMENDED, reason_code="not_opened", reason=str(error))
    assert opened.experiment is not None  # noqa: S101  (it was just opened)
    return save(
        tables,
        row,
        state=OPENED,
        reason_code="opened",
        reason=opened.not_served or "an experiment at share 0",
        experiment_id=opened.experiment.experiment_id,
    )
