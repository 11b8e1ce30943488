"""`xray erase`: one patient out of every store, by case key, recorded without the id.

Before rows go, their log positions and the hashes of their reads are written down, so that no gap
is taken for a loss and no edit for an erasure. Reads go first and the log's rows last: the requests
are found by their rows, so an erasure that was cut off finds the rest when it is repeated.
Decisions and counts of scored cases hold numbers alone and stay, and so does their hash chain.
Films of the data set have no case key: see docs/operations.md.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from xray_assets import clock
from xray_assets.audit.coverage import LATER_COLUMNS, numbered_hashes
from xray_assets.catalog import (
    ERASURES,
    FEEDBACK_PENDING,
    FEEDBACK_REJECTS,
    FILM_FEATURES,
    PAIRED_PREDICTIONS,
    PERFORMANCE,
    PREDICTION_FEEDBACK,
    PREDICTIONS,
    RECENT_ERRORS,
    RECENT_MISTAKES,
    REVIEW_ASSIGNMENTS,
    REVIEWED_CASES,
    REVIEWED_COUNTS,
    Key,
)
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.deployments import resources
from xray_assets.errors import XrayError
from xray_assets.feedback.erasing import erase_reads
from xray_assets.lake.tables import Tables
from xray_assets.reading.erasing import erase_leases
from xray_assets.reading.lease_file import LEASES
from xray_assets.retraining.films.kept import erase_films
from xray_assets.review.draws import DRAW_COLUMNS
from xray_assets.serving.hot_path.case_keys import CaseKeys
from xray_assets.serving.log.erasing import erase_case, requests_of
from xray_assets.settings import Settings

BY_REQUEST: dict[Key, str] = {
    PREDICTION_FEEDBACK: "prediction_id",
    FILM_FEATURES: "request_id",
    RECENT_MISTAKES: "request_id",
    RECENT_ERRORS: "request_id",
    PERFORMANCE: "request_id",
    REVIEWED_CASES: "request_id",
    REVIEW_ASSIGNMENTS: "request_id",
    PAIRED_PREDICTIONS: "request_id",
    PREDICTIONS: "request_id",
}
"""Tables and their column of the request, in the order in which they are erased."""


class NoCaseKeys(XrayError):
    """No request with a patient id was ever answered here, so there is nothing to find one by."""


def erase(settings: Settings, tables: Tables, patient_id: str, *, by: str) -> dict[str, int]:
    """Erase a patient; returns how much by store. Repeated it erases what came since.

    Raises NoCaseKeys; sqlite3.Error and Delta's errors where a store refuses: repeat it then.
    """
    if not (settings.endpoint_folder / "case_key").exists():
        raise NoCaseKeys(f"{settings.endpoint_folder} has no case_key: is XRAY_STATE right?")
    keys = CaseKeys(settings.endpoint_folder)
    case_key = keys.of_patient(patient_id)
    positions = _positions(settings, tables, case_key)
    requests = sorted(positions)
    counts = {"requests": len(requests), "inbox": erase_reads(settings.feedback_inbox, requests)}
    counts["leases"] = erase_leases(settings.reading_folder / LEASES, requests)
    for key in (FEEDBACK_PENDING, FEEDBACK_REJECTS):
        counts[key[-1]] = tables.remove(key, "feedback_id", _reads_about(tables, key, requests))
    plan = _plan(tables, case_key, positions, by)  # no read of theirs is accepted any more
    cut_off = _cut_off(tables, plan)
    _record(tables, [plan])
    digests = _films_of(tables, case_key)
    counts |= erase_films(tables, resources(settings).volume.open(), case_key, digests)
    for key, column in BY_REQUEST.items():
        counts[key[-1]] = tables.remove(key, column, requests)
    if counts[REVIEWED_CASES[-1]] or cut_off:
        _count_again(tables)
    log = erase_case(settings.inference_log, case_key, keys.of_routing_key(patient_id))
    counts |= {"log": log.rows, "films": log.films}
    done = plan | {"counts": json.dumps(counts, sort_keys=True)}
    _record(tables, [row | {"finished_at": clock.now()} for row in (*cut_off, done)])
    return counts


def _positions(settings: Settings, tables: Tables, case_key: str) -> dict[str, int]:
    """Log position by request."""
    moved = tables.read(PREDICTIONS).filter(pl.col("case_key") == case_key)
    found = dict(moved.select("request_id", "log_position").collect().iter_rows())
    return found | requests_of(settings.inference_log, case_key)


def _films_of(tables: Tables, case_key: str) -> list[str]:
    """Digests of the films that were drawn for review: of others no set keeps a copy."""
    drawn = tables.read(REVIEW_ASSIGNMENTS).filter(pl.col("case_key") == case_key)
    return drawn.select("image_sha256").unique().collect()["image_sha256"].to_list()


def _plan(tables: Tables, case_key: str, positions: Mapping[str, int], by: str) -> dict[str, Any]:
    about = pl.col("prediction_id").is_in(list(positions))
    reads = tables.read(PREDICTION_FEEDBACK).filter(about).drop(LATER_COLUMNS)
    drawn = tables.read(REVIEW_ASSIGNMENTS).filter("drawn", pl.col("case_key") == case_key)
    return {
        "case_key_sha256": hashlib.sha256(case_key.encode()).hexdigest(),
        "erased_at": clock.now(),
        "erased_by": by,
        "requests": len(positions),
        "log_positions": sorted(positions.values()),
        "reads": _hashes(reads, "acceptance_rank"),
        "draws": _hashes(drawn.select(DRAW_COLUMNS), "log_position"),
        "finished_at": None,
        "counts": None,
    }


def _hashes(rows: pl.LazyFrame, numbered_by: str) -> str:
    return json.dumps(dict(sorted(numbered_hashes(rows, numbered_by))))


def _cut_off(tables: Tables, plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Earlier attempts to erase the same patient that did not end."""
    same = pl.col("case_key_sha256") == plan["case_key_sha256"]
    return tables.read(ERASURES).filter(same, pl.col("finished_at").is_null()).collect().to_dicts()


def _record(tables: Tables, rows: Sequence[Mapping[str, Any]]) -> None:
    tables.merge(ERASURES, pl.DataFrame(rows, schema=CONTRACTS[ERASURES].schema))


def _reads_about(tables: Tables, key: Key, requests: Sequence[str]) -> list[str]:
    about = pl.col("feedback").str.json_path_match("$.prediction_id").is_in(list(requests))
    return tables.read(key).filter(about).collect()["feedback_id"].to_list()


def _count_again(tables: Tables) -> None:
    """Batches of reviewed cases without the erased ones, from nothing: one may have none left."""
    from xray_assets.cases.review_run import sum_up

    tables.overwrite(REVIEWED_COUNTS, CONTRACTS[REVIEWED_COUNTS].empty())
    cases = tables.read(REVIEWED_CASES).select("experiment_id", "review_rank")
    sum_up(tables, cases.collect())
