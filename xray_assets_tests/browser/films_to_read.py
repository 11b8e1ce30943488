"""Films that wait for readers: requests of an experiment, logged, paired and drawn by the product's
own runs.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np

from xray_assets.assets.predictions import paired_predictions, pneumonia_classifier_predictions
from xray_assets.assets.review import review_assignments
from xray_assets.deployments import resources
from xray_assets.feedback.inbox_rows import InboxRows
from xray_assets.imaging.acceptable import ACCEPTED_BEFORE
from xray_assets.serving.hot_path.films import read_film
from xray_assets.serving.log.schema import INSERT_FULL_DEPTH
from xray_assets.settings import Settings
from xray_assets_tests.imaging.test_dicom import dicom_film
from xray_assets_tests.logged_world import LoggedWorld

RUNS = [pneumonia_classifier_predictions, paired_predictions, review_assignments]
RAMP = (np.add.outer(np.arange(300), np.arange(280)) + 1000).astype(np.uint16)
"""A ramp of 579 of 4,096 values: 8 bits would keep 37 of them."""


def drawn_world(state: Path, *, requests: int, films: int = 12) -> LoggedWorld:
    """A state with this many requests, about half of them drawn: always the same ones, in the same
    order for each reader.
    """
    world = LoggedWorld(state, films=films)
    world.predict(requests, 1000)
    world.settings.reading_folder.mkdir()
    for key in (world.settings.review_key, world.settings.reading_folder / "key"):
        key.touch(mode=0o600)
        key.write_text("0" * 64)
    with ThreadPoolExecutor(1) as apart:  # Playwright's event loop runs in this thread
        apart.submit(_run, world.settings).result()
    return world


def _run(settings: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        dg.materialize(RUNS, instance=instance, resources=vars(resources(settings)))


def deepen(world: LoggedWorld) -> None:
    """Let every film be the same DICOM film of 12 bits, as the endpoint keeps it: MONOCHROME1."""
    tags = {"BitsStored": 12, "HighBit": 11, "WindowCenter": 2048, "WindowWidth": 4096}
    made = dicom_film(RAMP, PhotometricInterpretation="MONOCHROME1", **tags)
    film = read_film(made, index=0, limits=ACCEPTED_BEFORE)
    assert film.depth is not None
    world.log.execute("UPDATE images SET kind = ?, data = ?", film.stored())
    for digest in world.films:
        world.log.execute(INSERT_FULL_DEPTH, (digest, *astuple(film.depth)))
    world.log.commit()


def reads(settings: Settings) -> list[dict[str, Any]]:
    """Every read that is stored, in order."""
    rows = InboxRows(settings.feedback_inbox).read_after(0, 1000)
    return [json.loads(content) for _, _, content, _ in rows]
