"""The daily report: one file that needs nothing else, the dashboard's figures, sent once."""

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from xray_assets.cli import app
from xray_assets.definitions import build_definitions
from xray_assets.lake.delta import DeltaTables
from xray_assets.room.daily_report import files, pdf
from xray_assets.room.daily_report.pdf import NoPdf, browser, write_pdf
from xray_assets.schedules import report_of_yesterday
from xray_assets.scoring.registry import ModelRegistry
from xray_assets.settings import Settings
from xray_assets_tests.notices.servers import Chat, running
from xray_assets_tests.room.made_board import UNTIL, whole_board

DAY = UNTIL.date() - timedelta(days=1)


class Tags(HTMLParser):
    """Every tag, and every address that a page would load or call."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.addresses += [f"{value}" for name, value in attrs if name in ("src", "href", "action")]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    made = Settings(state=tmp_path_factory.mktemp("state"))
    whole_board(DeltaTables(made.lake, made.environment))
    return made


def written(settings: Settings, **more: object) -> files.Written:
    registry = ModelRegistry(settings.mlflow_uri, settings.artifact_cache)
    tables = DeltaTables(settings.lake, settings.environment)
    return files.write(settings, tables, registry, day=DAY, **more)  # type: ignore[arg-type]


def test_it_is_one_file_with_the_dashboards_figures_and_no_case(settings: Settings) -> None:
    found = written(settings)
    page, tags = found.html.read_text(), Tags()
    tags.feed(page)
    assert found.html == settings.state / "reports" / f"report-{DAY}.html"
    assert "script" not in tags.names and tags.addresses == []
    assert tags.names.count("svg") == 4
    board = found.report.board
    assert board.verdict.shown and board.models.shown and board.mistaken.shown
    assert board.verdict.shown.headline in page
    for row in board.models.shown.rows:
        assert row.champion.shown in page and row.challenger.shown in page
    assert "gold.promotion_decision, version" in page
    assert not [one for one in board.mistaken.shown if one.request_id in page]
    assert sum(one.images for one in found.report.served) > 0


def test_before_anything_happened_it_says_so(tmp_path: Path) -> None:
    empty = Settings(state=tmp_path)
    page = written(empty).html.read_text()
    assert "No image was answered on this day" in page and "No verdict" in page


@pytest.mark.skipif(browser() is None, reason="no browser prints a PDF here")
def test_a_browser_prints_it(settings: Settings, tmp_path: Path) -> None:
    found = written(settings, out=tmp_path, pdf=True)
    assert found.pdf and found.pdf.read_bytes().startswith(b"%PDF-"), found.no_pdf


def test_without_a_browser_it_says_what_to_do(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(pdf.shutil, "which", lambda _: None)
        assert "install one of" in written(settings, out=tmp_path, pdf=True).no_pdf
    with monkeypatch.context() as patch:
        patch.setattr(pdf, "browser", lambda: "/bin/false")
        with pytest.raises(NoPdf, match="did not print"):
            write_pdf(tmp_path / f"report-{DAY}.html", tmp_path / "r.pdf")


def test_the_command_and_the_schedule_send_one_report_a_day(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = Chat()
    monkeypatch.setattr(pdf, "BROWSERS", ())
    monkeypatch.setenv("XRAY_STATE", str(settings.state))
    monkeypatch.setenv("XRAY_REPORT_WEBHOOK", chat.url)
    with running(chat):
        chat.status = 500
        refused = CliRunner().invoke(app, ["report", "--day", f"{DAY}", "--send"])
        assert refused.exit_code == 1 and "answered 500" in refused.output
        chat.status = 200
        again = CliRunner().invoke(app, ["report", "--day", f"{DAY}", "--send"])
        assert again.exit_code == 0 and ": sent" in again.output
        tick = dg.build_schedule_context(scheduled_execution_time=UNTIL)
        asked = report_of_yesterday(tick)
        assert isinstance(asked, dg.RunRequest)
        assert asked.run_config == {"ops": {"write_report": {"config": {"day": f"{DAY}"}}}}
        with dg.DagsterInstance.ephemeral() as instance:
            job = build_definitions(settings).resolve_job_def("daily_report")
            assert job.execute_in_process(instance=instance, run_config=asked.run_config).success
    assert len(chat.came) == 2
    body = json.loads(chat.came[-1].body)
    assert body["key"] == f"daily_report/dev/{DAY}"
    assert "Not for clinical use" in body["text"]
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", body["text"])
