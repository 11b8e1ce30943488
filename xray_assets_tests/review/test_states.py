"""What becomes of a drawn case as its reads come, or do not."""

from datetime import timedelta

import polars as pl
import pytest

from xray_assets.cases.assignments import bring_up_to_date
from xray_assets.catalog import REVIEW_ASSIGNMENTS
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.review.draws import DRAW_COLUMNS
from xray_assets_tests.feedback.memory_tables import MemoryTables
from xray_assets_tests.review.scenery import SECRET, START, arrive, assignments, open_experiment
from xray_assets_tests.review.scenery import read as take_in

P, N, U, X = "pneumonia", "normal", "uncertain", "uninterpretable"
ONE, TWO = 1, 2


@pytest.fixture(scope="module")
def drawn() -> dict[int, str]:
    """A patient whose case one reader is to read, and one of two readers."""
    tables = MemoryTables()
    open_experiment(tables)
    arrive(tables, [(f"p{n}", (0, 1), "other") for n in range(60)])
    bring_up_to_date(tables, SECRET, budget=100, now=START)
    wanted = assignments(tables)["reads_wanted"].to_list()
    return {count: f"p{wanted.index(count)}" for count in (ONE, TWO)}


def stands(patient: str, answers: list[tuple[str, str, str]], days: float = 1) -> tuple[str, int]:
    """State and reads of the patient's case after (role, reader, read), a run after each."""
    tables = MemoryTables()
    open_experiment(tables)
    (request,) = arrive(tables, [(patient, (0, 1), "other")])
    bring_up_to_date(tables, SECRET, budget=100, now=START)
    before = assignments(tables).select(DRAW_COLUMNS)
    for role, reader, answer in answers:
        take_in(tables, (request, reader, answer), role=role)
        bring_up_to_date(tables, SECRET, budget=100, now=START + timedelta(hours=1))
    bring_up_to_date(tables, SECRET, budget=100, now=START + timedelta(days=days))
    after = assignments(tables)
    assert after.select(DRAW_COLUMNS).equals(before), "a draw never changes"
    return after.select("state", "n_reads").row(0)


def said(*answers: str) -> list[tuple[str, str, str]]:
    return [("reader", f"DR{number}", answer) for number, answer in enumerate(answers)]


@pytest.mark.parametrize(
    ("wanted", "answers", "state"),
    [
        (ONE, [], "due"),
        (ONE, said(P), "settled"),
        (ONE, said(U), "due"),
        (ONE, said(X), "due"),
        (ONE, said(X, X), "uninterpretable"),
        (ONE, said(P, N), "due"),
        (TWO, said(P), "due"),
        (TWO, said(P, P), "settled"),
        (TWO, said(P, N), "due"),
        (TWO, [*said(P, N), ("adjudicator", "A", N)], "settled"),
        (TWO, [*said(P, N), ("adjudicator", "A", U)], "overdue"),
        (TWO, [*said(P, X), ("adjudicator", "A", X)], "uninterpretable"),
        (TWO, said(X, X), "uninterpretable"),
        (ONE, [("adjudicator", "A", U)], "due"),
    ],
)
def test_reads_settle_a_case(
    drawn: dict[int, str], wanted: int, answers: list[tuple[str, str, str]], state: str
) -> None:
    assert stands(drawn[wanted], answers) == (state, len(answers))


@pytest.mark.parametrize(
    ("wanted", "answers", "state"),
    [(ONE, [], "overdue"), (TWO, said(P), "settled"), (TWO, said(P, N), "overdue")],
)
def test_after_a_week_a_case_is_settled_by_the_reads_it_has_or_overdue(
    drawn: dict[int, str], wanted: int, answers: list[tuple[str, str, str]], state: str
) -> None:
    assert stands(drawn[wanted], answers, days=7) == (state, len(answers))
    assert stands(drawn[wanted], answers, days=6.99)[0] == "due"


def test_an_overdue_case_is_settled_by_a_late_read_and_due_again_when_that_is_withdrawn(
    drawn: dict[int, str],
) -> None:
    tables = MemoryTables()
    open_experiment(tables)
    (request,) = arrive(tables, [(drawn[ONE], (0, 1), "other")])
    found = []
    for day, answer in ((8, None), (9, P), (10, U)):
        if answer:
            take_in(tables, (request, "DR1", answer))
        bring_up_to_date(tables, SECRET, budget=100, now=START + timedelta(days=day))
        found.append(assignments(tables)["state"].item())
    assert found == ["overdue", "settled", "overdue"]


def test_an_unblinded_read_settles_nothing_and_a_case_that_was_not_drawn_stays_so(
    drawn: dict[int, str],
) -> None:
    tables = MemoryTables()
    open_experiment(tables)
    requests = arrive(
        tables, [(drawn[ONE], (0, 1), "other"), *((f"q{n}", (0, 0), "other") for n in range(40))]
    )
    take_in(tables, (requests[0], "DR1", P), blinded=False)
    take_in(tables, *((request, "DR1", P) for request in requests[1:]))
    bring_up_to_date(tables, SECRET, budget=100, now=START)
    rows = assignments(tables)
    assert rows.select("state", "n_reads").row(0) == ("due", 0)
    states = rows[1:].select("drawn", "state").unique().sort("drawn").rows()
    assert states == [(False, "not_drawn"), (True, "settled")]


def test_a_run_with_nothing_new_writes_no_row(drawn: dict[int, str]) -> None:
    tables = MemoryTables()
    open_experiment(tables)
    (request,) = arrive(tables, [(drawn[ONE], (0, 1), "other")])
    take_in(tables, (request, "DR1", P))
    bring_up_to_date(tables, SECRET, budget=100, now=START)
    written: list[pl.DataFrame] = []
    tables.merge = lambda key, rows, **_: written.append(rows)  # type: ignore[method-assign]
    done = bring_up_to_date(tables, SECRET, budget=100, now=START)
    assert (done.cases, done.changed) == (0, 0)
    assert all(rows.is_empty() for rows in written)
    assert CONTRACTS[REVIEW_ASSIGNMENTS].problems(assignments(tables)) == []
