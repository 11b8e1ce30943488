"""Pseudonyms: what the log keeps in place of a patient's id. The key never leaves its file; no id
is stored or logged.
"""

import hmac
from pathlib import Path

from xray_assets.web.private_files import read_or_make

BY_PATIENT, BY_IMAGE = "patient_id", "image_sha256"
"""Values of `case_key_source`."""

KEY_FILE = "case_key"


class CaseKeys:
    """Keyed HMAC-SHA256 of patient ids, clients' request ids and routing keys."""

    def __init__(self, endpoint_folder: Path) -> None:
        """Read `<endpoint folder>/case_key`, made with mode 0600 by the first run."""
        self._key = read_or_make(endpoint_folder / KEY_FILE).encode()

    def of_patient(self, patient_id: str) -> str:
        """64 hex digits, the same for the same patient in every process of this state folder."""
        return self._hmac(b"patient:", patient_id)

    def of_client_request(self, client_request_id: str) -> str:
        """64 hex digits that stand for a client's own id: clients put patients' ids there."""
        return self._hmac(b"client request:", client_request_id)

    def of_routing_key(self, routing_key: str) -> bytes:
        """32 bytes for counting distinct routing keys without keeping them."""
        return bytes.fromhex(self._hmac(b"routing:", routing_key))

    def _hmac(self, purpose: bytes, value: str) -> str:
        message = purpose + value.encode("utf-8", "surrogatepass")
        return hmac.digest(self._key, message, "sha256").hex()
