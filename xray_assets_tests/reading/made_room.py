"""A state with drawn cases, for tests of the reading room: real log, real tables, no endpoint."""

import io
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from xray_assets.catalog import PAIRED_PREDICTIONS, PREDICTIONS, REVIEW_ASSIGNMENTS
from xray_assets.contracts.tables import CONTRACTS
from xray_assets.lake.local import local_tables
from xray_assets.rollout.candidates import Candidate
from xray_assets.rollout.experiment import Experiment
from xray_assets.rollout.state import save
from xray_assets.serving.log.schema import INSERT_IMAGE, USE_IMAGE
from xray_assets.settings import Settings
from xray_assets.web.roles import Account, Role
from xray_assets_tests.feedback.scenery import endpoint_log, prediction_rows, request_id, settings
from xray_assets_tests.serving.networks import film_mean_network, write_artifact

NOW = datetime.now(UTC)
ANNA, BEN, CARL = (Account(name, Role.READER) for name in ("anna", "ben", "carl"))
RULER = Account("ruler", Role.ADJUDICATOR)


def png(seed: int = 0, *, side: int = 96) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side - 16), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def assignment(request: str, number: int, **more: Any) -> dict[str, Any]:
    """A row of gold.review_assignments: drawn, due in a week, one reader."""
    return {
        "experiment_id": None,
        "request_id": request,
        "case_key": f"key{number}",
        "image_sha256": f"film{number}",
        "site": "other",
        "prediction_date": NOW.date(),
        "log_position": number + 1,
        "scored_at": NOW,
        "policy_hash": "p",
        "chance": 1.0,
        "u": 0.5,
        "drawn": True,
        "reads_wanted": 1,
        "due_at": NOW + timedelta(days=7),
        "state": "due",
        "n_reads": 0,
    } | more


def made_room(
    folder: Path,
    cases: int = 6,
    *,
    requests: Sequence[str] = (),
    films: Sequence[bytes] | None = None,
    labels: Sequence[int] = (0, 1),
    **more: Any,
) -> tuple[Settings, list[str]]:
    """Settings and the requests of cases that are due. `more`: columns of each assignment."""
    requests = list(requests) or [request_id(NOW) for _ in range(cases)]
    rows = [(name, labels[number % len(labels)], NOW) for number, name in enumerate(requests)]
    endpoint_log(folder, rows)
    where = settings(folder)
    with closing(sqlite3.connect(where.inference_log)) as log:
        for number in range(len(requests)):
            film = films[number] if films else png(number)
            log.execute(INSERT_IMAGE, (f"film{number}", "encoded", film))
            log.execute(USE_IMAGE, (f"film{number}", 0))
        log.commit()
    tables = local_tables(where, "a test")
    tables.append(PREDICTIONS, prediction_rows(rows))
    draw(where, [assignment(name, number, **more) for number, name in enumerate(requests)])
    return where, requests


def draw(where: Settings, rows: Sequence[dict[str, Any]]) -> None:
    """Upsert assignments, as the run that pairs and the run that settles do."""
    frame = pl.DataFrame(list(rows), schema=CONTRACTS[REVIEW_ASSIGNMENTS].schema)
    local_tables(where, "a test").merge(REVIEW_ASSIGNMENTS, frame)


def pair_up(where: Settings, request: str) -> None:
    """Both scores of a request, of two tiny networks in the cache of artifacts."""
    artifacts = [
        write_artifact(where.artifact_cache, film_mean_network(slope=slope, offset=-2))
        for slope in (4.0, 9.0)
    ]
    frozen = [
        Candidate(f"model{number}", 1, one.sha256, one.threshold)
        for number, one in enumerate(artifacts)
    ]
    opened = Experiment.open(
        *frozen, rule_hash="r", starting_share=50, now=NOW, by="a test", cause="a test"
    )
    tables = local_tables(where, "a test")
    save(tables, [opened], seen=0)
    roles = {
        f"{role}_{name}": value
        for role, score, model in zip(("champion", "challenger"), (0.4, 0.6), frozen, strict=True)
        for name, value in (
            ("model", model.model),
            ("version", 1),
            ("threshold", 0.5),
            ("probability", score),
            ("label", int(score >= 0.5)),
        )
    }
    row = dict.fromkeys(CONTRACTS[PAIRED_PREDICTIONS].schema.names()) | roles | {
        "request_id": request,
        "experiment_id": opened.experiment_id,
        "case_key": "key0",
        "site": "other",
        "date": NOW.date(),
        "served_arm": "challenger",
        "assigned_arm": "challenger",
        "config_version": 1,
        "case_hash": 0,
        "is_case": True,
        "is_first_under_config": True,
        "is_even_split": True,
        "scored_at": NOW,
        "log_position": 1,
    }  # fmt: skip
    tables.append(
        PAIRED_PREDICTIONS, pl.DataFrame([row], schema=CONTRACTS[PAIRED_PREDICTIONS].schema)
    )
