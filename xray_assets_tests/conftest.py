"""Settings of every test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from xray_assets.scoring import mlflow_client, registry
from xray_assets.training.records import tracking

# A slow machine is no finding: the laws must hold, however long an example takes.
settings.register_profile(
    "no deadline", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("no deadline")


LONGEST = (
    "test_end_to_end",
    "test_evaluation",
    "test_dagster_services",
    "test_score_command",
    "test_record",
    "test_networks",
    "test_people",
    "test_stack",
    "test_durability",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first, so that the tests' processes end together."""
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))


@pytest.fixture(scope="session", autouse=True)
def _empty_mlflow_is_copied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new file of MLflow costs 3 s of a core: each process of the tests makes one, and copies."""
    prepare, made = mlflow_client.prepare, tmp_path_factory.mktemp("mlflow") / "empty.db"

    def copied(tracking_uri: str) -> None:
        prepare(tracking_uri)
        file = Path(tracking_uri.removeprefix("sqlite:///"))
        if tracking_uri.startswith("sqlite:///") and not file.exists():
            if not made.exists():
                mlflow = mlflow_client.import_mlflow()
                mlflow.MlflowClient(f"sqlite:///{made}").search_experiments()
            shutil.copyfile(made, file)

    with pytest.MonkeyPatch.context() as patch:
        for user in (mlflow_client, registry, tracking):
            patch.setattr(user, "prepare", copied)
        yield
