"""Gold: what was done about the levels of monitoring, and by whom."""

import polars as pl

from xray_assets import catalog
from xray_assets.catalog import CHANCES
from xray_assets.contracts.contract import Column, Contract
from xray_assets.contracts.tables.columns import count, date, number, text, time
from xray_assets.contracts.tables.days import CONCEPT, KINDS, LEVELS, MAJOR, MODERATE, UNKNOWN

EVENTS = (DAY, UNJUDGED, ACK, SNOOZE, RESOLVE, ESCALATION, ALERT, DELIVERY, ORDER) = (
    "day",
    "unjudged",
    "ack",
    "snooze",
    "resolve",
    "escalation",
    "alert",
    "delivery",
    "order",
)
"""What a row says: a judged day was answered; a day was not judged in time; a person's three acts;
an escalation; an alert that is to be sent, and how it went at one address; an order of review.
"""

DIGEST, OF_UNKNOWN, OF_ESCALATION, OF_RUN = ("digest", "unknown", "escalation", "run_failed")
ALERTS = (MODERATE, MAJOR, CONCEPT, DIGEST, OF_UNKNOWN, OF_ESCALATION, OF_RUN)
"""Kinds of alerts, of each at most one a day: the level rose to that; smaller news; days are not
judged; nobody answered; a run of monitoring failed.
"""

DELIVERIES = (SENT, NOT_SENT) = ("sent", "not_sent")

_KNOWN = tuple(level for level in LEVELS if level != UNKNOWN)


def _sites(name: str, description: str) -> Column:
    return Column(name, pl.List(pl.String), f"{description}; the empty name: all")


MONITORING_RECORD = Contract(
    catalog.MONITORING_RECORD,
    "One row a judged day, act, alert, delivery and order of review, with what stands after it: the last row is the present state. Append-only and hash-chained, with the head in the event of each run: `xray audit verify` finds an edit.",
    (
        time("recorded_at", "When", nullable=False),
        text("event", "What this row says", nullable=False, allowed=EVENTS),
        text("level", "The level after it", nullable=False, allowed=LEVELS),
        text("previous_level", "The level before it", nullable=False, allowed=LEVELS),
        text(
            "known_level",
            "As level; where that is UNKNOWN, the one before",
            nullable=False,
            allowed=_KNOWN,
        ),
        text("episode_id", "The episode, from NONE until NONE again; null: none"),
        Column(
            "auto_retraining",
            pl.Boolean,
            "False from an escalation until a person resolves it: retraining does not start by itself",
            nullable=False,
        ),
        date("date", "Of a day: which, of XRAY_TIMEZONE"),
        time("closed_at", "When that day was over"),
        text("baseline_id", "What that day was compared with; null: no baseline yet"),
        text("kind", "What changed; empty: nothing", allowed=("", *KINDS)),
        text("day_level", "Level of that day's evidence", allowed=LEVELS),
        count("quiet_days", "Closed days without an alarm in a row", nullable=False),
        _sites("sites", "Sites where it changed"),
        _sites("harm_sites", "Sites where harm is proven"),
        _sites("no_harm_sites", "Sites where no harm is shown"),
        number("log_evidence", "Log of that day's evidence"),
        text("reason_codes", "Why, one code a line"),
        text("actor", "Who: an account, `NAME (unauthenticated)`, or monitoring", nullable=False),
        text("reason", "Why, in words"),
        time("snoozed_until", "Of a snooze: until when"),
        text("alert_id", "The alert that is to be sent, or was"),
        text("alert", "Its kind", allowed=ALERTS),
        Column("escalated", pl.Boolean, "True where XRAY_ESCALATION_EMAIL is told too"),
        text("subject", "Its first line"),
        text("text", "The rest of it"),
        text("address", "Of a delivery: where to"),
        text("delivery", "How it went there", allowed=DELIVERIES),
        text("problem", "Why it was not sent"),
        text("site", "Of an order: cases of this site; `*`: of every site"),
        number("chance", "The chance that it asks for", allowed=CHANCES),
        date("until", "The last day on which it holds, UTC"),
        text("run_id", "The run that wrote it, in Dagster; null: a person's own process"),
        count("chain_position", "Place in the hash chain, from 1", nullable=False),
        text("previous_hash", "row_hash of the row before it", nullable=False),
        text("row_hash", "SHA-256 of all other filled columns, as canonical JSON", nullable=False),
    ),
    unique=("chain_position",),
)
