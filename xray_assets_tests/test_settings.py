"""What settings make of a person's words."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from xray_assets.settings import PROJECT, Settings


def test_relative_paths_mean_the_current_folder_and_no_state_the_checkout_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("XRAY_STATE", raising=False)
    assert Settings().state == PROJECT / ".state"
    monkeypatch.setenv("XRAY_STATE", "here/state")
    monkeypatch.setenv("XRAY_SOURCE", "folder:films")
    monkeypatch.setenv("XRAY_LAKE_URI", "lake")
    found = Settings()
    assert found.state == tmp_path / "here" / "state"
    assert found.source == f"folder:{tmp_path / 'films'}"
    assert found.lake == str(tmp_path / "lake")


def test_addresses_and_absolute_paths_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XRAY_LAKE_URI", "s3://bucket/lake")
    for source in ("auto", "kaggle", "folder:s3://bucket/films", "folder:/films", "folder:"):
        monkeypatch.setenv("XRAY_SOURCE", source)
        assert (Settings().source, Settings().lake_uri) == (source, "s3://bucket/lake")


def test_a_misspelt_variable_is_refused_with_the_nearest_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XRAY_EPOCH", "3")
    with pytest.raises(ValidationError, match="XRAY_EPOCH is no setting: did you mean XRAY_EPOCHS"):
        Settings()


def test_a_variable_of_another_s_is_no_misspelling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XRAY_READER_TOKEN", "t")
    monkeypatch.setenv("XRAYS", "1")
    assert Settings().epochs > 0


def test_alerts_by_email_without_a_mail_server_are_refused() -> None:
    for addresses in ({"alert_email": "ada@clinic.test"}, {"escalation_email": "head@clinic.test"}):
        with pytest.raises(ValidationError, match="need XRAY_SMTP_HOST"):
            Settings(**addresses)
        assert Settings(**addresses, smtp_host="mail.test", smtp_sender="xray@clinic.test")
