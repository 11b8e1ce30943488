"""Pages in Debian's chromium, driven by Playwright: `conftest` has the fixtures."""
