"""`xray predict`: send films to the endpoint as any client would."""

from pathlib import Path
from typing import Annotated

import typer

from xray_assets.catalog import LABELS
from xray_assets.terminal import AsJson, read_settings, refuse, show_table, shown_table


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(predict)


def predict(
    films: Annotated[list[Path], typer.Argument(help="JPEG, PNG or DICOM files")],
    patient_id: Annotated[
        str, typer.Option(help="Keeps a patient with one model; only a keyed digest is stored")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Ask the endpoint for the probability of pneumonia, one request a film."""
    from xray_assets.commands.invocation import invoke
    from xray_assets.feedback import get_prediction_info

    settings = read_settings()
    if missing := [str(film) for film in films if not film.is_file()]:
        refuse(f"no such file: {', '.join(missing)}")
    table = shown_table("film", "probability", "label", "model", "request id")
    for film in films:
        answer = invoke(settings, film.read_bytes(), patient_id=patient_id)
        logged = get_prediction_info(answer.request_id, settings=settings) or {}
        label = LABELS[logged["predicted_label"]] if logged.get("predicted_label") in (0, 1) else ""
        table.add_row(
            film.name,
            f"{answer.probability:.4f}",
            label,
            answer.served_model_name,
            answer.request_id,
        )
    show_table(table, as_json=as_json)
