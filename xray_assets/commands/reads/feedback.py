"""`xray feedback ...`: submit reads of predictions, and look at what came in."""

from pathlib import Path
from typing import Annotated, Any

import typer

from xray_assets.terminal import (
    console,
    error_console,
    read_settings,
    refuse,
    shown_table,
)

app = typer.Typer(
    help="Submit reads of predictions, and look at what came in.", no_args_is_help=True
)

Reader = Annotated[str, typer.Option("--reader", help="Who read the film")]
Notes = Annotated[str | None, typer.Option(help="Free text; nothing that identifies a patient")]
Blinded = Annotated[
    bool, typer.Option("--blinded", help="Read before the model's answer was shown")
]


@app.command()
def submit(
    request_id: Annotated[str, typer.Argument(help="The request, as the endpoint named it")],
    feedback_type: Annotated[
        str | None,
        typer.Argument(help="true-positive, false-positive, true-negative, false-negative"),
    ] = None,
    reader: Reader = "",
    read: Annotated[
        str | None, typer.Option(help="pneumonia, normal, uncertain or uninterpretable")
    ] = None,
    truth: Annotated[str | None, typer.Option(help="NORMAL or PNEUMONIA")] = None,
    reader_token: Annotated[
        str | None,
        typer.Option(
            envvar="XRAY_READER_TOKEN",
            help="A reader's own token: names the reader and the role; adjudicators need it",
        ),
    ] = None,
    confidence: Annotated[
        str, typer.Option(help="confirmed, uncertain or needs_review")
    ] = "confirmed",
    source: Annotated[str, typer.Option(help="radiologist, pathology, manual, ...")] = "manual",
    blinded: Blinded = False,
    notes: Notes = None,
) -> None:
    """Submit one read: by its type, by what was seen (--read), or by the truth (--truth)."""
    from xray_assets.feedback import submit_feedback

    receipt = submit_feedback(
        request_id,
        feedback_type,
        radiologist_id=reader or None,
        read=read,
        ground_truth=truth,
        blinded=blinded,
        confidence=confidence,
        feedback_source=source,
        notes=notes,
        token=reader_token,
        settings=read_settings(),
    )
    _show_receipt(receipt)


@app.command()
def quick(
    request_id: Annotated[str, typer.Argument(help="The request, as the endpoint named it")],
    diagnosis: Annotated[str, typer.Argument(help="What the film shows: NORMAL or PNEUMONIA")],
    correct: Annotated[bool, typer.Option("--correct/--wrong", help="Was the model right?")],
    reader: Annotated[
        str | None, typer.Option("--reader", help="Default: the user of this machine")
    ] = None,
    blinded: Blinded = False,
    notes: Notes = None,
) -> None:
    """Say what the film shows and whether the model was right; the two must fit."""
    from xray_assets.feedback import quick_feedback

    receipt = quick_feedback(
        request_id, correct, diagnosis, radiologist_id=reader, blinded=blinded, notes=notes,
        settings=read_settings(),
    )  # fmt: skip
    _show_receipt(receipt)


@app.command()
def batch(
    file: Annotated[
        Path, typer.Argument(help="CSV or NDJSON: request_id, radiologist_id, read, ...")
    ],
) -> None:
    """Submit every row of a file: all of them, or none."""
    import polars as pl

    from xray_assets.feedback import submit_feedback_batch

    if not file.is_file():
        refuse(f"no such file: {file}")
    if file.suffix == ".csv":
        # Only what is no text anywhere in a read is parsed: an id of digits stays an id.
        rows = pl.read_csv(file, infer_schema=False)
        if "blinded" in rows.columns:
            rows = rows.with_columns(
                pl.col("blinded").str.to_lowercase().replace_strict({"true": True, "false": False})
            )
    else:
        rows = pl.read_ndjson(file)
    if "reader_role" in rows.columns:
        refuse("a file makes no role: leave reader_role out, a role comes from a reader's token")
    receipts = submit_feedback_batch(rows.iter_rows(named=True), settings=read_settings())
    pending = sum(receipt.status == "pending" for receipt in receipts)
    console().print(f"{len(receipts)} reads are in the inbox, {pending} wait for their prediction")


@app.command()
def info(request_id: Annotated[str, typer.Argument(help="The request")]) -> None:
    """Show what is logged of a request. Not for readers before their read."""
    from xray_assets.feedback import get_prediction_info

    found = get_prediction_info(request_id, settings=read_settings())
    if found is None:
        refuse(f"the log holds no request {request_id}")
    _show(found)


@app.command()
def stats(days: Annotated[int, typer.Option(help="Days back, today included")] = 7) -> None:
    """Show figures about the reads of the last days."""
    from xray_assets.feedback import get_feedback_stats

    _show(get_feedback_stats(days, settings=read_settings()))


def _show_receipt(receipt: Any) -> None:
    kind = f", {receipt.feedback_type}" if receipt.feedback_type else ""
    console().print(
        f"{receipt.status}: feedback {receipt.feedback_id} on {receipt.request_id}{kind}"
    )
    if receipt.status == "pending":
        error_console().print(
            "the log does not hold this request yet: it is tried again at each run, and rejected "
            "after XRAY_FEEDBACK_PENDING_SECONDS; is the id right?"
        )


def _show(facts: dict[str, Any]) -> None:
    table = shown_table("", "")
    for name, value in facts.items():
        table.add_row(
            name,
            "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value),
        )
    console().print(table)
