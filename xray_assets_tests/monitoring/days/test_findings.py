"""What the checks of a judged day say."""

from typing import Any

from xray_assets.monitoring.days.findings import TOLD, findings
from xray_assets.reasons import Reason, as_columns
from xray_assets_tests.monitoring.days.made_days import FIRST

FILMS, SCORES, PREVALENCE = list(TOLD)[1:4]
HARM = "no_harm_is_proven"


def row(level: str = "NONE", code: str = "", **more: Any) -> dict[str, Any]:
    reasons = [Reason(code, "why")] if code else []
    plain = {"date": FIRST, "kind": "", "families": [], "sites": [], "harm_sites": []}
    return {"level": level, **plain, **as_columns(reasons), **more}


def red(found: dict[str, Any] | None, overdue: int = 0) -> dict[str, bool]:
    """The checks that fail, and whether they are errors."""
    seen = findings(found, overdue=overdue)
    assert [one.name for one in seen] == [*TOLD]
    return {one.name: one.grave for one in seen if not one.passed}


def test_an_ordinary_day_and_none_at_all_are_green() -> None:
    assert red(row()) == red(None) == {}


def test_days_that_are_overdue_or_unknown_are_an_error_but_not_those_that_wait_for_a_baseline() -> (
    None
):
    judged = {"the_day_was_judged": True}
    assert red(row(), overdue=2) == red(None, overdue=1) == judged
    assert red(row("UNKNOWN", "no_rows")) == judged
    assert red(row("UNKNOWN", "baseline_incomplete")) == {}
    assert all("why" in one.sentence for one in findings(row("UNKNOWN", "no_rows"), overdue=0))


def test_what_changed_is_a_warning_and_harm_an_error() -> None:
    for family, name in (("film", FILMS), ("embedding", FILMS), ("segment", FILMS)):
        assert red(row("MINOR", families=[family], sites=[""])) == {name: False}
    assert red(row("MINOR", families=["score"], kind="prevalence")) == {
        SCORES: False,
        PREVALENCE: False,
    }
    harmed = row("MAJOR", families=["film", "harm"], sites=["a"], harm_sites=["a"])
    assert red(harmed) == {FILMS: False, HARM: True}
    assert red(row("CONCEPT", families=["truth"])) == {HARM: True}


def test_without_reads_harm_is_not_known_and_the_check_says_so() -> None:
    found = row(code="no_reads")
    assert red(found) == {}
    assert "not known" in findings(found, overdue=0)[-1].sentence
