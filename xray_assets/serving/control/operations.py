"""`/health`, `/model-info`, `/metrics`: how the server is, what it serves, what it has done."""

import asyncio
import resource
import sqlite3
import time
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse

from xray_assets.serving.control.config_updates import ConfigUpdates
from xray_assets.serving.control.metrics import Metrics, prometheus_text
from xray_assets.serving.control.openapi import ERRORS, HTTP_BEARER
from xray_assets.serving.control.routes import OBSERVE
from xray_assets.serving.hot_path.live_endpoint import LiveEndpoint
from xray_assets.serving.log.traffic import Traffic
from xray_assets.serving.log.writer import LogWriter
from xray_assets.serving.process.worker_statuses import WorkerStatuses


class Operations:
    """Answers about this server; metrics are summed over its workers."""

    def __init__(
        self,
        *,
        updates: ConfigUpdates,
        log: LogWriter,
        metrics: Metrics,
        workers: WorkerStatuses,
        traffic: Traffic,
    ) -> None:
        self._updates = updates
        self._log = log
        self._metrics = metrics
        self._workers = workers
        self._traffic = traffic
        self._counting = asyncio.Lock()
        self._started = time.time()
        self.stopping = False

    def routes(self) -> APIRouter:
        """The routes. Health is open to probes; the rest needs a token."""
        router = APIRouter(responses=ERRORS)

        @router.head("/health", include_in_schema=False)
        @router.get(
            "/health",
            summary="200 when every configured model is loaded and warm and the log can be written",
        )
        async def health() -> JSONResponse:
            reasons = self.reasons_not_ready()
            if reasons:
                message = "; ".join(reasons)
                body = {
                    "status": "unavailable",
                    "error_code": "TEMPORARILY_UNAVAILABLE",
                    "message": message,
                }
                return JSONResponse(body, 503, {"retry-after": "1"})
            return JSONResponse({"status": "ok", "config_versions": self._updates.status()["live"]})

        @router.get(
            "/model-info",
            summary=(
                "The served models [champion, challenger] and the traffic of the current config"
            ),
            dependencies=[HTTP_BEARER, *OBSERVE],
        )
        async def model_info() -> JSONResponse:
            endpoints = [
                await self._described(endpoint) for endpoint in self._updates.live.values()
            ]
            summed = self._summed()
            return JSONResponse(
                {
                    "endpoints": endpoints,
                    "not_ready": {**self._updates.not_ready, **self._updates.without_config},
                    "unlogged_failures": summed.unavailable(),
                    "workers": 1 + len(self._workers.others()),
                    "started_at": self._started,
                }
            )

        @router.get(
            "/metrics",
            summary="Prometheus metrics",
            response_class=PlainTextResponse,
            dependencies=[HTTP_BEARER, *OBSERVE],
        )
        async def metrics() -> PlainTextResponse:
            return PlainTextResponse(
                prometheus_text(self._summed(), self._gauges()),
                media_type="text/plain; version=0.0.4",
            )

        return router

    def reasons_not_ready(self) -> list[str]:
        """Why /health is 503; empty when it is not."""
        troubled = dict(self._updates.not_ready)
        if not self._updates.live:
            troubled |= self._updates.without_config
        reasons = [f"endpoint {name!r}: {reason}" for name, reason in troubled.items()]
        if not self._updates.live and not reasons:
            reasons.append(
                "no endpoint is configured: create one, or materialize gold/endpoint_config"
            )
        for live in self._updates.live_elsewhere():
            for name in self._updates.live.keys() - live.keys():
                reasons.append(f"endpoint {name!r}: a worker is still loading it")
        problems = (self._updates.store_problem, self._log.problem, self._log.damage)
        reasons += dict.fromkeys(problem for problem in problems if problem)
        if self.stopping:
            reasons.append("the server is stopping")
        return reasons

    def status(self) -> dict[str, Any]:
        """What this worker publishes for the others."""
        return {**self._updates.status(), "metrics": self._metrics.snapshot()}

    def _summed(self) -> Metrics:
        total = Metrics()
        total.add(self._metrics.snapshot())
        for status in self._workers.others():
            total.add(status.get("metrics", {}))
        return total

    def _gauges(self) -> dict[str, float]:
        gauges: dict[str, float] = {
            "xray_ready": float(not self.reasons_not_ready()),
            "xray_log_writable": float(not (self._log.problem or self._log.damage)),
            "xray_workers": 1.0 + len(self._workers.others()),
            "process_start_time_seconds": self._started,
            "process_max_resident_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            * 1024.0,
        }
        for name, endpoint in self._updates.live.items():
            gauges[f'xray_config_version{{endpoint="{name}"}}'] = float(
                endpoint.config.config_version
            )
        return gauges

    async def _described(self, endpoint: LiveEndpoint) -> dict[str, Any]:
        config = endpoint.config
        names = [entity.name for entity in config.entities]
        try:
            async with self._counting:
                traffic: dict[str, Any] | None = await asyncio.to_thread(
                    self._traffic.since, config.config_version, names
                )
        except sqlite3.Error:
            traffic = (
                None  # the log's trouble is in /health; unknown is stated as null, never as zero
            )
        return {
            "name": endpoint.name,
            "config_version": config.config_version,
            "experiment_id": config.experiment_id,
            "models": [
                {
                    "role": model.entity.role,
                    "served_model_name": model.entity.name,
                    "model_name": model.entity.model_name,
                    "model_version": model.entity.model_version,
                    "artifact_sha256": model.artifact_sha256,
                    "threshold": model.threshold,
                    "family": model.classifier.artifact.family,
                    "preprocessing_version": model.classifier.artifact.preprocessing_version,
                    "traffic_percentage": model.entity.traffic_percentage,
                    "film_ms": round(model.film_ms, 3),
                    "suspended": model.breaker.open,
                }
                for model in endpoint.models
            ],
            "traffic": traffic,
        }
