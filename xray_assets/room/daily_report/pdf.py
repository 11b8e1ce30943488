"""From a page of ours to PDF, by the browser that this machine has."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from xray_assets.errors import XrayError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
TIMEOUT_SECONDS = 120.0


class NoPdf(XrayError):
    """No PDF was made; the message says what to do."""


def browser() -> str | None:
    """The first of BROWSERS that this machine has."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def write_pdf(page: Path, pdf: Path) -> None:
    """Print an HTML file to PDF. Raises NoPdf."""
    program = browser()
    if program is None:
        raise NoPdf(
            f"no browser prints a PDF here: install one of {', '.join(BROWSERS)} "
            "(`apt-get install chromium`), or open the HTML and print it"
        )
    # Chromium's sandbox does not start as root; the page is our own and holds no script.
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory() as profile:
        command = [
            program, "--headless", "--disable-gpu", "--no-pdf-header-footer",
            *as_root, f"--user-data-dir={profile}", f"--print-to-pdf={pdf}",
            page.resolve().as_uri(),
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            raise NoPdf(f"{program} did not print {page} in {TIMEOUT_SECONDS:.0f} s") from None
    if done.returncode or not pdf.exists():
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise NoPdf(f"{program} did not print {page}: {''.join(last)}")
