"""Films of production in the image volume: kept there, by digest, from the first set that a film is
in; without a name, a tag or a patient id. What the log keeps goes with the log's retention.
"""

from collections.abc import Callable, Iterable

import polars as pl

from xray_assets.catalog import GOLDEN_FILMS, TRAINING_FILMS
from xray_assets.lake.tables import Tables
from xray_assets.serving.hot_path.case_keys import CaseKeys
from xray_assets.storage.film_folder import FilmFolder

FOLDER = "production"


def keep(
    volume: FilmFolder, image: Callable[[str], bytes | None], digests: Iterable[str]
) -> dict[str, str]:
    """Where each film lies, by pixel digest; a film that nobody has any more has no entry.

    image: the stored film of a digest, as `resources.inference_log` gives it.
    """
    there = {file.path for file in volume.files()}
    places: dict[str, str] = {}
    for digest in sorted(set(digests)):
        path = f"{FOLDER}/{digest}"
        if path not in there:
            data = image(digest)
            if data is None:
                continue
            volume.write(path, data)
        places[digest] = volume.location(path)
    return places


def erase_films(
    tables: Tables, volume: FilmFolder, case_key: str, digests: Iterable[str]
) -> dict[str, int]:
    """Take a patient out of every set and golden version, and their films out of the volume;
    returns how much by store. digests: of the films that were sent for them.
    """
    removed = sum(volume.remove(f"{FOLDER}/{digest}") for digest in set(digests))
    rows = {
        key[-1]: tables.remove(key, "patient_key", [case_key])
        for key in (TRAINING_FILMS, GOLDEN_FILMS)
    }
    return rows | {"kept_films": removed}


def with_patient_keys(metadata: pl.DataFrame, keys: CaseKeys) -> pl.DataFrame:
    """Rows of silver.xray_metadata with `patient_key`: the case key that the endpoint would log for
    the same patient, or for the same film where its patient is not known.
    """
    by_film = pl.col("patient_id_source") == "digest"
    of_patients = {one: keys.of_patient(one) for one in metadata["patient_id"].unique()}
    known = pl.col("patient_id").replace_strict(of_patients, return_dtype=pl.String)
    return metadata.with_columns(patient_key=pl.when(by_film).then("pixel_sha256").otherwise(known))
