"""Films of closed days are measured once, from the real log into a real table; what cannot be
measured is a code.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from xray_assets.assets.predictions import move
from xray_assets.catalog import FEATURES, FILM_FEATURES
from xray_assets.deployments import resources
from xray_assets.imaging.decode import decode
from xray_assets.imaging.film_features import FEATURE_VERSION, film_features
from xray_assets.monitoring.films.rows import Store
from xray_assets.monitoring.films.run import DAYS, LOG, bring_up_to_date, released
from xray_assets.scoring.artifact import ArtifactError
from xray_assets.scoring.stored_film import stored_model_input
from xray_assets_tests.crashing_tables import Crash, CrashingTables
from xray_assets_tests.logged_world import LoggedWorld
from xray_assets_tests.serving.networks import film_mean_network, write_artifact

HOURLY = 3_600_000_000
FIRST, SECOND, THIRD = (datetime(2026, 1, day, 12, tzinfo=UTC) for day in (1, 2, 3))


class World(LoggedWorld):
    """A logged world whose films are measured."""

    def __init__(self, state) -> None:
        super().__init__(state, films=6)
        self.room = resources(self.settings)
        self.tables, self.image = self.room.tables, self.room.inference_log.image
        self.load = self.room.shadow.classifier
        self.asked: list[str] = []

    def change(self, statement: str) -> None:
        self.log.execute(statement)
        self.log.commit()

    def take_log(self) -> None:
        list(move(self.tables, self.room.inference_log))

    def measure(
        self, now: datetime, *, timezone="UTC", most=2000, log_is_taken=True, tables=None
    ) -> list[tuple[date, int]]:
        with ThreadPoolExecutor(1) as pool:
            return list(
                bring_up_to_date(
                    tables or self.tables,
                    Store(self._image, self.load, pool),
                    timezone=timezone,
                    most=most,
                    now=now,
                    log_is_taken=log_is_taken,
                )
            )

    def rows(self) -> pl.DataFrame:
        return self.tables.read(FILM_FEATURES).sort("log_position").collect()

    def _image(self, digest: str) -> bytes | None:
        self.asked.append(digest)
        return self.image(digest)


@pytest.fixture
def world(tmp_path):
    """60 requests, one an hour: of 1 and 2 January, and of 3 January up to 11 o'clock."""
    world = World(tmp_path / "state")
    world.predict(60, HOURLY)
    return world


def test_a_row_tells_the_features_of_the_film_and_what_both_models_saw(world) -> None:
    world.take_log()
    world.measure(THIRD)
    digest = world.films[0]
    row = world.rows().row(0, named=True)
    film = world.image(digest)
    assert {name: row[name] for name in FEATURES} == film_features(decode(film))
    columns = pytest.approx(stored_model_input(film).mean(axis=0).tolist(), abs=1e-6)
    assert row["embedding"] == row["challenger_embedding"] == columns
    assert row["artifact_sha256"] == world.experiment.champion.artifact_sha256
    assert row["challenger_sha256"] == world.experiment.challenger.artifact_sha256
    assert (row["kind"], row["problem"], row["embedding_problem"]) == ("pixels", None, None)
    assert (row["site"], row["date"], row["feature_version"]) == (
        "other",
        date(2026, 1, 1),
        FEATURE_VERSION,
    )


def test_a_day_is_measured_when_it_is_over_and_only_once(world) -> None:
    world.take_log()
    assert world.measure(FIRST) == []
    assert world.measure(SECOND) == [(date(2026, 1, 1), 24)]
    before = world.rows()
    assert world.measure(SECOND) == []
    assert world.measure(THIRD) == [(date(2026, 1, 2), 24)]
    assert world.rows().head(24).equals(before)
    assert world.tables.position(FILM_FEATURES, LOG) == 48


def test_a_day_waits_until_all_of_it_is_in_the_tables(world) -> None:
    world.take_log()
    late = datetime(2026, 1, 9, tzinfo=UTC)
    done = world.measure(late, log_is_taken=False)
    assert [day.day for day, _ in done] == [1, 2]  # of the third day more may come
    assert [day.day for day, _ in world.measure(late)] == [3]


def test_days_are_those_of_the_time_zone(world) -> None:
    world.take_log()
    done = world.measure(THIRD, timezone="America/New_York")
    assert done == [(date(2025, 12, 31), 5), (date(2026, 1, 1), 24), (date(2026, 1, 2), 24)]


def test_another_time_zone_measures_no_film_again(world) -> None:
    world.take_log()
    world.measure(SECOND)
    assert world.measure(THIRD, timezone="Asia/Tokyo") == [(date(2026, 1, 2), 15)]
    assert world.rows()["request_id"].is_unique().all()


def test_only_answered_requests_that_count_are_measured(world) -> None:
    world.change("UPDATE predictions SET purpose = 'trial' WHERE log_position = 1")
    world.change("UPDATE predictions SET status_code = 500 WHERE log_position = 2")
    world.take_log()
    world.measure(SECOND)
    assert world.rows()["log_position"].to_list() == list(range(3, 25))


def test_of_a_crowded_site_a_sample_is_measured_and_every_film_of_it_once(world) -> None:
    world.change("UPDATE predictions SET site = 'ward' WHERE log_position <= 5")
    world.take_log()
    assert world.measure(SECOND, most=7) == [(date(2026, 1, 1), 5 + 7)]
    assert len(world.asked) == len(set(world.asked)) <= 6


def test_a_film_that_is_gone_or_damaged_and_an_array_are_codes(world) -> None:
    gone, damaged, array = world.films[:3]
    world.change(f"DELETE FROM images WHERE image_sha256 = '{gone}'")
    world.change(f"UPDATE images SET data = x'00' WHERE image_sha256 = '{damaged}'")
    world.change(f"UPDATE images SET data = zeroblob(16384) WHERE image_sha256 = '{array}'")
    world.take_log()
    world.measure(SECOND)
    rows = world.rows().select("kind", "problem", "mean", "embedding_problem")
    assert rows.row(0) == (None, "film_gone", None, None)
    assert rows.row(1) == (None, "not_decoded", None, None)
    assert rows.row(2) == ("array", None, None, None)
    assert world.rows()["embedding"][:3].is_null().to_list() == [True, True, False]
    assert rows["mean"][3] is not None


def test_a_model_without_embedding_or_without_artifact_is_a_code(world) -> None:
    plain = write_artifact(world.settings.artifact_cache, film_mean_network(slope=3, offset=-1))
    champion = world.experiment.champion.artifact_sha256
    world.load = lambda model, version, artifact: world.room.shadow.classifier(
        model, version, plain.sha256 if artifact == champion else artifact
    )
    world.change("UPDATE predictions SET config_version = 9 WHERE log_position = 2")
    world.take_log()
    world.measure(SECOND)
    rows = world.rows()
    assert rows["embedding_problem"].to_list()[:3] == [
        "no_embedding",
        "unknown_config",
        "no_embedding",
    ]
    assert rows["embedding"].null_count() == 24
    assert rows["challenger_embedding"].null_count() == 1

    def lost(model, version, artifact):
        raise ArtifactError("lost")

    world.load = lost
    world.measure(THIRD)
    assert world.rows()["embedding_problem"].to_list()[24:] == ["artifact_unreadable"] * 24
    assert world.rows()["mean"].null_count() == 0


@pytest.mark.parametrize("writes", range(4))
def test_a_run_that_died_between_any_two_writes_is_finished_by_the_next(world, writes) -> None:
    world.take_log()
    with pytest.raises(Crash):
        world.measure(THIRD, tables=CrashingTables(world.tables, writes))
    world.measure(THIRD)
    assert world.rows()["log_position"].to_list() == list(range(1, 49))
    assert world.tables.position(FILM_FEATURES, DAYS) == date(2026, 1, 2).toordinal()
    assert world.tables.position(FILM_FEATURES, LOG) == 48


def test_the_log_may_delete_what_was_measured_and_no_more(world) -> None:
    world.take_log()
    assert released(world.tables, "UTC") == 0
    world.measure(SECOND)
    assert released(world.tables, "UTC") == 24
    world.measure(THIRD + timedelta(days=1))
    assert released(world.tables, "UTC") == 60
