"""The system's Chromium, for tests that look at pages as a reader does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from equipment import find_tool, missing
from playwright.sync_api import Browser, Error, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the tests of a module; without one they are skipped, or fail with TOOLS=yes."""
    program = find_tool(*_NAMES, package="chromium")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        except Error as error:
            missing(f"{program} cannot be started here: {str(error).splitlines()[0]}")
        yield browser
        browser.close()
