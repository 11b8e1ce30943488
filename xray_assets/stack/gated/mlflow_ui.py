"""MLflow's pages behind our gate, to look at: `python -m xray_assets.stack.gated.mlflow_ui`.

Training writes to MLflow's database itself, so this server changes nothing: whoever can register a
model version chooses what the next experiment serves, and nobody is asked for a token here.
"""

import os
import re

from xray_assets.settings import Settings
from xray_assets.web.bounds import MLFLOW
from xray_assets.web.gate import Gate
from xray_assets.web.http_answers import Application, Receive, Scope, Send, answer_refusal
from xray_assets.web.origin import allowed_hosts
from xray_assets.web.refusals import MethodNotAllowed
from xray_assets.web.server import serve

_ASKING_POSTS = re.compile(
    r"/(search|search-datasets|get-latest-versions|batchGetInfos|traces/metrics|graphql)$"
)


def main() -> None:
    """Serve until a signal."""
    settings = Settings()
    from mlflow.server.constants import ARTIFACT_ROOT_ENV_VAR, BACKEND_STORE_URI_ENV_VAR

    os.environ |= {
        BACKEND_STORE_URI_ENV_VAR: settings.mlflow_uri,
        ARTIFACT_ROOT_ENV_VAR: (settings.mlflow_folder / "artifacts").as_uri(),
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_SERVER_ALLOWED_HOSTS": "*",  # the gate's business
    }
    from mlflow.server.fastapi_app import app

    serve(
        guarded(app, settings),
        "MLflow",
        host=settings.dagster_host,
        port=settings.mlflow_port,
        setting="XRAY_MLFLOW_PORT",
    )


def guarded(application: Application, settings: Settings) -> Gate:
    """The application behind the gate."""
    return Gate(OnlyAsking(application), hosts=allowed_hosts(settings), bounds=MLFLOW)


class OnlyAsking:
    """Refuses whatever would change something."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or call the application."""
        method = scope.get("method", "GET")
        asks = method in ("GET", "HEAD", "OPTIONS")
        if asks or (method == "POST" and _ASKING_POSTS.search(scope["path"])):
            await self._application(scope, receive, send)
        else:
            await answer_refusal(send, MethodNotAllowed("MLflow's pages are here to look at"))


if __name__ == "__main__":
    main()
