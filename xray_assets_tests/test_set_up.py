"""The files that set a machine up agree with each other."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

from xray_assets.settings import PROJECT

PINS = dict(
    re.findall(r"^([\w.-]+)==(\S+)$", (PROJECT / "constraints.txt").read_text(), re.MULTILINE)
)


def test_every_package_the_project_asks_for_is_pinned() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    extras = [one for group in project["optional-dependencies"].values() for one in group]
    names = {re.split(r"[^\w.-]", one)[0] for one in [*project["dependencies"], *extras]}
    assert names <= set(PINS)


def test_dagster_and_its_libraries_are_pinned_as_one_release() -> None:
    release = PINS["dagster"].partition(".")[2]
    assert PINS["dagster-webserver"] == PINS["dagster-pipes"] == PINS["dagster"]
    assert PINS["dagster-aws"].endswith(release.partition(".")[2])


def test_ci_installs_the_browser_and_runs_the_documented_test_command() -> None:
    commands = (PROJECT / ".ci" / "run").read_text().splitlines()
    assert commands[-1] == "make test"
    installs = [line.strip() for line in commands if "chromium" in line]
    assert installs[0] == "if ! command -v chromium >/dev/null; then"
    assert installs[-1] == "apt-get update && apt-get install -y chromium"


def test_ci_names_the_command_that_installs_the_browser_where_it_may_not(tmp_path: Path) -> None:
    for name in ("bash", "dirname"):
        (tmp_path / name).symlink_to(shutil.which(name))
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    ran = subprocess.run(
        [PROJECT / ".ci" / "run"], env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert ran.returncode == 1
    assert "apt-get install -y chromium" in ran.stderr


def test_no_file_of_the_set_up_names_a_machine_or_a_registry() -> None:
    for name in ("Makefile", "constraints.txt", ".ci/run", "dagster.yaml"):
        text = (PROJECT / name).read_text()
        assert not re.search(r"https?://|/home/|/root/|index-url|find-links", text), name


def test_the_house_names_every_room() -> None:
    rooms = {
        path.name + "/" * path.is_dir()
        for path in (PROJECT / "xray_assets").iterdir()
        if not path.name.startswith("__")
    }
    house = (PROJECT / "docs" / "house.md").read_text()
    table = [line.split("|")[1] for line in house.splitlines() if line.startswith("| `")]
    assert rooms == set(re.findall(r"`([^`]+)`", "".join(table)))
