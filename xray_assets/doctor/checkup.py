"""The whole examination, in the order in which a person would look."""

from collections.abc import Iterator

from xray_assets.doctor import credentials, machine, packages, services, sources
from xray_assets.doctor.finding import Finding
from xray_assets.settings import Settings


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding: versions, disk and state, credentials, alerts, tokens, log and inbox, ports,
    services and runs.
    """
    yield packages.python_version()
    yield from packages.pinned_packages()
    yield machine.disk(settings)
    yield machine.state_folder(settings)
    yield from credentials.sources(settings)
    yield credentials.databricks(settings)
    yield credentials.alerts(settings)
    yield from credentials.token_files(settings)
    yield from sources.sources(settings)
    yield from services.ports(settings)
    yield from services.health(settings)
    yield from services.runs(settings)
