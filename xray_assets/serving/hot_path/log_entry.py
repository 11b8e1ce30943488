"""What the log is told of one answered or failed request."""

from xray_assets import clock
from xray_assets.serving.hot_path.bodies import Invocation
from xray_assets.serving.hot_path.films import Film
from xray_assets.serving.hot_path.live_endpoint import LiveEndpoint, Scored
from xray_assets.serving.log.rows import LogEntry


def log_entry(
    endpoint: LiveEndpoint,
    invocation: Invocation,
    films: list[Film],
    scored: Scored,
    *,
    request_id: str,
    routing_key: str,
    sites: list[str],
    purpose: str,
) -> LogEntry:
    """The entry; its latency is set when it is written. A batch of several patients is no case."""
    entity = scored.served.entity
    probabilities = scored.probabilities
    return LogEntry(
        request_id=request_id,
        client_request_id=invocation.client_request_id,
        endpoint_name=endpoint.name,
        experiment_id=None if invocation.several_patients else endpoint.config.experiment_id,
        timestamp_us=clock.now_us(),
        served_model_name=entity.name,
        assigned_model_name=scored.assigned.entity.name,
        model_name=entity.model_name,
        model_version=entity.model_version,
        artifact_sha256=scored.served.artifact_sha256,
        config_version=endpoint.config.config_version,
        status_code=200 if probabilities is not None else 500,
        threshold=scored.served.threshold,
        latency_ms=0.0,
        routing_key=routing_key,
        films=films,
        predictions=[None] * len(films) if probabilities is None else list(probabilities),
        patient_ids=invocation.patient_ids,
        sites=sites,
        purpose=purpose,
    )
