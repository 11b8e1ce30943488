"""The run server: a process with everything imported that a run needs. Each run is a fork of it,
and starts within milliseconds where a new interpreter takes 4 s of a core.

It has one Python thread and opens nothing (no table, no database, no connection), which is what
makes a fork safe; a test holds it to that.

    python -m xray_assets.runs.server --socket PATH MODULE ...
"""

import argparse
import gc
import importlib
import json
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from socketserver import ForkingMixIn, StreamRequestHandler, UnixStreamServer

from xray_assets.runs.identity import ProcessIdentity

SOCKET_VARIABLE = "DAGSTER_RUN_SERVER"
"""Environment variable that tells the run launcher where the run server listens."""

LIBRARIES = (
    "altair",
    "dagster._cli.api",
    "databricks.sdk.service.serving",
    "deltalake",
    "mlflow.store.model_registry.sqlalchemy_store",
    "mlflow.store.tracking.sqlalchemy_store",
    "onnxruntime",
    "polars",
    "vl_convert",
)
"""What the assets import late, so that definitions load fast."""


class RunServer(ForkingMixIn, UnixStreamServer):
    """Forks for every connection; does not wait for what it forked."""

    block_on_close = False
    max_children = 1_000_000  # how many runs there are at once is the queue's business


class Launch(StreamRequestHandler):
    """One connection, in the process that was forked for it: `dagster`'s arguments as a line of
    JSON come in, the process's identity goes out.
    """

    def handle(self) -> None:
        """Answer, then be `dagster api execute_run`."""
        from dagster._cli import create_dagster_cli

        if not (asked := self.rfile.readline()):
            return  # somebody looked whether the server is there
        arguments = json.loads(asked)
        self.wfile.write(f"{ProcessIdentity.this()}\n".encode())
        assert isinstance(self.server, RunServer)  # noqa: S101 - for the type checker
        self.server.socket.close()  # the server's, which goes on in the process it was forked from
        # SIGTERM is a request to end, as in a new interpreter; Dagster handles it as Ctrl-C.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        create_dagster_cli().main(arguments, standalone_mode=False)


def serve(socket: Path, modules: list[str]) -> None:
    """Import everything, then fork until SIGTERM or SIGINT."""
    from xray_assets.scoring.mlflow_client import import_mlflow

    import_mlflow()
    for module in (*LIBRARIES, *modules):
        importlib.import_module(module)
    if (threads := threading.active_count()) != 1:
        raise RuntimeError(f"{threads} Python threads: a fork would lose all but one")
    gc.collect()
    gc.freeze()  # else the first collection of each fork copies all of this memory
    socket.unlink(missing_ok=True)
    with RunServer(str(socket), Launch) as server, suppress(KeyboardInterrupt):
        server.serve_forever()


def main() -> None:
    """Serve at `--socket`; the other arguments are modules to import."""
    parser = argparse.ArgumentParser(prog="python -m xray_assets.runs.server")
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("modules", nargs="*")
    chosen = parser.parse_args()
    # A shell's background job starts with SIGINT ignored, and Dagster maps SIGTERM to it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    serve(chosen.socket, chosen.modules)


if __name__ == "__main__":
    sys.exit(main())
