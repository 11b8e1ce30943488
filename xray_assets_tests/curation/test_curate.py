"""Curation of films in memory: decoding, duplicates, patients, splits, refusals."""

import datetime as dt
import hashlib
from io import BytesIO

import numpy as np
import polars as pl
import pytest
from PIL import Image

from xray_assets.catalog import XRAY_METADATA, XRAY_REJECTS
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.curation.candidates import candidates
from xray_assets.curation.curate import Curated, Known, curate
from xray_assets.curation.films import Candidate, read_films
from xray_assets.curation.leaks import leaks

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
SHARES = {"train": 0.7, "val": 0.1, "test": 0.2}


def film(seed: int, *, side: int = 64, kind: str = "PNG") -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side + 1), dtype=np.uint8)
    stream = BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


class Volume:
    """Films by path, and the candidates that ingest would have made of them."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.candidates: list[Candidate] = []

    def put(self, image_id: str, data: bytes, *, name: str, category: str = "NORMAL") -> None:
        self.files[image_id] = data
        digest = hashlib.sha256(data).hexdigest()
        self.candidates.append(Candidate(image_id, name, category, image_id, digest, "batch"))

    def read(self, path: str) -> bytes:
        if path not in self.files:
            raise FileNotFoundError(path)
        return self.files[path]

    def curate(self, known: Known | None = None) -> Curated:
        outcomes = read_films(self.candidates, read=self.read, threads=2)
        return curate(outcomes, known=known or Known(), shares=SHARES, seed=0, now=NOW)


@pytest.fixture
def volume() -> Volume:
    return Volume()


def reasons(curated: Curated) -> dict[str, str]:
    return dict(curated.rejects.select("image_id", "reason_code").iter_rows())


def test_usable_films_become_rows_that_keep_the_contract(volume: Volume) -> None:
    volume.put("b", film(1), name="person12_virus_34.jpeg", category="PNEUMONIA")
    volume.put("a", film(2), name="IM-0007-0001.jpeg")
    volume.put("c", film(3), name="holiday.jpeg")
    curated = volume.curate()
    CONTRACTS[XRAY_METADATA].conform(curated.metadata)
    rows = {row["image_id"]: row for row in curated.metadata.iter_rows(named=True)}
    assert list(rows) == ["a", "b", "c"]
    assert (rows["b"]["label"], rows["b"]["subtype"]) == (1, "virus")
    assert (rows["b"]["patient_id"], rows["b"]["patient_id_source"]) == ("person12", "filename")
    assert (rows["a"]["image_width"], rows["a"]["image_height"]) == (65, 64)
    assert rows["c"]["patient_id_source"] == "digest"
    assert rows["c"]["patient_id"] == f"digest-{rows['c']['pixel_sha256'][:16]}"
    assert rows["c"]["subtype"] is None


def test_unusable_films_are_refused_with_a_code_and_stop_nothing(volume: Volume) -> None:
    whole = film(1, side=200, kind="JPEG")
    volume.put("text", b"not a film", name="a.jpeg")
    volume.put("empty", b"", name="b.jpeg")
    volume.put("cut", whole[: len(whole) // 2], name="c.jpeg")
    volume.put("tiny", film(2, side=8), name="d.jpeg")
    volume.put("gif", b"GIF89a....", name="e.jpeg")
    volume.put("good", whole, name="f.jpeg")
    volume.put("changed", film(3), name="g.jpeg")
    volume.files["changed"] = film(4)
    curated = volume.curate()
    assert curated.metadata["image_id"].to_list() == ["good"]
    assert reasons(curated) == {
        "changed": "changed",
        "cut": "truncated",
        "empty": "not_an_image",
        "gif": "unsupported",
        "text": "not_an_image",
        "tiny": "too_small",
    }
    CONTRACTS[XRAY_REJECTS].conform(curated.rejects)


def test_a_film_the_volume_lacks_is_in_neither_table_and_comes_again(volume: Volume) -> None:
    volume.put("a", film(1), name="a.jpeg")
    del volume.files["a"]
    curated = volume.curate()
    assert (curated.metadata.height, curated.rejects.height, curated.waiting) == (0, 0, 1)


def test_failing_storage_is_raised_and_refuses_no_film(volume: Volume) -> None:
    volume.put("a", film(1), name="a.jpeg")

    def fails(path: str) -> bytes:
        raise OSError("storage is down")

    with pytest.raises(OSError, match="storage is down"):
        list(read_films(volume.candidates, read=fails, threads=1))


def test_of_duplicates_the_first_by_id_is_kept_whatever_their_order(volume: Volume) -> None:
    same_pixels = Image.open(BytesIO(film(1)))
    stream = BytesIO()
    same_pixels.save(stream, "PNG", compress_level=0)
    volume.put("c", film(1), name="x.jpeg")
    volume.put("b", stream.getvalue(), name="y.jpeg")
    volume.put("a", film(1), name="z.jpeg")
    curated = volume.curate()
    assert curated.metadata["image_id"].to_list() == ["a"]
    assert reasons(curated) == {"b": "duplicate", "c": "duplicate"}
    assert "the same film as a" in curated.rejects["reason"][0]


def test_a_film_in_the_table_is_kept_before_a_new_duplicate(volume: Volume) -> None:
    volume.put("b", film(1), name="x.jpeg")
    known = Known.from_metadata(volume.curate().metadata)
    volume.put("a", film(1), name="y.jpeg")
    del volume.candidates[0]
    assert reasons(volume.curate(known)) == {"a": "duplicate"}


def test_copies_with_both_labels_are_all_refused(volume: Volume) -> None:
    volume.put("a", film(1), name="x.jpeg", category="NORMAL")
    volume.put("b", film(1), name="y.jpeg", category="PNEUMONIA")
    curated = volume.curate()
    assert curated.metadata.is_empty()
    assert reasons(curated) == {"a": "label_conflict", "b": "label_conflict"}


def test_a_new_copy_with_another_label_is_refused_and_the_old_row_stays(volume: Volume) -> None:
    volume.put("a", film(1), name="x.jpeg", category="NORMAL")
    known = Known.from_metadata(volume.curate().metadata)
    volume.candidates.clear()
    volume.put("b", film(1), name="y.jpeg", category="PNEUMONIA")
    assert reasons(volume.curate(known)) == {"b": "label_conflict"}


def test_a_patient_in_the_table_stays_in_their_split_when_shares_change(volume: Volume) -> None:
    volume.put("a", film(1), name="IM-0001-0001.jpeg")
    first = volume.curate()
    known = Known.from_metadata(first.metadata)
    volume.candidates.clear()
    volume.put("b", film(2), name="NORMAL2-IM-0001-0002.jpeg")
    outcomes = read_films(volume.candidates, read=volume.read, threads=1)
    others = {"train": 0.0, "val": 0.0, "test": 0.0}
    others[next(s for s in others if s != first.metadata["dataset_split"][0])] = 1.0
    second = curate(outcomes, known=known, shares=others, seed=9, now=NOW)
    both = pl.concat([first.metadata, second.metadata])
    assert both["dataset_split"].n_unique() == 1
    assert not any(leaks(both).values())


def test_leaks_counts_patients_and_digests_in_two_splits() -> None:
    rows = pl.DataFrame(
        {
            "patient_id": ["p", "p", "q"],
            "sha256": ["1", "2", "2"],
            "pixel_sha256": ["1", "2", "3"],
            "dataset_split": ["train", "test", "test"],
        }
    )
    assert leaks(rows) == {"patient_id": 1, "sha256": 0, "pixel_sha256": 0}


def test_candidates_are_new_films_and_with_them_the_unsettled_conflicts() -> None:
    ingested = pl.DataFrame(
        {
            "image_id": ["d", "a", "b", "c"],
            **dict.fromkeys(("filename", "category", "file_path", "sha256"), "x"),
            "ingestion_batch_id": "batch",
        }
    )
    metadata = pl.DataFrame({"image_id": ["a"]})
    rejects = pl.DataFrame({"image_id": ["b", "c"], "reason_code": ["label_conflict", "duplicate"]})
    assert [c.image_id for c in candidates(ingested, metadata, rejects)] == ["b", "d"]
    nothing_new = ingested.filter(pl.col("image_id") != "d")
    assert candidates(nothing_new, metadata, rejects) == []
    of_an_earlier_release = rejects.with_columns(reason_code=None)
    again = candidates(ingested, metadata, of_an_earlier_release)
    assert [c.image_id for c in again] == ["b", "c", "d"]
