"""`xray review`: reading in the terminal, by the reader's own token."""

import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from xray_assets.cli import app
from xray_assets.web.account_changes import add_account
from xray_assets.web.refusals import PermissionDenied
from xray_assets_tests.reading.made_room import made_room, png


def test_a_reader_reads_in_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where, _ = made_room(tmp_path / "state", 2, films=[png(1)] * 2)
    monkeypatch.setenv("XRAY_STATE", str(where.state))
    monkeypatch.setenv("XRAY_READER_TOKEN", add_account(where, "anna", "reader"))

    def xray(*words: str) -> str:
        result = CliRunner().invoke(app, ["review", *words], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    film = tmp_path / "film.png"
    lease = xray("next", "--film", str(film)).strip()
    assert film.read_bytes() == png(1) and film.stat().st_mode & 0o077 == 0
    assert xray("next", "--film", str(film)).strip() == lease
    commit = ("commit", lease, "normal", "--certainty", "4", "--commit-id", str(uuid4()))
    xray(*commit)
    xray(*commit)
    assert "1 films wait, 1 read today" in xray("status")
    xray("release", xray("next", "--film", str(film)).strip())
    assert xray("next", "--film", str(film)).strip() == ""
    with closing(sqlite3.connect(where.feedback_inbox)) as inbox:
        assert inbox.execute("SELECT count(*) FROM feedback").fetchone() == (1,)


def test_without_a_readers_token_nobody_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, _ = made_room(tmp_path, 1)
    monkeypatch.setenv("XRAY_STATE", str(where.state))
    monkeypatch.delenv("XRAY_READER_TOKEN", raising=False)
    assert CliRunner().invoke(app, ["review", "status"]).exit_code == 1
    monkeypatch.setenv("XRAY_READER_TOKEN", add_account(where, "a", "approver"))
    result = CliRunner().invoke(app, ["review", "status"])
    assert isinstance(result.exception, PermissionDenied)
