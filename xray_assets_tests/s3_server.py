"""An S3 server (moto) with the bucket `lake`, in a process of its own: polars holds the interpreter
while it opens a Delta table, so that a server in a thread could not answer.
"""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from xray_assets.stack.readiness import status
from xray_assets_tests.stack.free_ports import free_ports


@contextmanager
def s3_server() -> Iterator[dict[str, str]]:
    """Storage options that reach the bucket."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + 120
            while status(url) is None:
                assert time.monotonic() < deadline, "the S3 server did not start"
                time.sleep(0.1)
            urllib.request.urlopen(urllib.request.Request(f"{url}/lake", method="PUT"), timeout=30)
            yield {
                "AWS_ENDPOINT_URL": url,
                "AWS_ALLOW_HTTP": "true",
                "AWS_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
            }
        finally:
            server.kill()
