"""The finished report in a browser, as a reader has it: nothing may be fetched, and nothing may go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page

WIDE, PHONE = 1400, 360


@contextmanager
def reading(
    browser: Browser, file: Path, width: int = WIDE, *, dark: bool = False, script: bool = True
) -> Iterator[Page]:
    """The page of ``file``; afterwards, what the browser complained of or asked for fails the test."""
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    complaints: list[str] = []
    requests: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(file.as_uri())
    if script:
        # Nobody presses a key before they see the page. On a busy machine the first Tab sometimes leaves it.
        page.bring_to_front()
        settle(page)
    yield page
    context.close()
    assert complaints == []
    outside = {url.partition("#")[0] for url in requests if not url.startswith("data:")}
    assert outside == {file.as_uri()}


def settle(page: Page) -> None:
    """Wait until the page stands as it is now: laid out, told of its sizes, painted."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def enter(page: Page) -> None:
    """Press Tab in a page that was just opened.

    A window of a busy machine now and then loses the focus to nothing with the first key, and has it again.
    """
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.evaluate("document.hasFocus()"):
            return
        page.bring_to_front()
        settle(page)


def press(page: Page, target: Locator, by: str) -> None:
    """Click ``target`` with the mouse, or go there and press the key of that name."""
    if by == "mouse":
        target.click()
    else:
        target.focus()
        page.keyboard.press(by)


def focused(page: Page, target: Locator) -> bool:
    return bool(target.evaluate("element => element === document.activeElement"))
