"""Films and reads of a baseline as bytes with a digest. Pure.

Nothing in it is a request's id or a patient's key: both are replaced by hashes, which say only
whether two rows are of one patient, and which row a read is about.
"""

import hashlib
import io
from dataclasses import dataclass
from typing import Any

import polars as pl

from xray_assets.errors import XrayError

KEYS = ("request_id", "case_key")


class BaselineEdited(XrayError):
    """A baseline is not what was frozen: days are not judged with it."""


@dataclass(frozen=True)
class Frozen:
    """Columns `films`, `reads` and `sha256` of a row of gold.monitoring_baselines."""

    films: bytes
    reads: bytes
    sha256: str


def unlinked(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with their keys hashed, which is how `Monitor` gets those of every day."""
    return rows.with_columns(
        pl.col(name).map_elements(_hashed, return_dtype=pl.String)
        for name in KEYS
        if name in rows.columns
    )


def freeze(films: pl.DataFrame, reads: pl.DataFrame) -> Frozen:
    """The same frames give the same digest (of one version of polars)."""
    packed = [_packed(unlinked(frame)) for frame in (films, reads)]
    return Frozen(packed[0], packed[1], _digest(*packed))


def thaw(row: dict[str, Any]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Films and reads of a row of gold.monitoring_baselines. Raises BaselineEdited."""
    if _digest(row["films"], row["reads"]) != row["sha256"]:
        raise BaselineEdited(
            f"baseline {row['baseline_id']} does not fit its digest: its films or reads were "
            "edited. Restore gold.monitoring_baselines from a backup, or make a new baseline with "
            "`xray monitor rebaseline --reason TEXT`"
        )
    films, reads = (pl.read_parquet(io.BytesIO(row[name])) for name in ("films", "reads"))
    return films, reads


def _packed(frame: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file, compression="zstd")
    return file.getvalue()


def _digest(films: bytes, reads: bytes) -> str:
    parts = b"".join(hashlib.sha256(part).digest() for part in (films, reads))
    return hashlib.sha256(parts).hexdigest()


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]
