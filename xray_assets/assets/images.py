"""Bronze: films as their source gives them. The first stage of the lineage.

Here: which films are held, and the table of them. Not here: whether a film is usable (`metadata`).
"""

from typing import Any

import dagster as dg

from xray_assets import clock
from xray_assets.assets.entries import asset
from xray_assets.catalog import KAGGLE_XRAY_METADATA, LABELS, XRAY_IMAGES
from xray_assets.checks.table_metadata import data_version, table_metadata
from xray_assets.progress import LoggedProgress
from xray_assets.resources.images import FilmSettings, ImageSource, ImageVolume
from xray_assets.resources.tables import Tables

_SHEET_COLUMNS = 8


@asset(XRAY_IMAGES)
def xray_images(
    context: dg.AssetExecutionContext, source: ImageSource, volume: ImageVolume, films: FilmSettings
) -> dg.MaterializeResult:
    """Copy films from the source into the image volume, the same number of each class."""
    from xray_assets.sources.ingest import ingest
    from xray_assets.sources.manifest import claim, read_volume
    from xray_assets.sources.source_films import chosen, films_in

    opened = source.open(LoggedProgress(context.log, "prepare source"))
    folder, content = volume.open(), read_volume(volume.open())
    offered = films_in(opened.folder.files(), address=opened.folder.address)
    wanted = chosen(offered, limit=films.limit, seed=films.seed, ingested=content.intact.keys())
    _demand_films(wanted, opened.folder.address)
    claim(folder, origin=opened.origin, synthetic=opened.synthetic)
    now = clock.now()
    result = ingest(
        wanted,
        source=opened.folder,
        volume=folder,
        content=content,
        batch_id=f"{now:%Y%m%dT%H%M%S%f}-{context.run_id[:8]}",
        now=now,
        threads=films.threads,
        progress=LoggedProgress(context.log, "ingest films"),
    )
    held = read_volume(folder).intact
    return dg.MaterializeResult(
        metadata={
            "source": f"{opened.kind}: {opened.origin}",
            "synthetic": opened.synthetic,
            "films": len(held),
            **{label.lower(): _count(held, label) for label in LABELS},
            "new_films": len(result.copied),
            "films_in_source": len(offered),
            "dagster/uri": folder.address,
            "sample": dg.MetadataValue.md(_sample(folder, held, synthetic=opened.synthetic)),
        },
        data_version=dg.DataVersion(_digest(held)),
    )


@asset(KAGGLE_XRAY_METADATA, deps=[XRAY_IMAGES])
def kaggle_xray_metadata(
    context: dg.AssetExecutionContext, volume: ImageVolume, tables: Tables
) -> dg.MaterializeResult:
    """What the source says about each ingested film: name, class, split, size, digest."""
    from xray_assets.sources.ingested_rows import new_rows
    from xray_assets.sources.manifest import origin_of, read_volume

    folder = volume.open()
    rows = new_rows(read_volume(folder), tables.read(KAGGLE_XRAY_METADATA), folder)
    tables.merge(KAGGLE_XRAY_METADATA, rows, insert_only=True)
    context.log.info(f"{rows.height} new films")
    origin = origin_of(folder) or {}
    return dg.MaterializeResult(
        metadata=table_metadata(
            tables,
            KAGGLE_XRAY_METADATA,
            new_films=rows.height,
            synthetic=bool(origin.get("synthetic")),
            origin=str(origin.get("origin", "none")),
        ),
        data_version=data_version(tables, KAGGLE_XRAY_METADATA),
    )


def _demand_films(wanted: list[Any], address: str) -> None:
    if not wanted:
        raise dg.Failure(
            f"{address} holds no films: it needs folders NORMAL and PNEUMONIA with JPEG, PNG or "
            "DICOM files, as in chest_xray/{train,test,val}/{NORMAL,PNEUMONIA}",
            allow_retries=False,
        )


def _count(held: dict[str, Any], label: str) -> int:
    return sum(film.category == label for film in held.values())


def _digest(held: dict[str, Any]) -> str:
    """Equal when the volume holds the same bytes: what makes a second run no news downstream."""
    import hashlib

    lines = "\n".join(f"{film.image_id} {film.sha256}" for _, film in sorted(held.items()))
    return f"sha256-{hashlib.sha256(lines.encode()).hexdigest()[:16]}"


def _sample(folder: Any, held: dict[str, Any], *, synthetic: bool) -> str:
    from xray_assets.pictures.contact_sheet import contact_sheet

    by_id = sorted(held.values(), key=lambda film: film.image_id)
    rows = [[film for film in by_id if film.category == label][:_SHEET_COLUMNS] for label in LABELS]
    title = "synthetic phantoms" if synthetic else "films"
    sheet = contact_sheet(
        [[folder.read(film.volume_path) for film in row] for row in rows],
        title=f"{title}: {' above, '.join(LABELS)} below",
    )
    return f"{title.capitalize()}; {LABELS[0]} above, {LABELS[1]} below\n\n{sheet}"
