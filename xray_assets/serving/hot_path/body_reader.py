"""From the bytes of a body to its films: what is little work at once, the rest on helper threads.

A request is bounded by what it costs: pixels (from the films' headers, before any is decoded),
bytes that are kept of it, and JSON values. Films are decoded one by one and leave only what the
model sees and what the log keeps.
"""

import asyncio
from typing import Any

from xray_assets.imaging.acceptable import DecodeLimits
from xray_assets.imaging.claimed_size import claimed_pixels
from xray_assets.serving.hot_path.bodies import Invocation, parse
from xray_assets.serving.hot_path.films import (
    Film,
    LargeFilm,
    array_film,
    film,
    film_bytes,
    read_film,
)
from xray_assets.serving.hot_path.pixel_budget import PixelsInWork
from xray_assets.settings import Settings
from xray_assets.web.refusals import BadRequest

_SMALL_BODY = 256 * 1024
_SMALL_BATCH = 4
_HELPERS = 2
_KEPT_BYTES = 64 * 1024 * 1024
"""Most bytes that are kept of one request: a film that must be encoded anew may grow."""


class BodyReader:
    """Reads the bodies of one worker."""

    def __init__(self, settings: Settings) -> None:
        """Take the bounds from the settings."""
        self._batch_limit = settings.endpoint_batch_limit
        self._request_pixels = settings.endpoint_request_pixels
        self._limits = DecodeLimits(
            max_pixels=settings.endpoint_film_pixels,
            modalities=frozenset(settings.dicom_modalities),
        )
        self._in_work = PixelsInWork(settings.endpoint_film_pixels)
        self._helpers = asyncio.Semaphore(_HELPERS)

    async def read(self, body: bytes) -> tuple[Invocation, list[Film], bool]:
        """The request, its films, and whether they were little work. Raises BadRequest."""
        if len(body) <= _SMALL_BODY:
            invocation = parse(body, batch_limit=self._batch_limit)
            if len(invocation.images) <= _SMALL_BATCH:
                try:
                    films = [
                        film(entry, index=index) for index, entry in enumerate(invocation.images)
                    ]
                except LargeFilm:
                    pass
                else:
                    return invocation, films, True
            async with self._helpers:
                return invocation, await asyncio.to_thread(self._films, invocation.images), False
        async with self._helpers:
            invocation, films = await asyncio.to_thread(self._parse_and_read, body)
            return invocation, films, False

    def _parse_and_read(self, body: bytes) -> tuple[Invocation, list[Film]]:
        invocation = parse(body, batch_limit=self._batch_limit)
        return invocation, self._films(invocation.images)

    def _films(self, entries: list[Any]) -> list[Film]:
        files = [
            film_bytes(entry, index=index) if isinstance(entry, str) else None
            for index, entry in enumerate(entries)
        ]
        claimed = [0 if data is None else claimed_pixels(data) for data in files]
        if sum(claimed) > self._request_pixels:
            raise BadRequest(
                f"the films have {sum(claimed)} pixels together; the limit is "
                f"{self._request_pixels} a request: send fewer",
                reason="too_many_pixels",
            )
        films, kept = [], 0
        for index, (entry, data, pixels) in enumerate(zip(entries, files, claimed, strict=True)):
            if data is None:
                films.append(array_film(entry, index=index))
                continue
            with self._in_work.take(pixels):
                one = read_film(data, index=index, limits=self._limits).bare()
            kept += one.kept_bytes
            if kept > _KEPT_BYTES:
                raise BadRequest(
                    f"the films take over {_KEPT_BYTES} bytes to keep: send fewer",
                    reason="too_many_bytes",
                )
            films.append(one)
        return films
