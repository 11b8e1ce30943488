"""What reads prove, and what no choice of films may make them prove."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from xray_assets.statistics.drift import Day, Monitor
from xray_assets_tests.statistics.drift.small_world import baseline, films, monitor, reads


def hidden(rows: pl.DataFrame, rng: np.random.Generator, share: float) -> pl.DataFrame:
    """Some of the healthy films are diseased, and nothing shows it."""
    turned = pl.Series(rng.random(rows.height) < share)
    return rows.with_columns(truth=pl.when(turned).then(1).otherwise("truth").cast(pl.Int32))


def missed(rows: pl.DataFrame, rng: np.random.Generator, share: float) -> pl.DataFrame:
    """The model calls some of what it would have called positive negative."""
    turned = pl.Series(rng.random(rows.height) < share) & (rows["label_champion"] == 1)
    return rows.with_columns(
        label_champion=pl.when(turned).then(0).otherwise("label_champion").cast(pl.Int32)
    )


def test_disease_in_films_that_look_healthy_is_a_change_of_concept() -> None:
    rng, judge = monitor()
    said: list[Day] = []
    for day in range(30):
        rows = hidden(films(rng, day), rng, 0.3)
        said.append(judge.observe_day(day, rows.drop("truth"), reads(rng, rows, 0.25)))
    assert (said[-1].level, said[-1].kind) == ("CONCEPT", "concept")
    assert {day.level for day in said} == {"NONE", "CONCEPT"}


def test_harm_together_with_drift_is_major_and_ends_the_raised_share_of_review() -> None:
    rng, judge = monitor()
    said: list[Day] = []
    for day in range(15):
        rows = missed(films(rng, day, shift=0.4), rng, 0.25)
        said.append(judge.observe_day(day, rows.drop("truth"), reads(rng, rows, 0.25)))
    unproven = [day for day in said if day.level != "NONE" and not day.harm]
    assert unproven[-1].review_fractions == {"A": 0.5, "B": 0.5}
    assert (said[-1].level, said[-1].kind) == ("MAJOR", "performance")
    assert said[-1].harm
    assert min(said[-1].review_fractions.values()) == 0.1


def test_drift_without_harm_is_shown_to_be_harmless_by_reads_drawn_since() -> None:
    rng = np.random.default_rng(0)
    before = pl.concat([films(rng, day) for day in range(-28, 0)])
    judge = Monitor(before, reads(rng, before, 0.5))
    for day in range(20):
        rows = films(rng, day, 200, shift=0.4)
        said = judge.observe_day(day, rows.drop("truth"), reads(rng, rows, 0.5))
    assert set(said.no_harm) == {"A", "B"} and max(said.no_harm.values()) < 0.25
    assert (said.level, said.reasons) == ("MINOR", ("no_harm_shown",))
    assert set(said.review_fractions.values()) == {0.1}


def test_reading_every_disagreement_is_no_harm_when_nothing_changed() -> None:
    rng, judge = monitor()
    for day in range(40):
        rows = films(rng, day)
        odd = (rows["label_champion"] != rows["label_challenger"]).to_numpy()
        settled = reads(rng, rows, np.where(odd, 1.0, 0.1))
        assert judge.observe_day(day, rows.drop("truth"), settled).level == "NONE"


@pytest.mark.parametrize(
    "change",
    [
        {"review_probability": pl.lit(None, pl.Float64)},
        {"truth": pl.lit(2)},
        {"day": pl.lit(-3)},
        {"label_champion": pl.lit(None, pl.Int32)},
    ],
    ids=["no logged chance", "no truth", "film of the baseline", "no label"],
)
def test_reads_that_cannot_count_never_do(change: dict[str, pl.Expr]) -> None:
    rng, judge = monitor()
    for day in range(10):
        rows = missed(films(rng, day), rng, 1.0)
        settled = reads(rng, rows, 1.0).with_columns(**change)
        said = judge.observe_day(day, rows.drop("truth"), settled)
    assert said.evidence.filter(family="truth")["n_units"].sum() == 0
    assert not said.harm


def test_a_read_that_is_sent_again_counts_once() -> None:
    rng = np.random.default_rng(0)
    reference, known = baseline(rng)
    rows = films(rng, 0)
    settled = reads(rng, rows, 0.5)
    judge = Monitor(reference, known)
    judge.observe_day(0, rows, settled)
    empty = films(rng, 1)
    before = judge.observe_day(1, empty, settled.clear()).evidence.filter(family="truth")
    after = judge.observe_day(2, films(rng, 2), settled).evidence.filter(family="truth")
    assert after["log_e"].to_list() == before["log_e"].to_list()


def test_the_same_reads_at_twice_the_chance_count_half_once_the_floor_is_known() -> None:
    rng = np.random.default_rng(0)
    reference, known = baseline(rng)
    rows = films(rng, 0)
    settled = reads(rng, rows, 0.5)
    counted = [
        Monitor(reference, known)
        .observe_day(0, rows, settled.with_columns(review_probability=pl.lit(chance)))
        .evidence.filter(family="truth", site="", stream="misses up")["n_units"]
        .item()
        for chance in (0.25, 0.5)
    ]
    assert counted[0] == pytest.approx(2 * counted[1])


def test_a_site_with_few_reads_in_the_baseline_is_not_judged_alone() -> None:
    rng = np.random.default_rng(0)
    reference, known = baseline(rng)
    few = pl.concat([known.filter(site="A"), known.filter(site="B").head(30)])
    judge = Monitor(reference, few)
    said = judge.observe_day(0, films(rng, 0), known.clear())
    assert set(said.evidence.filter(family="truth")["site"]) == {"", "A"}
