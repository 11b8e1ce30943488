"""Clients of the endpoint: they send held-out films as a hospital's viewer would and keep the
request ids.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import polars as pl

CONNECTIONS = 4


@dataclass(frozen=True)
class HeldOutFilm:
    """A film of the test split: where it lies, whose it is, and the truth that only a reader will
    tell.
    """

    path: Path
    patient_id: str
    label: int


@dataclass(frozen=True)
class Answered:
    """One answered request: the film, the endpoint's request id, the probability, and who served
    it.
    """

    film: HeldOutFilm
    request_id: str
    probability: float
    served_model_name: str


def held_out_films(metadata: pl.DataFrame, *, seed: int) -> list[list[HeldOutFilm]]:
    """Films of the test split, one list a patient; patients in a random but repeatable order.

    metadata: rows of silver.xray_metadata.
    """
    patients: dict[str, list[HeldOutFilm]] = {}
    for row in (
        metadata.filter(pl.col("dataset_split") == "test").sort("image_id").iter_rows(named=True)
    ):
        film = HeldOutFilm(Path(row["file_path"]), row["patient_id"], row["label"])
        patients.setdefault(film.patient_id, []).append(film)
    return [
        patients[patient]
        for patient in sorted(
            patients, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest()
        )
    ]


class EndpointClient:
    """Sends films to one endpoint with a bearer token."""

    def __init__(self, url: str, endpoint_name: str, token: str) -> None:
        """Connect lazily; nothing is sent yet."""
        self._path = f"/serving-endpoints/{endpoint_name}/invocations"
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30
        )

    def send(self, films: Sequence[HeldOutFilm]) -> list[Answered]:
        """Send each film in its own request; httpx.HTTPStatusError when one is refused."""
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            return list(pool.map(self._send, films))

    def _send(self, film: HeldOutFilm) -> Answered:
        record = {
            "image": base64.b64encode(film.path.read_bytes()).decode(),
            "patient_id": film.patient_id,
        }
        response = self._http.post(self._path, json={"dataframe_records": [record]})
        response.raise_for_status()
        return Answered(
            film,
            response.headers["databricks-request-id"],
            float(response.json()["predictions"][0]),
            response.headers["served-model-name"],
        )


def flatten(patients: Iterable[list[HeldOutFilm]]) -> list[HeldOutFilm]:
    """All films of some patients."""
    return [film for films in patients for film in films]
