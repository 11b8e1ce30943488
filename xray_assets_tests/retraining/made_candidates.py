"""A world in which candidates are made: films whose brightness is their class, a registered
champion that calls bright films pneumonia, reads of production, and a training that leaves what a
test says.
"""

import io
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import polars as pl
from PIL import Image

from xray_assets import clock
from xray_assets.catalog import (
    KERAS_CLASSIFIER,
    PREDICTION_FEEDBACK,
    RETRAINING_REQUESTS,
    REVIEW_ASSIGNMENTS,
    XRAY_METADATA,
    Key,
)
from xray_assets.definitions import build_definitions
from xray_assets.imaging.decode import decode
from xray_assets.imaging.digest import pixel_sha256
from xray_assets.resources.local.training import LocalTraining
from xray_assets.resources.training import Left
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.serving.log.schema import INSERT_IMAGE, SCHEMA
from xray_assets.training.records import tracking
from xray_assets.training.request import TrainingRequest
from xray_assets_tests.retraining.made_world import NOW, Learning, filled
from xray_assets_tests.serving.networks import OPSET, film_mean_network

NORMAL, PNEUMONIA = 90, 165
SPLITS = {"train": 20, "val": 10, "test": 60}
"""Patients of each class in the data set."""


def film(seed: int, level: float) -> bytes:
    """PNG bytes of a film of that grey level that no other seed gives."""
    pixels = np.random.default_rng(seed).normal(level, 12, (72, 72)).clip(0, 255)
    stream = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()


class LeavesANetwork(LocalTraining):
    """A training that leaves sigmoid(slope x mean + offset); what it was asked is kept beside."""

    slope: float
    offset: float

    def left_by(self, context: Any, request: TrainingRequest) -> Left:
        Path(self.folder, "asked.json").write_text(request.model_dump_json())
        artifact = network(Path(request.leave_in), self.slope, self.offset)
        tracker = tracking.open_tracker(request.tracking_uri)
        with tracking.tracked_run(tracker, "stub", request.artifacts_uri) as run:
            return Left(str(artifact.folder), run.run_id, 0.0, {"validation_loss_spread": 0.01})


def network(folder: Path, slope: float, offset: float) -> ServingArtifact:
    return ServingArtifact.write(
        folder,
        onnx=film_mean_network(slope=slope, offset=offset, embedding=True),
        threshold=0.5,
        preprocessing_version="1",
        family="keras",
        opset=OPSET,
        embedding=True,
    )


class Workshop(Learning):
    """One state folder with a data set, a champion, and nothing asked for yet. The champion takes
    films from grey level 150 on for pneumonia.
    """

    def __init__(self, state: Path, *, mode: str = "recommend") -> None:
        super().__init__(state, mode=mode, set_size=0)
        volume = self.room.volume.open()
        rows = []
        for split, patients in SPLITS.items():
            for number in range(2 * patients):
                label, name = number % 2, f"{split}-{number}"
                data = film(len(rows), (NORMAL, PNEUMONIA)[label])
                volume.write(f"{name}.png", data)
                told = {
                    "image_id": name,
                    "label": label,
                    "dataset_split": split,
                    "file_path": volume.location(f"{name}.png"),
                    "patient_id": f"p-{name}",
                    "pixel_sha256": pixel_sha256(decode(data)),
                    "image_width": 72,
                    "image_height": 72,
                }
                rows.append(filled(XRAY_METADATA, **told))
        self._append(XRAY_METADATA, rows)
        self.leaves()
        self._register_champion(state)

    def leaves(self, slope: float = 22.0, offset: float = -11.0) -> None:
        """What the next training leaves: sigmoid(slope x mean + offset)."""
        room = self.room.training.model_dump()
        Path(room["folder"]).mkdir(parents=True, exist_ok=True)
        self.training = LeavesANetwork(**room, slope=slope, offset=offset)

    def _register_champion(self, state: Path) -> None:
        tracker = tracking.open_tracker(self.settings.mlflow_uri)
        artifacts = (self.settings.mlflow_folder / "artifacts").as_uri()
        with tracking.tracked_run(tracker, "keras", artifacts) as run:
            tracking.log_parameters(run, {"epochs": 7, "learning_rate": 0.002, "seed": 5})
            made = network(state / "made", 20.0, -20 * 150 / 255)
            name = self.settings.catalog.table(KERAS_CLASSIFIER)
            tracking.register(run, made, name, {"run": run.path})

    def production(self, count: int, *, darker: float = 0.0, first: int = 10_000) -> None:
        """Drawn films of production that a reader has settled, half of each class."""
        self.settings.endpoint_folder.mkdir(parents=True, exist_ok=True)
        cases, reads = [], []
        with closing(sqlite3.connect(self.settings.inference_log)) as log, log:
            log.executescript(SCHEMA)
            for number in range(first, first + count):
                data = film(number, (NORMAL, PNEUMONIA)[number % 2] - darker)
                digest = pixel_sha256(decode(data))
                log.execute(INSERT_IMAGE, (digest, "encoded", data))
                case = {
                    "request_id": f"r-{number}",
                    "case_key": f"key-{number}",
                    "image_sha256": digest,
                    "site": "A",
                    "scored_at": NOW,
                    "chance": 0.1,
                    "drawn": True,
                    "log_position": number,
                }
                read = {
                    "feedback_id": f"f-{number}",
                    "prediction_id": f"r-{number}",
                    "ground_truth": ("NORMAL", "PNEUMONIA")[number % 2],
                    "read": ("normal", "pneumonia")[number % 2],
                    "blinded": True,
                    "feedback_source": "radiologist",
                    "acceptance_rank": number,
                    "inbox_position": number,
                }
                cases.append(filled(REVIEW_ASSIGNMENTS, **case))
                reads.append(filled(PREDICTION_FEEDBACK, **read))
        self._append(REVIEW_ASSIGNMENTS, cases)
        self._append(PREDICTION_FEEDBACK, reads)

    def retrain(self, **asked: Any) -> dg.ExecuteInProcessResult:
        """The job, as `xray retrain` or the sensor runs it."""
        told = {"ask": "manual", "by": "ann", "reason": "a test"} | asked
        definitions = build_definitions(self.settings, training=self.training)
        with clock.set_to(self.now), dg.DagsterInstance.ephemeral() as instance:
            return definitions.resolve_job_def("retrain").execute_in_process(
                instance=instance,
                run_config={"ops": {"__".join(RETRAINING_REQUESTS): {"config": told}}},
                raise_on_error=False,
            )

    def stored(self, key: Key) -> pl.DataFrame:
        return self.tables.read(key).collect()
