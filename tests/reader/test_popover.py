"""A number tells where it comes from: the same as the results and the files say."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from printed import resolve_pointer
from reading import PHONE, WIDE, focused, press, reading

pytestmark = pytest.mark.slow

ACCURACY = 'a.n[data-ptr="/transfer/accuracy/test"]'

# What the dialog of each number says, by the terms of its list.
TOLD = """() => [...document.querySelectorAll("a.n[data-ptr]")].map((link) => {
  link.click();
  const dialog = document.querySelector("[role=dialog]");
  const terms = [...dialog.querySelectorAll("dt")].map((dt) => [dt.textContent, dt.nextSibling.textContent]);
  return { pointer: link.dataset.ptr, hidden: dialog.hidden, ...Object.fromEntries(terms) };
})"""


@pytest.mark.long
def test_every_number_tells_its_pointer_and_its_value(browser: Browser, build: Path, results: Any) -> None:
    with reading(browser, build / "report.html") as page:
        reported = page.evaluate(TOLD)
    assert len(reported) > 300
    for said in reported:
        assert not said["hidden"]
        assert said["Pointer"] == said["pointer"]
        value = resolve_pointer(results, said["pointer"])
        if isinstance(value, str) and said["Value"].endswith("…"):
            assert json.dumps(value, ensure_ascii=False).startswith(said["Value"][:-1])
        elif said["Value"].endswith(" items"):
            assert int(said["Value"].split()[0]) == len(value)
        else:
            assert json.loads(said["Value"]) == value
        if "Element of" in said:
            pointer, whole = said["Element of"].split(" = ")
            assert json.loads(whole) == resolve_pointer(results, pointer)
    assert sum("Element of" in said for said in reported) > 50


@pytest.mark.long
def test_a_number_names_its_files_with_their_whole_hashes(browser: Browser, build: Path, home: Path) -> None:
    with reading(browser, build / "report.html") as page:
        page.locator('a.n[data-ptr="/neurons/top/зебра/0/value"]').or_(
            page.locator('a.n[data-ptr^="/neurons/positive_share/зебра"]')
        ).first.click()
        files = page.get_by_role("dialog").locator("li").all_inner_texts()
        command = page.get_by_role("dialog").locator("dt:text-is('Command') + dd .code").inner_text()
    image, _, digest = files[0].rpartition(" ")
    assert image.split("/")[1] == "зебра"
    assert digest == hashlib.sha256((home / "data" / image).read_bytes()).hexdigest()
    assert command == "reportgen build --only neurons"


@pytest.mark.long
@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("by", ["mouse", "Enter"])
def test_it_opens_takes_the_focus_and_gives_it_back(
    browser: Browser, build: Path, by: str, width: int
) -> None:
    with reading(browser, build / "report.html", width) as page:
        number, dialog = page.locator(ACCURACY).first, page.get_by_role("dialog")
        address = page.url
        press(page, number, by)
        expect(dialog).to_be_in_viewport(ratio=0.99)
        assert focused(page, dialog)
        assert number.inner_text() in (dialog.get_attribute("aria-label") or "")
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        assert focused(page, number)
        press(page, number, by)
        press(page, dialog.get_by_role("button", name="Close"), by)
        expect(dialog).to_be_hidden()
        assert focused(page, number)
        assert page.url == address


def test_a_click_elsewhere_closes_it(browser: Browser, build: Path) -> None:
    with reading(browser, build / "report.html") as page:
        number, dialog = page.locator(ACCURACY).first, page.get_by_role("dialog")
        number.click()
        expect(dialog).to_be_visible()
        page.get_by_role("heading", name="Contents").click()
        expect(dialog).to_be_hidden()
        assert focused(page, number)


@pytest.mark.long
def test_the_reader_goes_on_from_the_number(browser: Browser, build: Path) -> None:
    with reading(browser, build / "report.html") as page:
        number, dialog = page.locator(ACCURACY).first, page.get_by_role("dialog")
        press(page, number, "Enter")
        stops = dialog.locator("a, button").count()
        for _ in range(stops + 1):
            page.keyboard.press("Tab")
        expect(dialog).to_be_hidden()
        after = page.evaluate(
            """(number) => {
              const links = [...document.querySelectorAll("a[href], button")]
                .filter((node) => node.tabIndex >= 0 && node.getClientRects().length);
              return links.indexOf(document.activeElement) - links.indexOf(number);
            }""",
            number.element_handle(),
        )
        assert after == 1
        press(page, number, "Enter")
        page.keyboard.press("Shift+Tab")
        expect(dialog).to_be_hidden()
        assert focused(page, number)


@pytest.mark.long
@pytest.mark.parametrize("by", ["mouse", "Enter"])
def test_it_leads_into_the_table_of_sources(browser: Browser, build: Path, by: str) -> None:
    with reading(browser, build / "report.html") as page:
        number = page.locator(ACCURACY).first
        row = page.locator("tr").filter(has=page.get_by_role("rowheader", name="/transfer/accuracy/test"))
        expect(row).to_be_hidden()
        # The second time the address is the same already.
        for _ in range(2):
            number.click()
            press(page, page.get_by_role("link", name="In the table of sources"), by)
            expect(page.get_by_role("dialog")).to_be_hidden()
            expect(row).to_be_in_viewport()
            assert page.url.endswith(number.get_attribute("href") or "?")
            page.locator("table.sources tbody").filter(has=row).get_by_role("button").click()
            expect(row).to_be_hidden()


@pytest.mark.long
@pytest.mark.parametrize("by", ["mouse", "Enter"])
@pytest.mark.parametrize("allowed", [True, False])
def test_the_command_can_be_copied(browser: Browser, build: Path, by: str, allowed: bool) -> None:
    with reading(browser, build / "report.html") as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.evaluate("navigator.clipboard.writeText('something else')")
        if not allowed:
            page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
        page.locator(ACCURACY).first.click()
        press(page, page.get_by_role("button", name="Copy the command"), by)
        expect(page.get_by_role("dialog").get_by_role("status")).to_have_text("copied")
        assert clipboard(page) == "reportgen build --only transfer"
        assert focused(page, page.get_by_role("button", name="Copy the command"))


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))
