"""Gold, of monitoring: what is measured of the films of closed days."""

from concurrent.futures import ThreadPoolExecutor

import dagster as dg

from xray_assets import clock
from xray_assets.assets.entries import asset
from xray_assets.catalog import ENDPOINT_CONFIG, FILM_FEATURES, PREDICTIONS
from xray_assets.checks.table_metadata import table_metadata
from xray_assets.resources.monitoring import MonitoringDesk
from xray_assets.resources.serving.shadow import ShadowScorer
from xray_assets.resources.tables import Tables
from xray_assets.storage.list_identity import MEASURING


@asset(FILM_FEATURES, deps=[PREDICTIONS, ENDPOINT_CONFIG])
def film_features(
    context: dg.AssetExecutionContext,
    tables: Tables,
    shadow: ShadowScorer,
    monitoring_desk: MonitoringDesk,
) -> dg.MaterializeResult:
    """Features and embeddings of the films of closed days; of many, a sample."""
    from xray_assets.monitoring.films.rows import Store
    from xray_assets.monitoring.films.run import bring_up_to_date, released

    log, timezone, measured = shadow.inference_log, monitoring_desk.timezone, 0
    with ThreadPoolExecutor(shadow.threads) as pool:
        for day, films in bring_up_to_date(
            tables,
            Store(log.image, shadow.classifier, pool),
            timezone=timezone,
            most=monitoring_desk.films,
            now=clock.now(),
            log_is_taken=log.behind(tables) == 0,
        ):
            measured += films
            context.log.info(f"measured {films} films of {day}")
    log.acknowledge(MEASURING, released(tables, timezone))
    return dg.MaterializeResult(
        metadata=table_metadata(tables, FILM_FEATURES) | {"new_films": measured}
    )
