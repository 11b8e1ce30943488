"""Memory that one request can take from the endpoint: resident memory over idle, at its peak and a
minute after.

    python -m benchmarks.serving.worst_request [--films 64] [--wait 60]

Requests: 64 PNG of 62 megapixels (refused by their headers), the most pixels that are allowed as
grey, colour and 16-bit PNG, progressive JPEG and DICOM, films that must be encoded anew, and JSON
that grows when it is parsed. A kilobyte of any of them stands for megabytes.
"""

import argparse
import base64
import io
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
from PIL import Image
from pydicom.encaps import encapsulate

from xray_assets_tests.imaging.test_dicom import dicom_film
from xray_assets_tests.serving.server_process import ENDPOINT, Server, ab_config, artifacts

MEGA = 1_000_000


def main() -> None:
    """Print a line a request."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=64)
    parser.add_argument("--wait", type=float, default=60.0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "state")
        server.digests = artifacts(server.state)
        server.start()
        try:
            server.create(ab_config(*server.digests))
            small = film("PNG", "L", 1)
            for _ in range(20):
                ask(server, [small])
            idle = resident(server.pid, "VmRSS")
            print(f"idle: {idle:.0f} MB")
            for name, body in requests(chosen.films):
                reset_peak(server.pid)
                started = time.perf_counter()
                status = ask(server, body)
                seconds = time.perf_counter() - started
                peak = resident(server.pid, "VmHWM") - idle
                after = resident(server.pid, "VmRSS") - idle
                print(
                    f"{name:32} status {status}  {seconds:5.1f} s  peak +{peak:4.0f} MB  "
                    f"after +{after:4.0f} MB",
                    flush=True,
                )
            time.sleep(chosen.wait)
            after = resident(server.pid, "VmRSS") - idle
            print(f"{chosen.wait:.0f} s after the last: +{after:.0f} MB")
        finally:
            server.stop()


def requests(films: int) -> Iterator[tuple[str, list[str] | bytes]]:
    """Names and bodies: lists of films in base64, or bytes."""
    yield f"{films} PNG of 62 megapixels", [film("PNG", "L", 62)] * films
    for kind, mode, options in (
        ("PNG", "L", {}),
        ("PNG", "RGBA", {}),
        ("PNG", "I;16", {}),
        ("JPEG", "RGB", {"progressive": True, "subsampling": 0}),
    ):
        name = f"10 {mode} {kind} of 40 megapixels"
        yield name, [film(kind, mode, 40, **options)] * 10
    turned = Image.Exif()
    turned[0x0112] = 6
    yield "10 turned JPEG of 40 megapixels", [film("JPEG", "L", 40, exif=turned)] * 10
    yield "10 DICOM (JPEG 2000) of 40 megapixels", [dicom(40)] * 10
    yield "16 MB of empty objects", b'{"inputs": [' + b"{}," * 5_300_000 + b"{}]}"
    yield (
        "16 MB of objects, few enough",
        (b'{"inputs": [' + b'{"a":"bcdefghijklm"},' * 265_000 + b'"' + b"a" * 10 * MEGA + b'"]}'),
    )


def film(kind: str, mode: str, megapixels: float, **options: object) -> str:
    """Base64 of a flat film."""
    side = int((megapixels * MEGA) ** 0.5)
    if mode == "I;16":
        image = Image.fromarray(np.full((side, side), 30_000, np.uint16))
    else:
        image = Image.new(mode, (side, side), 120 if mode == "L" else (120,) * len(mode))
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return base64.b64encode(stream.getvalue()).decode()


def dicom(megapixels: float) -> str:
    """Base64 of a flat film of 16 bits in JPEG 2000."""
    side = int((megapixels * MEGA) ** 0.5)
    stream = io.BytesIO()
    Image.fromarray(np.full((side, side), 3000, np.uint16)).save(stream, "JPEG2000", no_jp2=True)
    data = dicom_film(
        np.zeros((4, 4), np.uint16),
        syntax="1.2.840.10008.1.2.4.90",
        Rows=side,
        Columns=side,
        PixelData=encapsulate([stream.getvalue()]),
    )
    return base64.b64encode(data).decode()


def ask(server: Server, body: list[str] | bytes) -> int:
    """Status of one invocation."""
    content = body if isinstance(body, bytes) else json.dumps({"inputs": body}).encode()
    path = f"{server.url}/serving-endpoints/{ENDPOINT}/invocations"
    headers = {
        "Authorization": f"Bearer {server.client_token}",
        "Content-Type": "application/json",
    }
    return httpx.post(path, content=content, headers=headers, timeout=300).status_code


def resident(pid: int, field: str) -> float:
    """Megabytes of a line of /proc/<pid>/status."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"no {field} in /proc/{pid}/status")


def reset_peak(pid: int) -> None:
    """Let VmHWM start again from what is resident now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


if __name__ == "__main__":
    main()
