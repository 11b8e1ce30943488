"""What commands print: tables where there is room, records where there is not, JSON for scripts."""

import json
from io import StringIO

import pytest
from rich.console import Console
from typer.testing import CliRunner

from xray_assets.cli import app
from xray_assets.terminal import show_table, shown_table

REQUEST = "01981f2a-7c3e-7000-8000-0123456789ab"


def printed(width: int) -> str:
    table = shown_table("film", "probability", "model", "request id")
    table.add_row("a.jpeg", "0.93", "pneumonia_poc_classifier_pytorch-12", REQUEST)
    out = StringIO()
    Console(file=out, width=width).print(table)
    return out.getvalue()


@pytest.mark.parametrize("width", [60, 80, 99, 100, 120, 160])
def test_an_id_is_never_broken_however_narrow_the_terminal_is(width: int) -> None:
    shown = printed(width)
    assert REQUEST in shown
    assert "pneumonia_poc_classifier_pytorch-12" in shown


def test_a_narrow_terminal_gets_a_line_a_field_and_a_wide_one_a_table() -> None:
    assert "request id   " in printed(80) and "│" not in printed(80)
    assert "│" in printed(160)


def test_a_script_gets_json_without_markup(capsys: pytest.CaptureFixture[str]) -> None:
    table = shown_table("status", "what")
    table.add_row("[green]ok[/]", "disk")
    show_table(table, as_json=True)
    assert json.loads(capsys.readouterr().out) == [{"status": "ok", "what": "disk"}]


def test_the_version_is_printed_and_completion_can_be_installed() -> None:
    runner = CliRunner()
    said = runner.invoke(app, ["--version"])
    assert (said.exit_code, said.output.split()[0]) == (0, "xray-assets")
    assert "--install-completion" in runner.invoke(app, ["--help"]).output
