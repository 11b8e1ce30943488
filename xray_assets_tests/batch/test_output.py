"""Outputs: a batch is there whole or not at all, and only one model and one run may write."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pytest

from xray_assets.batch.output import DELTA, PARQUET, OutputRefused, ScoreOutput, open_output
from xray_assets.batch.scores import SCHEMA, ScoringModel, frame_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MODEL = ScoringModel("c.models.m", 1, "d" * 64, 0.5, Path("nowhere"))
OTHER = ScoringModel("c.models.m", 2, "e" * 64, 0.5, Path("nowhere"))

both_kinds = pytest.mark.parametrize("kind", [DELTA, PARQUET])


def rows(*paths: str, model: ScoringModel = MODEL) -> pl.DataFrame:
    return frame_of([(path, None, "f" * 64, 0.75, None, NOW) for path in paths], model)


def stored(output: ScoreOutput) -> pl.DataFrame:
    scan = output.scan()
    assert scan is not None
    return scan.collect().sort("file_path")


@both_kinds
def test_what_is_appended_is_read_back_by_this_and_by_the_next_run(
    tmp_path: Path, kind: str
) -> None:
    with open_output(tmp_path / "new" / "scores", kind) as output:
        assert output.scan() is None
        output.append(rows("a", "b"))
        output.append(rows("c"))
        assert stored(output).schema == SCHEMA
    with open_output(tmp_path / "new" / "scores", kind) as output:
        assert stored(output).equals(rows("a", "b", "c"))
        assert output.films_of(MODEL).add(["a", "b", "c", "d"]) == [False, False, False, True]


@both_kinds
def test_scores_of_another_model_version_or_artifact_are_not_continued(
    tmp_path: Path, kind: str
) -> None:
    swapped = ScoringModel("c.models.m", 1, "e" * 64, 0.5, Path("nowhere"))
    with open_output(tmp_path, kind) as output:
        output.append(rows("a"))
        with pytest.raises(OutputRefused, match="--version 1, or choose another --output"):
            output.films_of(OTHER)
        with pytest.raises(OutputRefused, match="artifact dddddddddddd"):
            output.films_of(swapped)


@both_kinds
def test_a_second_run_on_the_same_output_is_refused_while_the_first_writes(
    tmp_path: Path, kind: str
) -> None:
    code = (
        "import sys\nfrom pathlib import Path\n"
        "from xray_assets.batch.output import open_output\n"
        f"with open_output(Path({str(tmp_path)!r}), {kind!r}): pass"
    )
    with open_output(tmp_path, kind):
        second = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "another `xray score` is writing" in second.stderr
    subprocess.run([sys.executable, "-c", code], check=True)


@both_kinds
def test_a_folder_of_other_things_and_a_file_are_refused(tmp_path: Path, kind: str) -> None:
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(OutputRefused, match=r"thesis\.docx"), open_output(tmp_path, kind):
        pass
    with (
        pytest.raises(OutputRefused, match="is a file"),
        open_output(tmp_path / "thesis.docx", kind),
    ):
        pass
    with pytest.raises(OutputRefused, match="on this machine"), open_output(Path("s3://b/x"), kind):
        pass


@both_kinds
def test_another_table_is_refused(tmp_path: Path, kind: str) -> None:
    with open_output(tmp_path, kind) as output:
        output.append(rows("a").drop("error"))
        with pytest.raises(OutputRefused, match="holds another table"):
            output.films_of(MODEL)


@pytest.mark.parametrize(("first", "second"), [(DELTA, PARQUET), (PARQUET, DELTA)])
def test_an_output_keeps_its_format(tmp_path: Path, first: str, second: str) -> None:
    with open_output(tmp_path, first) as output:
        output.append(rows("a"))
    with pytest.raises(OutputRefused, match="--format parquet"), open_output(tmp_path, second):
        pass


def test_an_unfinished_part_is_never_read_and_is_removed(tmp_path: Path) -> None:
    with open_output(tmp_path, PARQUET) as output:
        output.append(rows("a"))
    (part,) = tmp_path.glob("*.parquet")
    unfinished = tmp_path / f".{part.name}.1-2.part"
    unfinished.write_bytes(part.read_bytes()[:100])
    with open_output(tmp_path, PARQUET) as output:
        assert stored(output)["file_path"].to_list() == ["a"]
    assert not unfinished.exists()


def test_a_part_that_could_not_be_written_whole_has_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disk_full(_rows: pl.DataFrame, file: BinaryIO) -> None:
        file.write(b"PAR1 and the beginning of a part")
        raise OSError("no space left on device")

    with open_output(tmp_path, PARQUET) as output:
        output.append(rows("a"))
        with monkeypatch.context() as patch, pytest.raises(OSError, match="no space"):
            patch.setattr(pl.DataFrame, "write_parquet", disk_full)
            output.append(rows("b"))
        assert stored(output)["file_path"].to_list() == ["a"]


def test_a_delta_table_that_was_killed_before_its_first_commit_is_begun_again(
    tmp_path: Path,
) -> None:
    (tmp_path / "_delta_log").mkdir()
    (tmp_path / "part-00000-orphan.parquet").write_bytes(b"never committed")
    with open_output(tmp_path, DELTA) as output:
        output.append(rows("a"))
        assert stored(output)["file_path"].to_list() == ["a"]


def test_a_rejected_film_has_a_reason_and_neither_probability_nor_label() -> None:
    frame = frame_of([("a", "i", None, None, "truncated: cut short", NOW)], MODEL)
    assert frame.schema == SCHEMA
    assert frame.select("probability", "predicted_label", "image_sha256").row(0) == (None,) * 3


@pytest.mark.parametrize(("probability", "label"), [(0.4999, 0), (0.5, 1), (0.9, 1)])
def test_the_label_is_one_from_the_threshold_on(probability: float, label: int) -> None:
    frame = frame_of([("a", None, "f", probability, None, NOW)], MODEL)
    assert frame["predicted_label"].item() == label
