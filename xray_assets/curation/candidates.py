"""Which ingested films a curation has to look at."""

import polars as pl

from xray_assets.curation.curate import LABEL_CONFLICT
from xray_assets.curation.films import Candidate


def candidates(
    ingested: pl.DataFrame, metadata: pl.DataFrame, rejects: pl.DataFrame
) -> list[Candidate]:
    """Ingested films in neither table, in image id order.

    Where there are any, films that were refused because copies disagree about the label are read
    again with them: another copy must meet them, and no table holds their pixels' digest. So are
    those of 0.1.0, which kept no code.
    """
    judged = pl.concat([metadata.select("image_id"), rejects.select("image_id")])
    new = ingested.join(judged, on="image_id", how="anti")
    if new.height:
        code = pl.col("reason_code")
        conflicts = rejects.filter((code == LABEL_CONFLICT) | code.is_null())
        new = pl.concat([new, ingested.join(conflicts, on="image_id", how="semi")])
    return [
        Candidate(
            image_id=row["image_id"],
            filename=row["filename"],
            category=row["category"],
            file_path=row["file_path"],
            sha256=row["sha256"],
            batch_id=row["ingestion_batch_id"],
        )
        for row in new.sort("image_id").iter_rows(named=True)
    ]
