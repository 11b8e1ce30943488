"""The inference log's tables: SQLite, standard library only. Written by `writer`, read by
`logged_rows`.

`predictions` has one row an image and an ever-growing `log_position`, given under SQLite's write
lock, so who has seen position p never finds a new row at or before p, whichever worker wrote it. Of
a DICOM file it has the tags that may be kept. `images` keeps the pixels once a digest,
`full_depths` beside them a DICOM film as deep as it came. `exposures` keeps, for each config
version, the model ASSIGNED at a routing key's first clinical request (the sample-ratio guard's
unit); `config_starts` the first row of each config version. Who the log is, and who still needs its
rows: `list_identity`.
"""

from xray_assets.imaging.dicom.tags import TAG_COLUMNS
from xray_assets.storage.list_identity import MEASURING, PAIRING, TABLES, UPGRADED, identity

SCHEMA_VERSION = 4
KNOWN_SECONDS = 600.0
"""How long a writer takes an image it has seen in `images` to be there without looking again.

`image_uses` is renewed when it looks, so retention must leave an image at least twice as long."""

CONSUMERS = (TABLES, PAIRING, MEASURING)
"""Who is registered from the start; others register when they come (`NumberedRows.register`)."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS predictions (
    log_position        INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id          TEXT NOT NULL UNIQUE,
    client_request_id   TEXT,
    endpoint_name       TEXT NOT NULL,
    experiment_id       TEXT,
    timestamp_us        INTEGER NOT NULL,
    served_model_name   TEXT NOT NULL,
    assigned_model_name TEXT NOT NULL,
    model_name          TEXT NOT NULL,
    model_version       TEXT NOT NULL,
    artifact_sha256     TEXT NOT NULL,
    config_version      INTEGER NOT NULL,
    status_code         INTEGER NOT NULL,
    prediction          REAL,
    threshold           REAL NOT NULL,
    latency_ms          REAL NOT NULL,
    image_sha256        TEXT NOT NULL,
    case_key            TEXT NOT NULL,
    case_key_source     TEXT NOT NULL,
    site                TEXT NOT NULL DEFAULT 'other',
    purpose             TEXT NOT NULL DEFAULT 'clinical',
    dicom_modality      TEXT,
    dicom_view_position TEXT,
    dicom_model         TEXT,
    dicom_bits_stored   INTEGER,
    dicom_photometric   TEXT,
    dicom_window_center REAL,
    dicom_window_width  REAL
);
CREATE TABLE IF NOT EXISTS images (
    image_sha256 TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    data         BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS full_depths (
    image_sha256 TEXT PRIMARY KEY,
    png          BLOB NOT NULL,
    bits         INTEGER NOT NULL,
    low          REAL NOT NULL,
    high         REAL NOT NULL,
    curve        TEXT NOT NULL,
    inverted     INTEGER NOT NULL,
    row_mm       REAL,
    column_mm    REAL
);
CREATE TABLE IF NOT EXISTS image_uses (
    image_sha256 TEXT PRIMARY KEY,
    last_used_us INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS exposures (
    config_version      INTEGER NOT NULL,
    routing_key         BLOB NOT NULL,
    assigned_model_name TEXT NOT NULL,
    PRIMARY KEY (config_version, routing_key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS config_starts (
    config_version INTEGER PRIMARY KEY,
    log_position   INTEGER NOT NULL
);
"""
SCHEMA += identity(CONSUMERS)

UPGRADES = {
    1: """
ALTER TABLE predictions ADD COLUMN site TEXT NOT NULL DEFAULT 'other';
ALTER TABLE predictions ADD COLUMN purpose TEXT NOT NULL DEFAULT 'clinical';
"""
    + identity(CONSUMERS, UPGRADED),
    2: "",
    3: """
ALTER TABLE predictions ADD COLUMN dicom_modality TEXT;
ALTER TABLE predictions ADD COLUMN dicom_view_position TEXT;
ALTER TABLE predictions ADD COLUMN dicom_model TEXT;
ALTER TABLE predictions ADD COLUMN dicom_bits_stored INTEGER;
ALTER TABLE predictions ADD COLUMN dicom_photometric TEXT;
ALTER TABLE predictions ADD COLUMN dicom_window_center REAL;
ALTER TABLE predictions ADD COLUMN dicom_window_width REAL
""",
}
"""What brings a log of a version to the next. Rows of 0.1.0 counted as evidence, and still do."""

COLUMNS = (
    "request_id",
    "client_request_id",
    "endpoint_name",
    "experiment_id",
    "timestamp_us",
    "served_model_name",
    "assigned_model_name",
    "model_name",
    "model_version",
    "artifact_sha256",
    "config_version",
    "status_code",
    "prediction",
    "threshold",
    "latency_ms",
    "image_sha256",
    "case_key",
    "case_key_source",
    "site",
    "purpose",
    *TAG_COLUMNS,
)
"""Columns of `predictions` that a writer gives, in order."""

INSERT_PREDICTION = (
    f"INSERT INTO predictions ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608 constants
)
INSERT_IMAGE = "INSERT OR IGNORE INTO images (image_sha256, kind, data) VALUES (?, ?, ?)"
INSERT_FULL_DEPTH = f"INSERT OR IGNORE INTO full_depths VALUES ({', '.join('?' * 9)})"  # noqa: S608 constants
USE_IMAGE = "INSERT OR REPLACE INTO image_uses (image_sha256, last_used_us) VALUES (?, ?)"
INSERT_EXPOSURE = (
    "INSERT OR IGNORE INTO exposures (config_version, routing_key, assigned_model_name) "
    "VALUES (?, ?, ?)"
)
INSERT_CONFIG_START = (
    "INSERT OR IGNORE INTO config_starts (config_version, log_position) "
    "VALUES (?, last_insert_rowid())"
)
