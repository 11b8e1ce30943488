"""The inference log and the feedback inbox against the tables that take from them."""

from collections.abc import Iterator

from xray_assets.doctor.finding import FAIL, OK, Finding
from xray_assets.settings import Settings


def sources(settings: Settings) -> Iterator[Finding]:
    """Each source: whether it is the one that was taken from, and how far the tables are behind."""
    from xray_assets.deployments import resources
    from xray_assets.resources.source import SourceChanged

    known = resources(settings)
    for source in (known.inference_log, known.inbox):
        what = source.title.capitalize()
        try:
            yield Finding(OK, what, f"{source.behind(known.tables)} rows wait for the tables")
        except SourceChanged as changed:
            yield Finding(FAIL, what, changed.code, str(changed))
        except Exception as error:  # what cannot be looked at is not healthy
            yield Finding(FAIL, what, f"cannot be read: {error}", f"look at {source.place()}")
