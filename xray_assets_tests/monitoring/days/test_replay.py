"""A judged day judged again shows what it showed, or in what it differs."""

from datetime import timedelta

import polars as pl

from xray_assets.catalog import FILM_FEATURES, MONITORING_DAYS, MONITORING_EVIDENCE, PREDICTIONS
from xray_assets.monitoring.days.replay import Replayed, replay
from xray_assets_tests.monitoring.days.made_days import FIRST, Remembers, World, after


def replayed(world: World, first: int, last: int) -> list[Replayed]:
    span = (FIRST + timedelta(days=first), FIRST + timedelta(days=last))
    return replay(world.tables, world.plan, *span, open_monitor=Remembers)


def changed(world: World, key: tuple[str, str], **columns: pl.Expr) -> None:
    world.tables.overwrite(key, world.tables.read(key).with_columns(**columns).collect())


def test_days_come_out_as_they_did_and_nothing_is_written() -> None:
    world, today = after(10)
    world.judge_all(world.traffic.days(today, 6))
    world.traffic.day(FIRST + timedelta(days=9), count=2)  # late: in no judgement
    before = (world.days(), world.evidence())
    assert world.days()["state"][7] is None
    found = replayed(world, 8, 9) + replayed(world, 15, 15)
    assert [(one.day - FIRST).days for one in found] == [8, 9, 15]
    assert all(not one.differs for one in found)
    assert (world.days().equals(before[0]), world.evidence().equals(before[1])) == (True, True)
    assert replayed(world, 30, 40) == []


def test_an_edited_row_edited_evidence_and_films_that_are_gone_are_told() -> None:
    world, _ = after(10)
    level = pl.when(pl.col("day") == 1).then(pl.lit("MAJOR")).otherwise("level")
    changed(world, MONITORING_DAYS, level=level)
    changed(world, MONITORING_EVIDENCE, log_e=2 * pl.col("log_e"))
    first, second, third = replayed(world, 7, 9)
    assert (first.differs, third.differs) == (("evidence",), ("evidence",))
    assert (second.level, second.level_now, second.differs) == (
        "MAJOR",
        "NONE",
        ("level", "evidence"),
    )
    gone = world.traffic.made[FIRST + timedelta(days=9)][0]
    for key in (PREDICTIONS, FILM_FEATURES):
        left = world.tables.read(key).filter(pl.col("request_id") != gone)
        world.tables.overwrite(key, left.collect())
    (last,) = replayed(world, 9, 9)
    assert {"n_requests", "n_films", "log_evidence"} <= {*last.differs}
