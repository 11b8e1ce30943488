"""A run with real worker processes: every film once, bad films as rows, the endpoint's numbers."""

import base64
import multiprocessing
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from xray_assets.batch import run as run_module
from xray_assets.batch import workers as workers_module
from xray_assets.batch.films import FilmList, FolderFilms, ListedFilm, TableFilms
from xray_assets.batch.output import DELTA, PARQUET, open_output
from xray_assets.batch.run import FilmsUnreadable, Summary, score_films
from xray_assets.batch.scorer import FilmScorer, ScoringTask
from xray_assets.batch.scores import FilmScore, ScoringModel
from xray_assets.batch.workers import Workers, WorkersFailed
from xray_assets.imaging.decode import decode
from xray_assets.imaging.preprocess import model_input
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.session import OnnxClassifier
from xray_assets.storage.opening import open_folder
from xray_assets_tests.batch.made import dense_network, make_films, make_model, scoring_model
from xray_assets_tests.serving.networks import dark_films_fail_network, write_artifact
from xray_assets_tests.serving.server_process import Server, ab_config, encoded, film_pixels


@pytest.fixture
def model(tmp_path: Path) -> ScoringModel:
    return make_model(tmp_path / "artifacts")


def folder_films(folder: Path) -> FolderFilms:
    return FolderFilms(open_folder(str(folder)))


def run(
    films: FilmList, model: ScoringModel, folder: Path, kind: str = DELTA, commit_rows: int = 50
) -> tuple[Summary, pl.DataFrame]:
    """The summary, and every row that is then in the output."""
    with open_output(folder, kind) as output:
        summary = score_films(films, model, output, processes=2, commit_rows=commit_rows)
        rows = output.scan()
        assert rows is not None
        return summary, rows.collect().sort("file_path")


@pytest.mark.parametrize("kind", [DELTA, PARQUET])
def test_every_film_has_one_row_and_a_second_run_adds_only_what_is_new(
    tmp_path: Path, model: ScoringModel, kind: str
) -> None:
    films = make_films(tmp_path / "films", 150)
    first, rows = run(folder_films(tmp_path / "films"), model, tmp_path / "out", kind)
    assert (first.scored, first.rejected, first.skipped, first.unread) == (150, 0, 0, 0)
    assert rows["file_path"].to_list() == sorted(map(str, films))
    assert rows.select("model_name", "model_version", "artifact_sha256").unique().rows() == [
        model.identity
    ]
    make_films(tmp_path / "films" / "later", 10)
    second, again = run(folder_films(tmp_path / "films"), model, tmp_path / "out", kind)
    assert (second.scored, second.skipped) == (10, 150)
    assert again.filter(~pl.col("file_path").str.contains("later")).equals(rows)


def test_a_bad_film_is_a_row_with_its_reason_and_stops_nothing(
    tmp_path: Path, model: ScoringModel
) -> None:
    folder = tmp_path / "films"
    make_films(folder, 30)
    film = encoded(film_pixels(1))
    (folder / "truncated.jpeg").write_bytes(film[: len(film) // 2])
    (folder / "text.png").write_bytes(b"this is no film")
    (folder / "empty.dcm").touch()
    (folder / "tiny.png").write_bytes(encoded(film_pixels(1, 8), "PNG"))
    summary, rows = run(folder_films(folder), model, tmp_path / "out")
    assert (summary.scored, summary.rejected) == (30, 4)
    bad = rows.filter(pl.col("error").is_not_null())
    reasons = {Path(path).name: error for path, error in bad.select("file_path", "error").rows()}
    assert reasons["truncated.jpeg"].startswith("truncated: ")
    assert reasons["text.png"].startswith("not_an_image: ")
    assert reasons["empty.dcm"].startswith("not_an_image: ")
    assert reasons["tiny.png"].startswith("too_small: ")
    assert bad["probability"].is_null().all()


def test_a_model_without_an_answer_is_a_row_with_that_reason(tmp_path: Path) -> None:
    artifact = write_artifact(tmp_path / "artifacts", dark_films_fail_network())
    (tmp_path / "films").mkdir()
    dark = np.full((64, 64), 20, np.uint8)
    (tmp_path / "films" / "dark.png").write_bytes(encoded(dark, "PNG"))
    (tmp_path / "films" / "grey.png").write_bytes(encoded(film_pixels(3), "PNG"))
    model = scoring_model(artifact, 1)
    summary, rows = run(folder_films(tmp_path / "films"), model, tmp_path / "out")
    assert (summary.scored, summary.rejected) == (1, 1)
    assert rows["error"][0].startswith("not_a_probability")


def test_scores_are_bit_for_bit_those_that_the_endpoint_gives_and_logs(tmp_path: Path) -> None:
    films = make_films(tmp_path / "films", 20)
    server = Server(tmp_path / "state")
    champion = write_artifact(server.state / "artifacts", dense_network(7), threshold=0.5)
    challenger = write_artifact(server.state / "artifacts", dense_network(8))
    server.start()
    try:
        server.create(ab_config(champion.sha256, challenger.sha256, share=0))
        for film in films:
            image = base64.b64encode(film.read_bytes()).decode()
            assert server.invoke({"dataframe_records": [{"image": image}]}).status_code == 200
        logged = server.rows()
    finally:
        server.kill()
    _, rows = run(folder_films(tmp_path / "films"), scoring_model(champion, 1), tmp_path / "out")
    endpoint = {row["image_sha256"]: row["prediction"] for row in logged}
    batch = {row["image_sha256"]: row["probability"] for row in rows.iter_rows(named=True)}
    assert len(batch) == 20
    assert batch == endpoint
    labels = {row["image_sha256"]: row["predicted_label"] for row in logged}
    assert dict(rows.select("image_sha256", "predicted_label").rows()) == labels


def test_the_equality_test_can_tell_a_batch_from_single_films(tmp_path: Path) -> None:
    """If this fails, the test above has lost its power: choose another network there."""
    artifact = write_artifact(tmp_path, dense_network(7))
    classifier = OnnxClassifier(artifact)
    films = np.stack([model_input(decode(encoded(film_pixels(n)))) for n in range(20)])
    alone = np.concatenate([classifier.probabilities(film[None]) for film in films])
    assert (alone != classifier.probabilities(films)).any()


def test_a_film_named_twice_has_one_row_and_keeps_its_id(
    tmp_path: Path, model: ScoringModel
) -> None:
    films = [str(film) for film in make_films(tmp_path / "films", 3)]
    table = pl.LazyFrame({"file_path": [*films, films[0]], "image_id": ["a", "b", "c", "d"]})
    summary, rows = run(TableFilms(table, str(tmp_path / "films")), model, tmp_path / "out")
    assert (summary.scored, summary.skipped) == (3, 1)
    ids = dict(rows.select("file_path", "image_id").rows())
    assert ids == dict(zip(films, ("a", "b", "c"), strict=True))


def test_a_film_that_is_not_there_has_no_row_and_is_tried_again(
    tmp_path: Path, model: ScoringModel
) -> None:
    films = [str(film) for film in make_films(tmp_path / "films", 3)]
    table = TableFilms(pl.LazyFrame({"file_path": films}), str(tmp_path / "films"))
    away = Path(films[1]).rename(tmp_path / "away")
    summary, rows = run(table, model, tmp_path / "out")
    assert (summary.scored, summary.unread, len(rows)) == (2, 1, 2)
    assert films[1] in summary.unread_examples[0]
    away.rename(films[1])
    summary, rows = run(table, model, tmp_path / "out")
    assert (summary.scored, summary.skipped, len(rows)) == (1, 2, 3)


def test_a_storage_that_fails_stops_the_run_and_keeps_what_was_scored(
    tmp_path: Path, model: ScoringModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "UNREAD_LIMIT", 500)
    films = [str(film) for film in make_films(tmp_path / "films", 30)]
    gone = [str(tmp_path / "films" / f"gone-{number}.jpeg") for number in range(3000)]
    table = TableFilms(pl.LazyFrame({"file_path": films + gone}), str(tmp_path / "films"))
    with open_output(tmp_path / "out", DELTA) as output:
        with pytest.raises(FilmsUnreadable, match=r"gone-.*run the command again"):
            score_films(table, model, output, processes=1)
        rows = output.scan()
        assert rows is not None
        assert rows.select(pl.len()).collect().item() == 30


def test_a_name_that_no_table_can_hold_is_reported(tmp_path: Path, model: ScoringModel) -> None:
    (film,) = make_films(tmp_path / "films", 1)
    os.link(film, os.fsencode(tmp_path / "films") + b"/\xff.jpeg")
    summary, rows = run(folder_films(tmp_path / "films"), model, tmp_path / "out")
    assert (summary.scored, summary.unread, len(rows)) == (1, 1, 1)
    assert "UTF-8" in summary.unread_examples[0]


class KilledByFilms(FilmScorer):
    """A codec that crashes: the process ends at films whose name says so."""

    def scores(self, paths: Sequence[str]) -> list[FilmScore]:
        if any("killer" in path for path in paths):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().scores(paths)


@dataclass(frozen=True)
class KillableTask(ScoringTask):
    def scorer(self) -> FilmScorer:
        artifact = ServingArtifact.load(self.artifact_folder)
        folder = open_folder(self.address)
        return KilledByFilms(OnnxClassifier(artifact), folder.read_location)


def test_a_film_that_kills_its_process_is_a_row_and_no_other_film_is_lost_or_doubled(
    tmp_path: Path, model: ScoringModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = make_films(tmp_path / "films", 600)
    for number in (5, 300):
        films[number] = films[number].rename(films[number].with_name(f"killer-{number}.jpeg"))
    task = KillableTask(model.artifact_folder, model.artifact_sha256, str(tmp_path / "films"))
    monkeypatch.setattr("xray_assets.batch.run.ScoringTask", lambda *_: task)
    summary, rows = run(folder_films(tmp_path / "films"), model, tmp_path / "out")
    assert (summary.scored, summary.rejected) == (598, 2)
    assert rows["file_path"].to_list() == sorted(map(str, films))
    died = rows.filter(pl.col("error").is_not_null())
    assert died["file_path"].str.contains("killer").all()
    assert died["error"].str.starts_with("worker_died").all()


def test_workers_that_cannot_start_stop_the_run_and_reject_no_film(
    tmp_path: Path, model: ScoringModel
) -> None:
    make_films(tmp_path / "films", 3)
    task = ScoringTask(model.artifact_folder, "0" * 64, str(tmp_path / "films"))
    with pytest.raises(WorkersFailed, match="cannot start"):
        list(Workers(task, processes=1).scored(iter([[ListedFilm("x", None)]])))


def test_no_more_films_are_listed_than_the_workers_can_hold(
    tmp_path: Path, model: ScoringModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers_module, "CHUNKS_A_WORKER", 2)
    (film,) = make_films(tmp_path / "films", 1)
    taken = 0

    def chunks():
        nonlocal taken
        for _ in range(50):
            taken += 1
            yield [ListedFilm(str(film), None)]

    task = ScoringTask(model.artifact_folder, model.artifact_sha256, str(tmp_path / "films"))
    scored = Workers(task, processes=1).scored(chunks())
    for done, _ in enumerate(scored):
        assert taken - done <= 2
    assert taken == 50


def test_an_abandoned_run_ends_its_processes(tmp_path: Path, model: ScoringModel) -> None:
    (film,) = make_films(tmp_path / "films", 1)
    task = ScoringTask(model.artifact_folder, model.artifact_sha256, str(tmp_path / "films"))
    scored = Workers(task, processes=2).scored(iter([[ListedFilm(str(film), None)]] * 20))
    next(scored)
    children = multiprocessing.active_children()
    assert len(children) == 2
    scored.close()
    assert not any(child.is_alive() for child in children)
