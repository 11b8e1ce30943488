"""Credentials that the settings ask for, and the files that hold ours."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from xray_assets.doctor.finding import FAIL, OK, WARN, Finding
from xray_assets.settings import Settings
from xray_assets.sources.kaggle_download import has_credentials


def sources(settings: Settings, variables: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """Kaggle's credentials, and the folder of films where one is set."""
    found = has_credentials(variables)
    if settings.source == "kaggle" and not found:
        advice = "set KAGGLE_API_TOKEN, or choose XRAY_SOURCE=phantom"
        yield Finding(FAIL, "Kaggle credentials", "none, and XRAY_SOURCE=kaggle", advice)
    else:
        use = f"XRAY_SOURCE={settings.source}"
        yield Finding(OK, "Kaggle credentials", f"{'present' if found else 'none'} ({use})")
    kind, _, place = settings.source.partition(":")
    if kind == "folder" and "://" not in place:
        folder = Path(place)
        if folder.is_dir() or (folder.is_file() and folder.suffix == ".zip"):
            yield Finding(OK, "Films", str(folder))
        else:
            found = f"{folder} is no folder and no zip archive"
            yield Finding(FAIL, "Films", found, "correct XRAY_SOURCE=folder:<path>")


def databricks(settings: Settings, variables: Mapping[str, str] = os.environ) -> Finding:
    """Databricks' host and token, which only that deployment needs."""
    missing = [name for name in ("DATABRICKS_HOST", "DATABRICKS_TOKEN") if not variables.get(name)]
    what, use = "Databricks credentials", f"XRAY_DEPLOYMENT={settings.deployment}"
    if settings.deployment == "databricks" and missing:
        advice = f"set {' and '.join(missing)}, or choose XRAY_DEPLOYMENT=local"
        return Finding(FAIL, what, f"{' and '.join(missing)} not set, and {use}", advice)
    return Finding(OK, what, f"{'none' if missing else 'present'} ({use})")


def alerts(settings: Settings) -> Finding:
    """Where alerts of monitoring go, and whether a webhook is signed."""
    what, places = "Alerts", [*settings.alert_email]
    if settings.alert_webhook:
        places.append("a webhook" if settings.alert_secret else "a webhook, unsigned")
    if not places:
        advice = "set XRAY_ALERT_EMAIL or XRAY_ALERT_WEBHOOK, and who is told next"
        return Finding(WARN, what, "go to nobody", advice)
    if settings.alert_webhook and not settings.alert_secret:
        advice = "set XRAY_ALERT_SECRET: anybody who knows the URL can send it alerts"
        return Finding(WARN, what, ", ".join(places), advice)
    return Finding(OK, what, ", ".join(places))


def token_files(settings: Settings) -> Iterator[Finding]:
    """The token files that the endpoint makes: nobody else may read them."""
    for name, given in (("token", settings.token), ("client_token", settings.client_tokens)):
        file, what = settings.state / name, f"File {name}"
        if given:
            yield Finding(OK, what, "not used: the token comes from the settings")
        elif not file.exists():
            yield Finding(OK, what, "made when the endpoint first starts")
        elif (mode := stat.S_IMODE(file.stat().st_mode)) & 0o077:
            found = f"mode {mode:o}: others can read it"
            advice = f"`chmod 600 {file}`, and delete it to get a new token at the next start"
            yield Finding(FAIL, what, found, advice)
        else:
            yield Finding(OK, what, f"mode {mode:o}")
