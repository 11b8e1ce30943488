"""Simulated readers. They take cases from the review queue as people do, blind and in its order,
err at a known rate, and know held-out films only. Their reads are marked as simulation.
"""

import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import polars as pl

from xray_assets.imaging.decode import decode
from xray_assets.imaging.digest import pixel_sha256

ERROR_RATE = 0.03
"""Share of reads that are wrong: a careful reader of clear films. Child pneumonia itself is read
far less surely.
"""


def truths(metadata: pl.DataFrame) -> dict[str, int]:
    """The label of each held-out film by its pixels' digest: a reader sees nothing but pixels.

    metadata: rows of silver.xray_metadata.
    """
    held_out = metadata.filter(pl.col("dataset_split") == "test")
    return dict(held_out.select("pixel_sha256", "label").iter_rows())


class SimulatedReaders:
    """Read what the queue of the feedback API gives them, each with a token of its own."""

    def __init__(
        self,
        url: str,
        tokens: Sequence[str],
        labels: Mapping[str, int],
        *,
        seed: int,
        error_rate: float = ERROR_RATE,
    ) -> None:
        """Connect lazily; the seed is of their errors. labels: as from `truths`."""
        self._readers = [
            httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
            for token in tokens
        ]
        self._labels = labels
        self._random = random.Random(seed)  # noqa: S311 - a simulation, not a secret
        self._error_rate = error_rate

    def read(self) -> int:
        """Read side by side until nobody is asked any more: where two differ, a third is. Returns
        how many reads were taken. Raises httpx.HTTPStatusError when one is refused.
        """
        taken = 0
        with ThreadPoolExecutor(len(self._readers)) as at_once:
            while reads := sum(at_once.map(self._read_next, self._readers)):
                taken += reads
        return taken

    def _read_next(self, reader: httpx.Client) -> bool:
        """Read the next case of one reader; False when none waits."""
        given = reader.get("/review/next").raise_for_status()
        if given.status_code == httpx.codes.NO_CONTENT:
            return False
        lease = f"/review/leases/{given.json()['lease']}"
        film = reader.get(f"{lease}/film").raise_for_status().content
        errs = self._random.random() < self._error_rate
        is_ill = bool(self._labels[pixel_sha256(decode(film))]) != errs
        body = {
            "commit_id": str(uuid4()),
            "read": "pneumonia" if is_ill else "normal",
            "notes": f"simulated reader, error rate {self._error_rate:.0%}",
            "feedback_source": "simulation",
        }
        reader.post(f"{lease}/commit", json=body).raise_for_status()
        return True
