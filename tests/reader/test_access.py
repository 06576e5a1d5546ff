"""The page can be used by who does not see it, or has no mouse."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from reading import PHONE, WIDE, enter, focused, reading

pytestmark = pytest.mark.slow

# axe-core 4, Deque Systems: the rules of WCAG 2.2 A and AA that a program can check, and best practices.
REPEATED = "#sources tbody tr:nth-child(n + 6)"
"""Rows like the five before them, half of all that is on the page."""


SLOW = ("color-contrast", "target-size")
"""Rules that compare each element with all that is around it take three quarters of the time."""


def violations(
    page: Page, *, full: bool = False, within: str = "", left_out: Sequence[str] = ()
) -> list[str]:
    """What axe-core objects to on the page; unless ``full``, in one element of it or by all rules but those
    that are ``left_out``, which is far quicker.
    """
    # What moves in is not judged half-way.
    page.evaluate("Promise.all(document.getAnimations().map((animation) => animation.finished))")
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    # All rules are tried on all nodes; but to write down the thousands that pass takes long.
    context = None if full else {"include": [[within]]} if within else {"exclude": [[REPEATED]]}
    rules = {rule: {"enabled": False} for rule in left_out if not full}
    found: dict[str, Any] = page.evaluate(
        "([context, rules]) => axe.run(context ?? document, { resultTypes: ['violations'], rules })",
        [context, rules],
    )
    assert len(found["passes"]) > (5 if within and not full else 20)
    return [
        f"{violation['id']}: {node['html'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [pytest.param(WIDE, marks=pytest.mark.long), PHONE])
def test_axe_finds_nothing(browser: Browser, build: Path, full: bool, width: int, dark: bool) -> None:
    with reading(browser, build / "report.html", width, dark=dark) as page:
        # By these everything is judged below, where more of the page is open.
        assert violations(page, full=full, left_out=SLOW) == []
        if width == PHONE:
            page.get_by_role("button", name="Contents").click()
            assert violations(page, full=full, within="#contents") == []
            page.keyboard.press("Escape")
        page.get_by_role("button", name="Show all values").click()
        page.locator("table.data .sort").first.click()
        for box in page.get_by_role("checkbox").all():
            box.set_checked(box.is_enabled())
        page.locator("main a.n").first.click()
        assert violations(page, full=full) == []
        page.keyboard.press("Escape")
        page.locator("#figure-images button").click()
        assert violations(page, full=full, within="dialog[open]") == []


@pytest.mark.long
def test_axe_would_find_what_is_wrong(browser: Browser, build: Path) -> None:
    with reading(browser, build / "report.html") as page:
        page.locator("figure img").first.evaluate("image => image.removeAttribute('alt')")
        for within in ("", "figure:has(img:not([alt]))"):
            found = violations(page, within=within)
            assert [said.split(":")[0] for said in found] == ["image-alt"]


@pytest.mark.long
def test_the_first_stop_leads_past_the_contents(browser: Browser, build: Path) -> None:
    with reading(browser, build / "report.html") as page:
        skip = page.get_by_role("link", name="Skip to the report")
        expect(skip).not_to_be_in_viewport()
        enter(page)
        assert focused(page, skip)
        expect(skip).to_be_in_viewport(ratio=1)
        page.keyboard.press("Enter")
        expect(page.get_by_role("main")).to_be_in_viewport()
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.long
def test_whoever_uses_the_keyboard_sees_where_they_are(browser: Browser, build: Path) -> None:
    with reading(browser, build / "report.html") as page:
        enter(page)
        stops = 0
        # After the last stop the browser's own controls come, and of the page nothing is active.
        while page.evaluate("document.activeElement !== document.body") and stops < 40:
            stops += 1
            style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert style == "solid", page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
            page.keyboard.press("Tab")
        assert stops > 20


def test_every_link_leads_somewhere(browser: Browser, build: Path) -> None:
    with reading(browser, build / "report.html") as page:
        page.locator("a.n").first.click()
        links = page.locator("a").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
        assert len(links) > 300
        assert {link[0] for link in links} == {"#"}
        ids = page.locator("[id]").evaluate_all("nodes => nodes.map((node) => node.id)")
        assert {link[1:] for link in links} <= set(ids)


def test_every_id_is_used_once_and_no_handler_or_style_stands_in_the_markup(
    browser: Browser, build: Path
) -> None:
    with reading(browser, build / "report.html") as page:
        ids = page.locator("[id]").evaluate_all("nodes => nodes.map((node) => node.id)")
        assert len(ids) == len(set(ids))
        handlers = page.evaluate(
            """[...document.querySelectorAll("*")].flatMap((node) => [...node.attributes])
              .map((attribute) => attribute.name).filter((name) => name.startsWith("on"))"""
        )
        assert handlers == []
