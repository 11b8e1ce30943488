"""`xray review policy raise | show`."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from xray_assets.catalog import REVIEW_POLICY
from xray_assets.cli import app
from xray_assets.deployments import resources
from xray_assets.settings import Settings

ORDER = ["review", "policy", "raise", "--site", "b", "--chance", "0.5", "--reason", "new scanner"]
FRIDAY = (datetime.now(UTC) + timedelta(days=5)).date()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("XRAY_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("XRAY_SITES", "a,b")
    return Settings()


def said(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(words))
    return result.exit_code, " ".join((result.output + str(result.exception or "")).split())


def test_a_raised_share_says_who_and_why_and_is_shown(settings: Settings) -> None:
    code, told = said(*ORDER, "--until", str(FRIDAY), "--by", "Ada")
    assert code == 0 and "site b" in told and "0.5 or more" in told
    (row,) = resources(settings).tables.read(REVIEW_POLICY).collect().to_dicts()
    assert (row["site"], row["chance"], row["cause"]) == ("b", 0.5, "new scanner")
    assert row["decided_by"] == "Ada (unauthenticated)"
    assert row["effective_until"].date() == FRIDAY + timedelta(days=1)
    (shown,) = json.loads(said("review", "policy", "show", "--json")[1])
    assert (shown["site"], shown["chance"], shown["cause"]) == ("b", "0.5", "new scanner")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("--site", "c"), "write one of a, b, other, *"),
        (("--chance", "0.4"), "a chance is one of"),
        (("--until", "2020-01-01"), "is over"),
    ],
)
def test_what_means_nothing_is_refused(
    settings: Settings, change: tuple[str, str], why: str
) -> None:
    code, told = said(*ORDER, "--until", str(FRIDAY), *change)
    assert code == 1 and why in told
    assert resources(settings).tables.version(REVIEW_POLICY) is None
