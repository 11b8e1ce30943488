"""What `xray doctor` finds, and that each bad finding says what to do next."""

import socket
from collections import namedtuple
from pathlib import Path

import pytest

from xray_assets.doctor import checkup, credentials, machine, packages, services
from xray_assets.doctor.finding import FAIL, OK, WARN, Finding
from xray_assets.settings import Settings
from xray_assets.sources.kaggle_download import has_credentials
from xray_assets.stack.state import prepare_state
from xray_assets_tests.stack.free_ports import settings_of_a_test

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of_a_test(tmp_path, source="phantom")


def statuses(findings: list[Finding]) -> dict[str, str]:
    return {finding.what: finding.status for finding in findings}


def test_a_fresh_machine_has_nothing_that_fails_and_is_not_changed(settings: Settings) -> None:
    found = list(checkup.examine(settings))
    assert FAIL not in {finding.status for finding in found if finding.what != "Packages"}
    assert not settings.state.exists()


def test_whatever_is_not_ok_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    unfit = Settings(
        state=tmp_path / "file" / "state", source="kaggle", deployment="databricks", dagster_port=1
    )
    found = [
        *credentials.sources(unfit, {"KAGGLE_CONFIG_DIR": str(tmp_path)}),
        credentials.databricks(unfit, {}),
        machine.state_folder(unfit),
        packages.python_version((3, 12, 1)),
    ]
    assert [finding.status for finding in found] == [FAIL] * 4
    assert all(finding.advice for finding in found)


@pytest.mark.parametrize(
    ("version", "status"), [((3, 11, 0), OK), ((3, 10, 9), FAIL), ((3, 12, 0), FAIL)]
)
def test_python_must_be_3_11(version: tuple[int, ...], status: str) -> None:
    assert packages.python_version(version).status == status


def test_a_package_of_another_version_is_named_with_its_pin(tmp_path: Path) -> None:
    pins = tmp_path / "constraints.txt"
    pins.write_text("# a comment==1\nrich==0.0.1\nnot-installed==1.0\n")
    (other,) = packages.pinned_packages(pins)
    assert other.status == WARN
    assert "pinned 0.0.1" in other.found


def test_a_missing_package_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pins = tmp_path / "constraints.txt"
    pins.write_text("")
    monkeypatch.setattr(packages.metadata, "requires", lambda _: ["not-a-package-at-all>=2"])
    (missing,) = packages.pinned_packages(pins)
    assert (missing.status, missing.found) == (FAIL, "missing: not-a-package-at-all")


@pytest.mark.parametrize(("free", "status"), [(10**8, FAIL), (2 * 10**9, WARN), (10**11, OK)])
def test_disk_space_is_judged_where_the_state_lies(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, free: int, status: str
) -> None:
    asked = []

    def usage(folder: Path) -> Usage:
        asked.append(folder)
        return Usage(0, 0, free)

    monkeypatch.setattr(machine.shutil, "disk_usage", usage)
    assert machine.disk(settings).status == status
    assert asked == [settings.state.parent]


def test_a_port_of_another_program_fails_and_names_the_setting(settings: Settings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", settings.feedback_port))
        taken.listen()
        found = {finding.what: finding for finding in services.ports(settings)}
    bad = found.pop("Port of feedback-api (XRAY_FEEDBACK_PORT)")
    assert bad.status == FAIL
    assert "XRAY_FEEDBACK_PORT=<port>" in bad.advice
    assert {finding.status for finding in found.values()} == {OK}


def test_a_token_file_that_others_can_read_fails(settings: Settings) -> None:
    settings.state.mkdir()
    for name, mode in (("token", 0o600), ("client_token", 0o644)):
        (settings.state / name).touch()
        (settings.state / name).chmod(mode)
    assert statuses(list(credentials.token_files(settings))) == {
        "File token": OK,
        "File client_token": FAIL,
    }


@pytest.mark.parametrize(
    ("variables", "present"),
    [
        ({}, False),
        ({"KAGGLE_USERNAME": "someone"}, False),
        ({"KAGGLE_USERNAME": "someone", "KAGGLE_KEY": "k"}, True),
        ({"KAGGLE_API_TOKEN": "t"}, True),
    ],
)
def test_kaggle_credentials_are_found_where_its_client_looks(
    tmp_path: Path, variables: dict[str, str], present: bool
) -> None:
    folder = {"KAGGLE_CONFIG_DIR": str(tmp_path)}
    assert has_credentials(variables | folder) == present
    (tmp_path / "kaggle.json").touch()
    assert has_credentials(variables | folder)


def test_a_folder_of_films_that_is_not_there_fails(tmp_path: Path) -> None:
    for folder, status in ((tmp_path, OK), (tmp_path / "nowhere", FAIL)):
        settings = Settings(source=f"folder:{folder}")
        assert statuses(list(credentials.sources(settings, {})))["Films"] == status


def test_databricks_credentials_are_needed_only_there() -> None:
    both = {"DATABRICKS_HOST": "h", "DATABRICKS_TOKEN": "t"}
    assert credentials.databricks(Settings(), {}).status == OK
    there = Settings(deployment="databricks")
    assert credentials.databricks(there, both).status == OK
    half = credentials.databricks(there, {"DATABRICKS_HOST": "h"})
    assert (half.status, "DATABRICKS_TOKEN" in half.advice) == (FAIL, True)


def test_an_unhealthy_service_is_told_in_its_own_words(settings: Settings) -> None:
    from xray_assets.doctor.services import health
    from xray_assets.stack.stack import Stack

    with Stack(settings, names=["endpoint"]):
        found = {finding.what: finding for finding in health(settings)}
        ports = list(services.ports(settings))
    assert found["Service endpoint"].status == WARN
    assert "no endpoint is configured" in found["Service endpoint"].found
    assert found["Service daemon"].advice == "`xray up daemon` starts it"
    assert any("used by our process" in port.found for port in ports)


def test_a_state_folder_that_others_can_read_fails(settings: Settings) -> None:
    settings.state.mkdir()
    settings.state.chmod(0o755)
    assert machine.state_folder(settings).status == FAIL
    prepare_state(settings)
    assert machine.state_folder(settings).status == OK


def test_where_alerts_go_is_said_and_nobody_and_unsigned_are_warned_about(
    settings: Settings,
) -> None:
    webhook = {"alert_webhook": "https://chat.test/hook"}
    for chosen, status, found in (
        ({}, WARN, "go to nobody"),
        (webhook, WARN, "a webhook, unsigned"),
        (webhook | {"alert_secret": "key"}, OK, "a webhook"),
        ({"alert_email": ("ada@clinic.test",)}, OK, "ada@clinic.test"),
    ):
        finding = credentials.alerts(settings.model_copy(update=chosen))
        assert (finding.status, finding.found) == (status, found)
