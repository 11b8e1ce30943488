"""Ports that nobody uses, for stacks under test."""

import socket
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from xray_assets.settings import Settings


def free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def settings_of_a_test(folder: Path, **more: Any) -> Settings:
    """Settings with a state folder and ports of their own."""
    dagster, endpoint, feedback, room, mlflow = free_ports(5)
    return Settings(
        state=folder / "state",
        dagster_port=dagster,
        endpoint_port=endpoint,
        feedback_port=feedback,
        room_port=room,
        mlflow_port=mlflow,
        **more,
    )
