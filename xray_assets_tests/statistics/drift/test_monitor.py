"""The monitor on days as they come: quiet, changed, incomplete, repeated, resumed."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xray_assets.catalog import FEATURES
from xray_assets.statistics.drift import Day, Monitor
from xray_assets_tests.statistics.drift.small_world import baseline, films, monitor, reads

NO_READS = reads(np.random.default_rng(0), films(np.random.default_rng(0), 0, 2), 0.0)


def observe(judge: Monitor, rng: np.random.Generator, day: int, **change: object) -> Day:
    """A day of this world, with a tenth of its films read at once."""
    rows = films(rng, day, **change)  # type: ignore[arg-type]
    return judge.observe_day(day, rows.drop("truth"), reads(rng, rows))


def same(one: Day, other: Day) -> None:
    assert one.evidence.equals(other.evidence)
    assert (one.level, one.kind, one.log_evidence) == (other.level, other.kind, other.log_evidence)
    assert (one.review_fractions, one.harm) == (other.review_fractions, other.harm)


def test_forty_days_on_which_nothing_changed_raise_no_alarm() -> None:
    rng, judge = monitor()
    assert {observe(judge, rng, day).level for day in range(40)} == {"NONE"}


def test_a_change_of_the_films_is_found_named_and_gone_soon_after_its_end() -> None:
    rng, judge = monitor()
    days = [observe(judge, rng, day, shift=0.5 if 5 <= day < 20 else 0.0) for day in range(41)]
    assert {day.level for day in days[:5]} == {"NONE"}
    assert {(day.level, day.kind) for day in days[7:20]} == {("MODERATE", "covariate")}
    assert days[7].review_fractions == {"A": 0.5, "B": 0.5}
    assert days[-1].level == "NONE"
    assert days[-1].review_fractions == {"A": 0.1, "B": 0.1}


def test_a_change_of_the_prevalence_alone_is_named_prevalence() -> None:
    rng, judge = monitor()
    days = [observe(judge, rng, day, prevalence=0.5) for day in range(12)]
    assert {day.kind for day in days[-4:]} == {"prevalence"}


def test_a_site_that_the_baseline_never_saw_is_named_segment_and_read() -> None:
    rng, judge = monitor()
    days = [observe(judge, rng, day, sites=("A", "B", "B", "new")) for day in range(4)]
    assert (days[-1].level, days[-1].kind) == ("MODERATE", "segment")
    assert days[-1].review_fractions["new"] == 0.5


def test_a_change_at_one_site_asks_for_reads_there_and_not_elsewhere() -> None:
    rng, judge = monitor()
    for day in range(3):
        here = films(rng, day, 100, shift=0.6, sites=("B",))
        rows = pl.concat([here, films(rng, day, 100, sites=("A",))])
        rows = rows.with_columns(request_id=pl.format("{}-{}", "site", "request_id"))
        said = judge.observe_day(day, rows.drop("truth"), NO_READS)
    assert said.review_fractions == {"A": 0.1, "B": 0.5}


@pytest.mark.parametrize("missing", ["rows", "features", "scores", "all but a few rows", "answers"])
def test_what_cannot_be_judged_is_unknown_on_the_same_day_and_changes_no_evidence(
    missing: str,
) -> None:
    rng, judge = monitor()
    before = observe(judge, rng, 0)
    rows = films(rng, 1).drop("truth")
    gone = pl.int_range(pl.len()) < 0.2 * pl.len()
    rows = {
        "rows": rows.clear(),
        "features": rows.with_columns(pl.when(~gone).then("p50").alias("p50")),
        "scores": rows.with_columns(pl.when(~gone).then("score_champion")),
        "all but a few rows": rows.head(5),
        "answers": rows.with_columns(status_code=pl.lit(503)),
    }[missing]
    said = judge.observe_day(1, rows, NO_READS)
    assert (said.level, said.kind) == ("UNKNOWN", "operations")
    assert said.log_evidence == before.log_evidence
    assert observe(judge, rng, 2).level == "NONE"


def test_a_day_is_judged_once_and_in_order_and_days_may_be_left_out() -> None:
    rng, judge = monitor()
    observe(judge, rng, 0)
    observe(judge, rng, 5)
    for day in (5, 3, -1):
        with pytest.raises(ValueError, match="once, in order"):
            observe(judge, rng, day)
    assert observe(judge, rng, 6).level == "NONE"


def test_neither_the_order_of_rows_nor_their_repetition_changes_a_day() -> None:
    rng = np.random.default_rng(1)
    reference, known = baseline(rng)
    rows = films(rng, 0, shift=0.2)
    settled = reads(rng, rows, 0.5)
    rows = rows.drop("truth")
    one = Monitor(reference, known).observe_day(0, rows, settled)
    other = Monitor(reference.sample(fraction=1, shuffle=True, seed=1), known.reverse())
    twice = other.observe_day(0, pl.concat([rows.reverse(), rows]), pl.concat([settled] * 2))
    same(one, twice)


def test_a_resumed_monitor_goes_on_as_one_that_never_stopped_and_its_state_does_not_grow() -> None:
    rng = np.random.default_rng(2)
    reference, known = baseline(rng)
    judge = Monitor(reference, known)
    size = len(judge.state())
    for day in range(8):
        back = films(rng, day, shift=0.4 if 2 <= day < 5 else 0.0)
        half = pl.int_range(pl.len()) < 60  # patients of yesterday who are filmed again
        name = pl.format("patient {} {}", day - 1, pl.int_range(pl.len()) // 2)
        rows = back.with_columns(case_key=pl.when(half).then(name).otherwise("case_key"))
        settled = reads(rng, rows)
        stopped = judge
        judge = Monitor.resumed(reference, known, stopped.state()) if day in (1, 4) else stopped
        if judge is not stopped:
            same(stopped.observe_day(day, rows, settled), judge.observe_day(day, rows, settled))
        else:
            judge.observe_day(day, rows, settled)
    assert len(judge.state()) == size


def test_a_state_of_another_baseline_is_refused() -> None:
    _, judge = monitor(0)
    with pytest.raises(ValueError, match="another baseline"):
        Monitor.resumed(*baseline(np.random.default_rng(1)), judge.state())


def test_a_baseline_without_a_score_is_refused_with_what_to_give() -> None:
    reference, known = baseline(np.random.default_rng(0))
    with pytest.raises(ValueError, match="score_champion"):
        Monitor(reference.with_columns(score_champion=pl.lit(None)), known)


def test_a_baseline_of_a_few_patients_judges_nothing() -> None:
    reference, known = baseline(np.random.default_rng(0))
    said = Monitor(reference.head(100), known).observe_day(0, reference.tail(100), NO_READS)
    assert (said.level, said.reasons) == ("UNKNOWN", ("baseline_too_small",))


def test_sites_whose_shares_change_are_no_change_of_the_films_even_where_a_site_has_one_value() -> (
    None
):
    rng = np.random.default_rng(6)

    def sized(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.with_columns(side=pl.when(pl.col("site") == "B").then(64.0).otherwise("side"))

    reference, known = baseline(rng)
    judge = Monitor(sized(reference), known)
    for day in range(12):
        rows = sized(films(rng, day, sites=("A", "B", "B", "B")))
        said = judge.observe_day(day, rows, NO_READS)
    assert (said.level, said.kind, said.families) == ("MINOR", "segment", ("segment",))


def test_what_was_never_measured_is_simply_not_judged() -> None:
    rng = np.random.default_rng(3)
    reference, known = baseline(rng)
    bare = ["score_challenger", "label_challenger", "embedding", "flat"]
    judge = Monitor(reference.drop(bare).with_columns(p01=pl.lit(None)), known.clear())
    said = judge.observe_day(0, films(rng, 0).with_columns(p01=pl.lit(None)), known.clear())
    assert said.level == "NONE"
    assert set(said.evidence["family"]) == {"film", "score", "segment", "operations"}


def test_odd_rows_and_reads_are_taken_for_what_they_are_worth() -> None:
    rng = np.random.default_rng(4)
    reference, known = baseline(rng)
    odd = films(rng, 0).with_columns(
        pl.col("day").cast(pl.Int64),
        pl.col("embedding").cast(pl.List(pl.Float64)),
        site=pl.when(pl.int_range(pl.len()) < 3).then(None).otherwise("site"),
        case_key=pl.when(pl.int_range(pl.len()) < 3).then(None).otherwise("case_key"),
        mean=pl.when(pl.int_range(pl.len()) < 3).then(float("inf")).otherwise("mean"),
    )
    settled = reads(rng, odd, 0.5).with_columns(
        truth=pl.when(pl.int_range(pl.len()) < 9).then(2).otherwise("truth"),
        review_probability=pl.when(pl.int_range(pl.len()) < 20).then(None).otherwise(0.5),
    )
    said = Monitor(reference, known).observe_day(0, odd, settled)
    assert said.level == "NONE"
    misses = said.evidence.filter(family="truth", site="", stream="misses up")
    assert 0 < misses["n_units"].item() < (settled.height - 20) * 0.2


def test_a_patient_counts_once_in_thirty_days() -> None:
    rng, judge = monitor()
    rows = films(rng, 0)

    def units(day: int, frame: pl.DataFrame) -> float:
        evidence = judge.observe_day(day, frame, NO_READS).evidence
        counted = evidence.filter(pl.col("family") == "segment", pl.col("stream") == "sites unseen")
        return counted["n_units"].item()

    again = rows.with_columns(request_id=pl.format("again {}", "request_id"))
    assert units(0, rows) == pytest.approx(60, abs=3)  # two films a patient
    assert units(1, again) <= 60 + 3  # what was counted on day 0 stands; nothing is added
    judge_of_evidence = judge.observe_day(29, again, NO_READS)
    assert judge_of_evidence.level in {"NONE", "UNKNOWN"}


def test_changing_the_unit_of_a_feature_changes_nothing() -> None:
    name = FEATURES[0]
    rng = np.random.default_rng(5)
    reference, known = baseline(rng)
    days = [films(rng, day, shift=0.3) for day in range(2)]
    scaled = pl.col(name) * 8 + 16  # exact in binary

    def levels(change: list[pl.Expr]) -> list[float]:
        judge = Monitor(reference.with_columns(change), known)
        said = [
            judge.observe_day(n, rows.with_columns(change), NO_READS) for n, rows in enumerate(days)
        ]
        streams = said[-1].evidence.filter(pl.col("stream").str.starts_with(f"{name} "))
        return streams["log_e"].to_list()

    assert levels([scaled]) == pytest.approx(levels([]), abs=1e-6)
