"""The record on real Delta tables: days are answered once, by any number of writers, an edit shows,
and alerts go over real HTTP and SMTP.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from xray_assets.audit.chain import BrokenRecord, broken_links
from xray_assets.catalog import (
    MONITORING_DAYS,
    MONITORING_RECORD,
    RETRAINING_REQUESTS,
    REVIEW_POLICY,
    Key,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.contracts.tables.days import MAJOR, MINOR, MODERATE, NONE, UNKNOWN
from xray_assets.monitoring.response import acts
from xray_assets.monitoring.response.answer import answer, is_due
from xray_assets.monitoring.response.deliveries import not_arrived
from xray_assets.monitoring.response.evidence import JudgedDay
from xray_assets.monitoring.response.record import read, state_of
from xray_assets.monitoring.response.state import Row
from xray_assets.notices.by_webhook import Webhook
from xray_assets.notices.notice import Notice, Sender
from xray_assets.resources.local.tables import LocalDelta
from xray_assets_tests.crashing_tables import Crash, CrashingTables
from xray_assets_tests.monitoring.response.days import a_day, over
from xray_assets_tests.notices.servers import Chat, MailBox, running

BLANKS = {pl.String: "", pl.Int64: 0, pl.Float64: 0.0, pl.List: []}


def day_row(day: JudgedDay) -> dict[str, Any]:
    """A row of gold.monitoring_days; what is not answered is blank."""
    contract = CONTRACTS[MONITORING_DAYS]
    blank = {
        column.name: None if column.nullable else BLANKS.get(column.dtype.base_type())
        for column in contract.columns
    }
    said = {name: getattr(day, name) for name in ("date", "baseline_id", "level", "kind")}
    return (
        blank
        | said
        | {
            "closed_at": day.closed_at,
            "judged_at": day.closed_at,
            "sites": list(day.sites),
            "no_harm_sites": list(day.no_harm_sites),
            "review_sites": [site for site, _ in day.review],
            "review_shares": [share for _, share in day.review],
            "reason_codes": "\n".join(day.reason_codes),
        }
    )


class Clinic:
    """Tables in a folder, and where alerts go."""

    def __init__(self, folder: Path) -> None:
        self.tables = LocalDelta(root=str(folder / "lake"))
        self.places: list[Sender] = []
        self.escalated: list[Sender] = []

    def judge(self, *days: JudgedDay) -> None:
        self.append(MONITORING_DAYS, [day_row(day) for day in days])

    def append(self, key: Key, rows: list[dict[str, Any]]) -> None:
        self.tables.append(key, pl.DataFrame(rows, schema=CONTRACTS[key].schema))

    def senders(self, escalated: bool = False) -> list[Sender]:
        return [*self.places, *(self.escalated if escalated else [])]

    def answer(self, now: datetime) -> list[Row]:
        return answer(self.tables, self.senders, now=now, run_id="run")

    def due(self, now: datetime) -> int:
        return len(is_due(self.tables, read(self.tables), self.senders, now=now))

    def replace(self, rows: list[Row]) -> None:
        schema = CONTRACTS[MONITORING_RECORD].schema
        self.tables.overwrite(MONITORING_RECORD, pl.DataFrame(rows, schema=schema))


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return Clinic(tmp_path)


def test_a_day_is_answered_once_with_its_orders_of_review(clinic: Clinic) -> None:
    clinic.judge(a_day(0), a_day(1, MODERATE, review=(("b", 0.4), ("", 0.1))))
    assert clinic.due(over(1)) > 0
    rows = clinic.answer(over(1))
    assert [row["event"] for row in rows] == ["day", "day", "order", "alert"]
    assert clinic.due(over(1)) == 0 and clinic.answer(over(1)) == rows == read(clinic.tables)
    (order,) = clinic.tables.read(REVIEW_POLICY).collect().to_dicts()
    assert (order["site"], order["chance"], order["decided_by"]) == ("b", 0.5, "monitoring")
    assert order["effective_until"].date() == over(1).date() + timedelta(days=4)


class Letters:
    """An address that keeps the ids of what came."""

    address = "ada"

    def __init__(self) -> None:
        self.keys: list[str] = []

    def send(self, notice: Notice) -> None:
        self.keys.append(notice.key)


def crashed(folder: Path, writes: int | None) -> tuple[Clinic, Letters, bool]:
    """Three days answered by a run that dies at a write, and by the next one; whether it died."""
    clinic, letters, died = Clinic(folder), Letters(), False
    clinic.places = [letters]
    asked = (("b", 0.4), ("", 0.2))
    clinic.judge(a_day(0, MINOR), a_day(1, MODERATE, review=asked), a_day(2, MAJOR, review=asked))
    real = clinic.tables
    clinic.tables = CrashingTables(real, writes)
    try:
        clinic.answer(over(2))
    except Crash:
        died = True
    clinic.tables = real
    clinic.answer(over(2))
    return clinic, letters, died


def test_a_run_that_dies_at_any_write_leaves_the_same_record_and_orders_once(
    tmp_path: Path,
) -> None:
    def policy(clinic: Clinic) -> list[tuple[str, float]]:
        return clinic.tables.read(REVIEW_POLICY).select("site", "chance").collect().rows()

    whole, letters, _ = crashed(tmp_path / "whole", None)
    assert (len(policy(whole)), len(letters.keys)) == (2, 2)
    for writes in count():
        clinic, again, died = crashed(tmp_path / str(writes), writes)
        assert read(clinic.tables) == read(whole.tables)
        assert policy(clinic) == policy(whole)
        assert {*again.keys} == {*letters.keys} and len(again.keys) <= len(letters.keys) + 1
        if not died:
            break
    assert writes == 5, "the response, two orders, two deliveries"


def test_the_acts_of_people_at_once_and_a_run_between_them_make_one_chain(clinic: Clinic) -> None:
    clinic.judge(a_day(0, MAJOR))
    clinic.answer(over(0))

    def say(number: int) -> object:
        if number == 0:
            return clinic.answer(over(0, 30))
        return acts.acknowledge(clinic.tables, by=f"person {number}", now=over(0, 30))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(say, range(3)))
    rows = read(clinic.tables)
    assert broken_links(rows) == []
    assert sorted(row["actor"] for row in rows if row["event"] == "ack") == ["person 1", "person 2"]


@pytest.mark.parametrize("harm", ["edited", "removed", "moved", "added"])
def test_an_edited_record_shows_and_nothing_is_made_of_it(clinic: Clinic, harm: str) -> None:
    clinic.judge(a_day(0, MAJOR), a_day(1), a_day(2))
    rows = clinic.answer(over(2))
    clinic.replace(
        {
            "edited": [rows[0] | {"level": NONE, "known_level": NONE}, *rows[1:]],
            "removed": [rows[0], *rows[2:]],
            "moved": [rows[0], rows[2] | {"chain_position": 2}, rows[1] | {"chain_position": 3}],
            "added": [*rows, rows[-1] | {"chain_position": len(rows) + 1}],
        }[harm]
    )
    with pytest.raises(BrokenRecord, match="xray audit verify"):
        clinic.answer(over(3))
    with pytest.raises(BrokenRecord):
        acts.resolve(clinic.tables, by="ada", reason="over", now=over(3))


def test_what_people_say_is_refused_where_there_is_nothing_to_say_it_about(clinic: Clinic) -> None:
    tables = clinic.tables
    clinic.judge(a_day(0))
    clinic.answer(over(0))
    for act in (acts.acknowledge, acts.resolve, acts.snooze):
        more: dict[str, Any] = {"reason": "r"} | ({"days": 3} if act is acts.snooze else {})
        with pytest.raises(acts.ActRefused, match="the level is NONE"):
            act(tables, by="ada", now=over(0), **more)
    clinic.judge(a_day(1, UNKNOWN, reason_codes=("no_rows",)))
    clinic.answer(over(1))
    with pytest.raises(acts.ActRefused, match="UNKNOWN ends"):
        acts.resolve(tables, by="ada", reason="r", now=over(1))
    for days in (0, 31):
        with pytest.raises(acts.ActRefused, match="at most 30"):
            acts.snooze(tables, days=days, by="ada", now=over(1))
    with pytest.raises(acts.ActRefused, match="--reason"):
        acts.resolve(tables, by="ada", reason=" ", now=over(1))
    assert "no alerts until" in str(acts.snooze(tables, days=30, by="ada", now=over(1)))


def test_retrainings_that_failed_since_the_last_good_one_are_counted(clinic: Clinic) -> None:
    states = ["gated", "opened", "failed", "skipped", "gated"]
    contract = CONTRACTS[RETRAINING_REQUESTS]
    blank = {
        column.name: None if column.nullable else BLANKS.get(column.dtype.base_type())
        for column in contract.columns
    }
    clinic.append(
        RETRAINING_REQUESTS,
        [
            blank
            | {"request_id": f"r{number}", "state": state, "triggers": "manual"}
            | dict.fromkeys(("asked_at", "updated_at"), over(number))
            for number, state in enumerate(states)
        ],
    )
    clinic.judge(a_day(0))
    clinic.answer(over(0))
    state = state_of(clinic.tables)
    assert state.escalated == {("retrainings_failed", "r4")} and not state.auto_retraining


def test_an_alert_goes_to_each_address_and_an_escalation_to_one_more(clinic: Clinic) -> None:
    chat, post = Chat(), MailBox()
    with running(chat), running(post):
        clinic.places = [Webhook(chat.url, "key"), post.to("ada@clinic.test")]
        clinic.escalated = [post.to("head@clinic.test")]
        clinic.judge(a_day(0, MAJOR))
        rows = clinic.answer(over(0))
        clinic.answer(over(0, 26 * 60))
    sent = [row for row in rows if row["event"] == "delivery"]
    assert [row["delivery"] for row in sent] == ["sent", "sent"]
    first, second = (json.loads(came.body) for came in chat.came)
    assert (first["alert"], first["level"]) == (MAJOR, MAJOR) and second["alert"] == "escalation"
    assert first["key"].endswith("gold.monitoring_record/MAJOR/2026-01-02")
    assert all("X-Xray-Signature" in came.headers for came in chat.came)
    told = [line for letter in post.came for line in letter.splitlines() if line[:3] == "To:"]
    assert told == ["To: ada@clinic.test"] * 2 + ["To: head@clinic.test"]


def test_an_alert_that_fails_is_kept_as_failed_and_tried_again_after_a_pause(
    clinic: Clinic,
) -> None:
    chat = Chat()
    chat.status = 503
    with running(chat):
        clinic.places = [Webhook(chat.url)]
        clinic.judge(a_day(0, MAJOR))
        rows = clinic.answer(over(0))
        (failed,) = not_arrived(rows, over(0))
        assert "503" in failed["problem"]
        assert clinic.due(over(0, 9)) == 0
        assert clinic.due(over(0, 10)) == 1
        chat.status = 200
        assert not_arrived(clinic.answer(over(0, 10)), over(0, 10)) == []
        assert clinic.due(over(0, 600)) == 0
    assert len({came.headers["idempotency-key"] for came in chat.came}) == 1


def test_a_failed_run_is_told_once_a_day(clinic: Clinic) -> None:
    for minutes in (0, 60, 24 * 60):
        acts.run_failed(
            clinic.tables, job="monitor", run_id="r", problem="disk full", now=over(0, minutes)
        )
    alerts = [row for row in read(clinic.tables) if row["event"] == "alert"]
    assert [row["alert_id"] for row in alerts] == ["run_failed/2026-01-02", "run_failed/2026-01-03"]
    assert "disk full" in alerts[0]["text"]
