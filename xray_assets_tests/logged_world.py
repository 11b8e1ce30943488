"""A logged world on disk: an experiment of two tiny networks, a log and an inbox, filled as the
endpoint and the feedback API would. For tests of the run from predictions to decision, and for its
benchmark.
"""

import base64
import hashlib
import json
import sqlite3
import uuid
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from xray_assets.catalog import EXPERIMENTS, FAMILIES
from xray_assets.deployments import resources
from xray_assets.feedback.inbox import Entry, Inbox
from xray_assets.imaging.dicom.tags import NO_TAGS
from xray_assets.promotion import PromotionRule
from xray_assets.promotion.rules import VERSION_2
from xray_assets.review.policy import ReviewPolicy
from xray_assets.rollout.candidates import Candidate
from xray_assets.rollout.experiment import Experiment
from xray_assets.rollout.experiment_rows import experiment_of
from xray_assets.rollout.served import ServedConfig, wanted_entities
from xray_assets.rollout.state import record, save
from xray_assets.serving.hot_path.films import film
from xray_assets.serving.log.schema import INSERT_IMAGE, INSERT_PREDICTION, SCHEMA
from xray_assets.settings import Settings
from xray_assets.sources.phantoms.folder import write_phantoms
from xray_assets.storage.atomic import make_file
from xray_assets_tests.serving.networks import film_mean_network, write_artifact

CHUNK = 200_000
START = datetime(2026, 1, 1, tzinfo=UTC)
NAMESPACE = uuid.UUID(int=0)


class LoggedWorld:
    """A state folder with an experiment of two tiny networks, and a log to be filled."""

    def __init__(
        self, state: Path, *, films: int = 1000, start: datetime = START, logged: bool = False
    ) -> None:
        """`logged`: the experiment's cases are drawn for review by logged chances, the same in
        every world.
        """
        self.settings = Settings(state=state)
        state.mkdir(parents=True, exist_ok=True)
        make_file(self.settings.review_key, "the same in every world")
        room = resources(self.settings)
        artifacts = [
            write_artifact(
                self.settings.artifact_cache,
                film_mean_network(slope=slope, offset=-2, embedding=True),
                embedding=True,
            )
            for slope in (4.0, 5.0)
        ]
        candidates = [
            Candidate(self.settings.catalog.table(family.model), 1, a.sha256, a.threshold)
            for family, a in zip(FAMILIES.values(), artifacts, strict=True)
        ]
        self.start = start
        self.experiment = Experiment.open(
            *candidates,
            rule_hash=(PromotionRule() if logged else VERSION_2).sha256,
            review_policy_hash=ReviewPolicy(floor=0.05).sha256 if logged else None,
            starting_share=50,
            now=self.start,
            by="benchmark",
            cause="benchmark",
        )
        save(room.tables, [self.experiment], seen=0)
        served = ServedConfig(
            1, self.experiment.experiment_id, tuple(wanted_entities(self.experiment))
        )
        record(room.tables, served, decided_by="benchmark", cause="benchmark")
        self.settings.endpoint_folder.mkdir(parents=True)
        self.log = self._open_log()
        self.films = self._films(state / "films", films)
        self.written = 0

    @classmethod
    def reopen(cls, state: Path) -> "LoggedWorld":
        """A world that is on disk already, to be filled further."""
        world = cls.__new__(cls)
        world.settings, world.start = Settings(state=state), START
        (experiment,) = resources(world.settings).tables.read(EXPERIMENTS).collect().to_dicts()
        world.experiment, world.log = experiment_of(experiment), world._open_log()
        world.films = [digest for (digest,) in world.log.execute("SELECT image_sha256 FROM images")]
        (world.written,) = world.log.execute("SELECT max(log_position) FROM predictions").fetchone()
        return world

    def close(self) -> None:
        """Move everything into the log's one file and let go of it, so that it can be copied."""
        self.log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.log.close()

    def _open_log(self) -> sqlite3.Connection:
        log = sqlite3.connect(self.settings.endpoint_folder / "log.sqlite")
        log.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + SCHEMA)
        return log

    def _films(self, folder: Path, count: int) -> list[str]:
        write_phantoms(folder, count=count, seed=0)
        digests = []
        for path in sorted(folder.rglob("*.jpeg")):
            read = film(base64.b64encode(path.read_bytes()).decode(), index=0)
            digests.append(read.digest)
            self.log.execute(INSERT_IMAGE, (read.digest, *read.stored()))
        self.log.commit()
        return digests

    def predict(self, count: int, step_us: int) -> list[str]:
        """Log requests of as many patients; returns their ids."""
        models = (self.experiment.champion, self.experiment.challenger)
        ids = []
        for first in range(0, count, CHUNK):
            rows = []
            numbers = np.arange(first, min(first + CHUNK, count)) + self.written
            scores = numbers * 0.6180339887 % 1  # spread evenly, and the same in every world
            for offset, score in enumerate(scores.tolist()):
                number = self.written + first + offset
                moment = int(self.start.timestamp() * 1e6) + number * step_us
                head = f"{moment // 1000:012x}"
                request = f"{head[:8]}-{head[8:]}-7000-8000-{number:012x}"
                served = models[number % 2]
                ids.append(request)
                key = hashlib.sha256(number.to_bytes(8)).hexdigest()
                rows.append(
                    (
                        request,
                        None,
                        "endpoint",
                        self.experiment.experiment_id,
                        moment,
                        served.served_name,
                        served.served_name,
                        served.model,
                        "1",
                        served.artifact_sha256,
                        1,
                        200,
                        score,
                        served.threshold,
                        1.0,
                        self.films[number % len(self.films)],
                        key,
                        "patient_id",
                        "other",
                        "clinical",
                        *NO_TAGS,
                    )
                )
            self.log.executemany(INSERT_PREDICTION, rows)
            self.log.commit()
        self.written += count
        return ids

    def read(self, ids: list[str], *, correct: bool = False) -> None:
        """Submit a read of each request; with `correct`, the same reader's later, other answer."""
        content = {
            "blinded": True,
            "claimed_type": None,
            "confidence": "confirmed",
            "feedback_source": "simulation",
            "notes": None,
            "radiologist_id": "DR001",
            "reader_role": "reader",
            "timestamp": datetime.now(UTC).isoformat(),
        }
        with Inbox(self.settings.feedback_inbox) as inbox:
            for first in range(0, len(ids), 20_000):
                entries = []
                for number, request in enumerate(ids[first : first + 20_000], first):
                    normal = bool(number % 3) != correct
                    truth = ("normal", "NORMAL") if normal else ("pneumonia", "PNEUMONIA")
                    told = content | {
                        "prediction_id": request,
                        "read": truth[0],
                        "ground_truth": truth[1],
                    }
                    entries.append(
                        Entry(
                            str(uuid.uuid5(NAMESPACE, request + "corrected" * correct)),
                            json.dumps(told, sort_keys=True),
                            "{}",
                        )
                    )
                inbox.add(entries)
