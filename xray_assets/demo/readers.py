"""Simulated readers. They are marked as simulation, read blinded, err at a known rate, and know
held-out patients only.
"""

import random
from collections.abc import Sequence

import httpx

from xray_assets.demo.clients import Answered

ERROR_RATE = 0.03
"""Share of reads that are wrong: a careful reader of clear films. Child pneumonia itself is read
far less surely.
"""

READERS = ("DR001", "DR002", "DR003")

READ_TWICE = 5
"""Every fifth film is read by two of them, so that their agreement is known; where these two
differ, the third reads it too and makes the majority.
"""


class SimulatedReaders:
    """Submit a read of each answered film to the feedback API."""

    def __init__(self, url: str, token: str, *, seed: int, error_rate: float = ERROR_RATE) -> None:
        """Connect lazily; the seed fixes who reads what and who errs."""
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60
        )
        self._random = random.Random(seed)  # noqa: S311 - a simulation, not a secret
        self._error_rate = error_rate

    def read(self, answered: Sequence[Answered]) -> int:
        """Submit the blinded reads of each film; returns how many were taken. Raises
        httpx.HTTPStatusError when one is refused.
        """
        taken = 0
        for place, answer in enumerate(answered):
            readers = self._random.sample(READERS, 3)
            first = readers[: 2 if place % READ_TWICE == 0 else 1]
            said = [self._submit(answer, reader) for reader in first]
            if len(set(said)) > 1:
                said.append(self._submit(answer, readers[-1]))
            taken += len(said)
        return taken

    def _submit(self, answer: Answered, reader: str) -> str:
        """What the reader says of the film."""
        errs = self._random.random() < self._error_rate
        read = "pneumonia" if bool(answer.film.label) != errs else "normal"
        body = {
            "read": read,
            "radiologist_id": reader,
            "blinded": True,
            "confidence": "confirmed",
            "feedback_source": "simulation",
            "notes": f"simulated reader, error rate {self._error_rate:.0%}",
        }
        self._http.post(f"/feedback/{answer.request_id}", json=body).raise_for_status()
        return read
