"""Truth arrives once, on the day on which it settled the case."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl
import pytest

from xray_assets.catalog import PREDICTION_FEEDBACK, REVIEW_ASSIGNMENTS
from xray_assets.monitoring.days.look import Look
from xray_assets.monitoring.days.reads import last_rank, settled_between
from xray_assets_tests.feedback.memory_tables import MemoryTables
from xray_assets_tests.monitoring.days.made_days import FIRST, Traffic, rows

ONE_DAY = timedelta(days=1)


class Cases:
    """One case a test, drawn on the first day."""

    def __init__(self) -> None:
        self.tables = MemoryTables()
        self.traffic = Traffic(self.tables)
        self.ids = self.traffic.day(FIRST, count=2)
        self.rank = 0

    def draw(self, **how: Any) -> None:
        """Change the draw of both cases."""
        drawn = self.tables.read(REVIEW_ASSIGNMENTS).with_columns(
            **{name: pl.lit(value) for name, value in how.items()}
        )
        self.tables.overwrite(REVIEW_ASSIGNMENTS, drawn.collect())

    def read(self, day: date, read: str, reader: str = "DR001", **more: Any) -> None:
        """A read of the first case."""
        self.rank += 1
        truth = {"pneumonia": "PNEUMONIA", "normal": "NORMAL"}.get(read)
        row = {
            "feedback_id": f"f{self.rank}", "prediction_id": self.ids[0], "prediction_date": FIRST,
            "timestamp": datetime.combine(day, time(12), UTC), "read": read, "ground_truth": truth,
            "radiologist_id": reader, "reader_role": "reader", "blinded": True,
            "confidence": "confirmed", "feedback_source": "api", "inbox_position": self.rank,
            "acceptance_rank": self.rank,
        }  # fmt: skip
        self.tables.append(PREDICTION_FEEDBACK, rows(PREDICTION_FEEDBACK, [row | more]))

    def arrivals(self, days: int = 12) -> list[tuple[int, int]]:
        """(day, truth) of each arrival, looked for day by day."""
        found, before = [], None
        for number in range(days):
            day = FIRST + timedelta(days=number)
            end = datetime.combine(day + ONE_DAY, time(), UTC)
            look = Look(day, self.traffic.log, last_rank(self.tables, before, end))
            settled = settled_between(self.tables, before, look, "UTC")
            assert settled["review_probability"].is_in([0.5]).all()
            found += [(number, truth) for truth in settled["truth"]]
            before = look
        return found


@pytest.fixture
def cases() -> Cases:
    return Cases()


def test_a_read_of_a_drawn_case_arrives_on_its_day_and_only_there(cases: Cases) -> None:
    cases.read(FIRST + 2 * ONE_DAY, "pneumonia")
    assert cases.arrivals() == [(2, 1)]


def test_a_case_of_two_readers_arrives_when_the_second_agrees(cases: Cases) -> None:
    cases.draw(reads_wanted=2)
    cases.read(FIRST, "normal")
    cases.read(FIRST + 3 * ONE_DAY, "normal", "DR002")
    assert cases.arrivals() == [(3, 0)]


def test_a_case_whose_second_reader_never_came_arrives_when_its_time_is_up(cases: Cases) -> None:
    cases.draw(reads_wanted=2)
    cases.read(FIRST, "normal")
    assert cases.arrivals() == [(7, 0)]


def test_readers_who_differ_arrive_with_the_adjudicators_word(cases: Cases) -> None:
    cases.draw(reads_wanted=2)
    cases.read(FIRST, "normal")
    cases.read(FIRST + ONE_DAY, "pneumonia", "DR002")
    cases.read(FIRST + 4 * ONE_DAY, "pneumonia", "DR003", reader_role="adjudicator")
    assert cases.arrivals() == [(4, 1)]


def test_a_later_answer_of_the_same_truth_is_no_second_arrival(cases: Cases) -> None:
    cases.read(FIRST, "pneumonia")
    cases.read(FIRST + ONE_DAY, "pneumonia", "DR002")
    cases.read(FIRST + 2 * ONE_DAY, "pneumonia")
    assert cases.arrivals() == [(0, 1)]


@pytest.mark.parametrize("how", ["unblinded", "not drawn", "uncertain"])
def test_what_is_no_truth_at_a_logged_chance_never_arrives(cases: Cases, how: str) -> None:
    if how == "not drawn":
        cases.draw(drawn=False)
    cases.read(FIRST, "uncertain" if how == "uncertain" else "normal", blinded=how != "unblinded")
    assert cases.arrivals() == []


def test_a_read_that_is_accepted_after_its_day_was_judged_arrives_on_the_next(cases: Cases) -> None:
    cases.read(FIRST, "normal", acceptance_rank=9)
    before = Look(FIRST, cases.traffic.log, 8)
    end = datetime.combine(FIRST + 2 * ONE_DAY, time(), UTC)
    look = Look(FIRST + ONE_DAY, cases.traffic.log, last_rank(cases.tables, before, end))
    assert look.read_rank == 9
    assert settled_between(cases.tables, before, look, "UTC")["truth"].to_list() == [0]
