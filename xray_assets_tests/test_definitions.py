"""The code location as Dagster's server loads it: what it holds, what it costs, and that both
deployments hold the same.
"""

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_type_hints

import dagster as dg
import pytest

from xray_assets.catalog import ENDPOINT_CONFIG
from xray_assets.definitions import build_definitions
from xray_assets.deployments import resources
from xray_assets.jobs import NEEDS_ENDPOINT, jobs
from xray_assets.resources.roles import Resources
from xray_assets.settings import Settings

SNAPSHOT = Path(__file__).with_name("graph_snapshot.json")

CONFIG = dg.AssetKey(ENDPOINT_CONFIG)

BANNED = (
    "tensorflow",
    "keras",
    "torch",
    "mlflow",
    "scipy",
    "numpy",
    "altair",
    "boto3",
    "pyspark",
    "dagster_aws",
    "dagster_databricks",
    "databricks",
    "deltalake",
    "onnxruntime",
    "kaggle",
)


def graph(settings: Settings) -> dict[str, object]:
    """Everything about the graph that must not depend on the deployment."""
    definitions = build_definitions(settings)
    assets = definitions.resolve_asset_graph()
    sensors = [definitions.resolve_sensor_def(sensor.name) for sensor in definitions.sensors or []]
    return {
        "assets": {
            key.to_user_string(): {
                "deps": sorted(parent.to_user_string() for parent in assets.get(key).parent_keys),
                "group": assets.get(key).group_name,
                "owners": list(assets.get(key).owners),
                "kinds": sorted(
                    tag for tag in assets.get(key).tags if tag.startswith("dagster/kind/")
                ),
                "pools": sorted(assets.get(key).pools or ()),
                "condition": str(
                    assets.get(key).automation_condition
                    and assets.get(key).automation_condition.get_label()
                ),
            }
            for key in sorted(assets.get_all_asset_keys())
        },
        "checks": sorted(
            f"{check.asset_key.to_user_string()}:{check.name}" for check in assets.asset_check_keys
        ),
        "jobs": sorted(job.name for job in definitions.jobs or []),
        "schedules": {
            schedule.name: [schedule.cron_schedule, schedule.job_name]
            for schedule in definitions.schedules or []
        },
        "sensors": {
            sensor.name: {
                "status": str(sensor.default_status),
                "every": sensor.minimum_interval_seconds,
            }
            for sensor in sorted(sensors, key=lambda sensor: sensor.name)
        },
    }


def test_the_definitions_load_as_the_server_loads_them() -> None:
    dg.Definitions.validate_loadable(build_definitions(Settings()))


def test_the_graph_is_the_documented_one() -> None:
    """Write the snapshot anew with `python -m xray_assets_tests.test_definitions` after a wanted
    change, and read the diff.
    """
    assert graph(Settings()) == json.loads(SNAPSHOT.read_text())


def test_both_deployments_have_the_same_graph_without_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in [name for name in os.environ if name.startswith("DATABRICKS_")]:
        monkeypatch.delenv(name)
    assert graph(Settings(deployment="databricks")) == graph(Settings(deployment="local"))


def test_both_deployments_fill_every_role_with_the_same_interface() -> None:
    filled = {name: resources(Settings(deployment=name)) for name in ("local", "databricks")}
    roles = get_type_hints(Resources)
    for deployment in filled.values():
        assert deployment.by_name().keys() == roles.keys()
        for role, interface in roles.items():
            assert isinstance(getattr(deployment, role), interface), role
            for method in getattr(interface, "__abstractmethods__", ()):
                twin = getattr(type(getattr(deployment, role)), method)
                asked = inspect.signature(getattr(interface, method))
                assert inspect.signature(twin) == asked, (role, method)


def test_the_jobs_that_serve_something_are_known_to_need_the_endpoint() -> None:
    definitions = build_definitions(Settings())
    layers = {job.name: definitions.resolve_job_def(job.name).asset_layer for job in jobs}
    serving = {n for n, layer in layers.items() if CONFIG in layer.selected_asset_keys}
    assert serving == set(NEEDS_ENDPOINT)


def test_every_asset_says_what_it_is_and_what_a_row_is() -> None:
    assets = build_definitions(Settings()).resolve_asset_graph()
    for key in assets.get_all_asset_keys():
        description = assets.get(key).description or ""
        assert re.match(r"One (row|file|registered version) an? ", description), key
        assert assets.get(key).owners, key
        assert 1 <= len(assets.get(key).kinds) <= 3, key


def test_only_silver_follows_its_upstreams_by_itself() -> None:
    assets = build_definitions(Settings()).resolve_asset_graph()
    automated = {
        key.to_user_string()
        for key in assets.get_all_asset_keys()
        if assets.get(key).automation_condition
    }
    assert automated == {"silver/xray_metadata", "silver/xray_rejects"}


def _fresh_process(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout


def test_importing_the_definitions_loads_no_framework() -> None:
    loaded = _fresh_process(
        "import sys, xray_assets.definitions; print(*sorted({name.split('.')[0] for name in "
        "sys.modules}))"
    )
    assert not set(loaded.split()) & set(BANNED)


def test_the_training_script_never_imports_dagster() -> None:
    loaded = _fresh_process(
        "import sys, xray_assets.training.pipeline; print(*sorted({n.split('.')[0] for n in "
        "sys.modules}))"
    )
    assert "dagster" not in loaded.split()


def test_serving_loads_neither_a_framework_nor_dagster() -> None:
    loaded = _fresh_process(
        "import sys, xray_assets.serving.process.application; "
        "print(*sorted({n.split('.')[0] for n in sys.modules}))"
    )
    assert not {"tensorflow", "torch", "mlflow", "dagster", "polars"} & set(loaded.split())


if __name__ == "__main__":
    SNAPSHOT.write_text(json.dumps(graph(Settings()), indent=1) + "\n")
