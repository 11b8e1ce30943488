"""gold.retraining_requests: how a row begins and how it goes on. The one writer of that table."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import polars as pl

from xray_assets import clock
from xray_assets.catalog import RETRAINING_REQUESTS
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.contracts.tables.retraining import (
    ASKED,
    FAILED,
    MANUAL,
    RUNNING,
    SEARCH,
    SKIPPED,
    TRIGGERS,
)
from xray_assets.lake.tables import Tables
from xray_assets.retraining.deciding.due import ASK, RUN, SKIP, WAIT, Decision
from xray_assets.retraining.deciding.facts import Earlier, Facts

MONITORING = "retraining"
"""Who asks where no person does."""

Row = dict[str, Any]


def read_requests(tables: Tables) -> list[Row]:
    """Every request, oldest first."""
    return tables.read(RETRAINING_REQUESTS).sort("asked_at", "request_id").collect().to_dicts()


def earlier_of(rows: list[Row], is_alive: Callable[[str], bool]) -> tuple[Earlier, ...]:
    """What a decision asks of them. is_alive: whether a run is still carried out."""
    return tuple(
        Earlier(
            request_id=row["request_id"],
            state=row["state"],
            triggers=tuple(row["triggers"].split(",")),
            asked_at=row["asked_at"],
            updated_at=row["updated_at"],
            is_alive=row["state"] != RUNNING or is_alive(row["run_id"]),
        )
        for row in rows
    )


def row_of(
    decision: Decision, facts: Facts, rows: list[Row], *, now: datetime, run_id: str
) -> Row | None:
    """The row of a decision; None where there is nothing to say, or nothing new.

    A request that waits is gone on with, under its id, with every trigger that it had. A skip is
    told once, while nothing about it changes.
    """
    state = {RUN: RUNNING, ASK: ASKED, WAIT: ASKED, SKIP: SKIPPED}.get(decision.action)
    if state is None:
        return None
    waiting = next((row for row in reversed(rows) if row["state"] == ASKED), None)
    id_ = f"{now:%Y%m%dT%H%M%S}-{decision.triggers[0]}"
    triggers = set(decision.triggers)
    if state == SKIPPED:
        id_ = _skip_id(decision, facts, rows)
    elif waiting:
        id_, triggers = waiting["request_id"], triggers | set(waiting["triggers"].split(","))
    before = next((row for row in rows if row["request_id"] == id_), None)
    standing, word = facts.standing, facts.word
    named = ",".join(trigger for trigger in TRIGGERS if trigger in triggers)
    made = dict.fromkeys(CONTRACTS[RETRAINING_REQUESTS].schema.names()) | {
        "request_id": id_,
        "asked_at": before["asked_at"] if before else now,
        "updated_at": now,
        "triggers": named,
        "state": state,
        "reason_code": decision.reason.code,
        "reason": decision.reason.sentence,
        "asked_by": word.by if word else MONITORING,
        "method": decision.method,
        "level": standing.level,
        "kind": standing.kind,
        "sites": ",".join(standing.sites),
        "episode_id": standing.episode_id,
        "baseline_id": standing.baseline_id,
        "evidence": json.dumps(_evidence(facts), sort_keys=True, default=str),
        "new_truths": facts.new.count,
        "budget_left": decision.budget_left,
        "run_id": run_id,
    }
    same = ("state", "reason_code", "triggers")
    if before and state != RUNNING and all(before[name] == made[name] for name in same):
        return None
    return made


def save(tables: Tables, row: Mapping[str, Any], **changes: Any) -> Row:
    """Write a row, with what changed about it; returns it as it stands."""
    now = {"updated_at": clock.now()} if changes else {}
    changed = {**row, **changes, **now}
    tables.merge(
        RETRAINING_REQUESTS, pl.DataFrame([changed], schema=CONTRACTS[RETRAINING_REQUESTS].schema)
    )
    return changed


def of_run(tables: Tables, run_id: str) -> Row | None:
    """The request that this run carries out; None where it carries out none."""
    rows = read_requests(tables)
    mine = (row for row in rows if row["state"] == RUNNING and row["run_id"] == run_id)
    return next(mine, None)


def of_search(tables: Tables, *, by: str, reason: str, run_id: str) -> Row:
    """The request of what a search has found: it goes the way of every candidate."""
    now = clock.now()
    made = dict.fromkeys(CONTRACTS[RETRAINING_REQUESTS].schema.names()) | {
        "request_id": f"{now:%Y%m%dT%H%M%S}-{SEARCH}",
        "asked_at": now,
        "updated_at": now,
        "triggers": MANUAL,
        "state": RUNNING,
        "reason_code": SEARCH,
        "reason": reason,
        "asked_by": by,
        "method": SEARCH,
        "evidence": json.dumps({"standing": {"since": None}}),
        "new_truths": 0,
        "budget_left": 0,
        "run_id": run_id,
    }
    return save(tables, made)


def end_dead(tables: Tables, is_alive: Callable[[str], bool]) -> None:
    """A request whose run has ended without saying what came of it has failed."""
    for row in read_requests(tables):
        if row["state"] == RUNNING and not is_alive(row["run_id"]):
            said = f"run {row['run_id']} ended: its log says why"
            save(tables, row, state=FAILED, reason_code="run_ended", reason=said)


def _skip_id(decision: Decision, facts: Facts, rows: list[Row]) -> str:
    done = [row["request_id"] for row in rows if row["state"] not in (SKIPPED, ASKED)]
    told = (*decision.triggers, decision.reason.code, facts.standing.since, *done[-1:])
    if facts.word:
        told = (*told, facts.word.by, facts.word.reason, len(rows))
    return "skipped-" + hashlib.sha256("|".join(map(str, told)).encode()).hexdigest()[:12]


def _evidence(facts: Facts) -> Row:
    """The facts as numbers and words; the requests before it are rows of their own."""
    new, standing = facts.new, facts.standing
    return {
        "new": {**vars(new), "at_sites": dict(new.at_sites)},
        "standing": asdict(standing),
        "last_set_size": facts.last_set_size,
        "last_trained_at": facts.last_trained_at,
        "quality": {"now": dict(facts.quality.now), "before": dict(facts.quality.before)},
        "agreement_fell": facts.agreement_fell,
        "experiment_open": facts.experiment_open,
    }
