"""What one request becomes in the log: rows, images and an exposure, ready to insert. No database
here.
"""

from dataclasses import astuple, dataclass
from typing import Any

from xray_assets.catalog import CLINICAL
from xray_assets.imaging.dicom.tags import NO_TAGS
from xray_assets.serving.hot_path.case_keys import BY_IMAGE, BY_PATIENT, CaseKeys
from xray_assets.serving.hot_path.films import Film


@dataclass(slots=True)
class LogEntry:
    """One request on its way into the log: what its n images share, and the images."""

    request_id: str
    client_request_id: str | None
    endpoint_name: str
    experiment_id: str | None
    timestamp_us: int
    served_model_name: str
    assigned_model_name: str
    model_name: str
    model_version: str
    artifact_sha256: str
    config_version: int
    status_code: int
    threshold: float
    latency_ms: float
    routing_key: str
    films: list[Film]
    predictions: list[float | None]
    patient_ids: list[str | None]
    sites: list[str]
    purpose: str


@dataclass(slots=True)
class LogRows:
    """Values in the order of the INSERT statements of `log_schema`; `films` by the digest of each
    row.
    """

    predictions: list[tuple[Any, ...]]
    films: list[tuple[str, Film]]
    config_version: int
    exposure: tuple[int, bytes, str] | None


def rows_of(entry: LogEntry, case_keys: CaseKeys, *, counted: str = CLINICAL) -> LogRows:
    """The rows of one request, and its exposure where its purpose is `counted`. Ids: the request's
    own, with `.<i>` in a batch.
    """
    many = len(entry.films) > 1
    sent = entry.client_request_id
    client_request = None if sent is None else case_keys.of_client_request(sent)
    rows = LogRows([], [], entry.config_version, None)
    for index, film in enumerate(entry.films):
        digest = film.digest
        patient = entry.patient_ids[index]
        rows.films.append((digest, film))
        rows.predictions.append(
            (
                f"{entry.request_id}.{index}" if many else entry.request_id,
                client_request,
                entry.endpoint_name,
                entry.experiment_id,
                entry.timestamp_us,
                entry.served_model_name,
                entry.assigned_model_name,
                entry.model_name,
                entry.model_version,
                entry.artifact_sha256,
                entry.config_version,
                entry.status_code,
                entry.predictions[index],
                entry.threshold,
                entry.latency_ms,
                digest,
                digest if patient is None else case_keys.of_patient(patient),
                BY_IMAGE if patient is None else BY_PATIENT,
                entry.sites[index],
                entry.purpose,
                *(NO_TAGS if film.tags is None else astuple(film.tags)),
            )
        )
    if entry.experiment_id is not None and entry.purpose == counted:
        key = case_keys.of_routing_key(entry.routing_key)
        rows.exposure = entry.config_version, key, entry.assigned_model_name
    return rows
