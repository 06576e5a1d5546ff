"""The page in windows from a phone's to a wide one, by day, by night and on paper."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from finished_report import SECTIONS
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from reading import PHONE, WIDE, focused, press, reading, settle
from tiny_data import ZEBRA

pytestmark = pytest.mark.slow

WIDTHS = [360, 768, 1100, 2000]
SCRIPT_LIMIT, CARRIED_LIMIT = 60_000, 700_000
CLASSES = "nodes => nodes.map((node) => node.className)"


def contents(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Contents")


@pytest.fixture
def long_named(build: Path, tmp_path: Path) -> Path:
    """The report with a class whose name has 200 letters and no space."""
    html = (build / "report.html").read_text(encoding="utf-8")
    assert html.count(ZEBRA) > 20
    file = tmp_path / "report.html"
    file.write_text(html.replace(ZEBRA, "ш" * 200), encoding="utf-8")
    return file


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_never_scrolls_sideways(
    browser: Browser, long_named: Path, width: int, script: bool
) -> None:
    with reading(browser, long_named, width, script=script) as page:
        for button in page.get_by_role("button", name="Show all values").all():
            button.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.long
def test_what_is_too_wide_scrolls_by_itself_by_keyboard(browser: Browser, build: Path) -> None:
    # On a telephone every table fits.
    with reading(browser, build / "report.html", 240) as page:
        box = page.locator(".scroll:has(#table-counts)")
        expect(box).to_have_attribute("tabindex", "0")
        expect(box).to_have_role("region")
        expect(box).to_have_accessible_name(re.compile("^Table A"))
        box.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("box => box.scrollLeft > 0", arg=box.element_handle())
        page.set_viewport_size({"width": WIDE, "height": 800})
        page.wait_for_function("box => box.scrollWidth <= box.clientWidth", arg=box.element_handle())
        settle(page)
        # Who is on it goes on from here by the Tab key, and not from the beginning of the page.
        assert focused(page, box)
        page.keyboard.press("Tab")
        assert box.evaluate("box => Boolean(box.compareDocumentPosition(document.activeElement) & 4)")
        expect(box).not_to_have_attribute("tabindex", "0")
        expect(box).not_to_have_attribute("role", "region")


@pytest.mark.parametrize("width", [1100, pytest.param(2000, marks=pytest.mark.long)])
def test_in_a_wide_window_the_contents_stand_beside_the_text(
    browser: Browser, build: Path, width: int
) -> None:
    with reading(browser, build / "report.html", width) as page:
        links = contents(page).get_by_role("link")
        # Lists, findings, references, appendix and sources have no number.
        assert links.count() == len(SECTIONS) + 5
        for link in links.all():
            location = page.locator(link.get_attribute("href") or "?")
            location.evaluate("place => place.scrollIntoView()")
            expect(link).to_have_attribute("aria-current", "true")
            expect(link).to_be_in_viewport()
            expect(page.locator("[aria-current]")).to_have_count(1)
        nav, text = contents(page).bounding_box(), page.locator("main").bounding_box()
        assert nav is not None
        assert text is not None
        assert nav["x"] + nav["width"] < text["x"]


@pytest.mark.long
@pytest.mark.parametrize("by", ["mouse", "Enter"])
def test_in_a_narrow_window_the_contents_are_a_menu(browser: Browser, build: Path, by: str) -> None:
    with reading(browser, build / "report.html", PHONE) as page:
        button = page.get_by_role("button", name="Contents")
        expect(contents(page)).to_be_hidden()
        expect(button).to_have_attribute("aria-expanded", "false")
        press(page, button, by)
        expect(contents(page)).to_be_in_viewport(ratio=0.99)
        expect(button).to_have_attribute("aria-expanded", "true")
        page.keyboard.press("Escape")
        expect(contents(page)).to_be_hidden()
        assert focused(page, button)
        press(page, button, by)
        press(page, contents(page).get_by_role("link", name="Which images are confused?"), by)
        expect(contents(page)).to_be_hidden()
        heading = page.get_by_role("heading", name="Which images are confused?")
        expect(heading).to_be_in_viewport()
        bar = page.get_by_role("region", name="View").bounding_box()
        location = heading.bounding_box()
        assert bar is not None
        assert location is not None
        assert location["y"] >= bar["height"]
        press(page, button, by)
        page.mouse.click(350, 790)
        expect(contents(page)).to_be_hidden()


@pytest.mark.long
@pytest.mark.parametrize("by", ["mouse", "Enter", "Space"])
def test_long_lists_are_folded(browser: Browser, build: Path, by: str) -> None:
    with reading(browser, build / "report.html") as page:
        for name in ("Figures", "Tables"):
            part = page.get_by_role("navigation", name=name)
            button = part.get_by_role("button")
            expect(part.get_by_role("link")).to_have_count(0)
            press(page, button, by)
            expect(part.get_by_role("link").last).to_be_visible()
            expect(button).to_have_attribute("aria-expanded", "true")
            press(page, button, by)
            expect(part.get_by_role("link")).to_have_count(0)
        rows = page.locator("table.sources tr[id]")
        visible = rows.filter(visible=True)
        expect(visible).to_have_count(0)
        press(page, page.locator("table.sources tbody").first.get_by_role("button"), by)
        expect(visible).to_have_count(page.locator("table.sources tbody").first.locator("tr[id]").count())
        press(page, page.get_by_role("button", name="Show all values"), by)
        expect(visible).to_have_count(rows.count())


@pytest.mark.parametrize(
    "location", ["images", "s7", "all-sources", pytest.param("figure-confusion", marks=pytest.mark.long)]
)
def test_an_address_leads_into_what_is_folded(browser: Browser, build: Path, location: str) -> None:
    with reading(browser, build / "report.html") as page:
        page.goto("about:blank")
        page.goto(f"{(build / 'report.html').as_uri()}#{location}")
        expect(page.locator(f"#{location}")).to_be_in_viewport()
    with reading(browser, build / "report.html") as page:
        page.evaluate(f"location.hash = '#{location}'")
        expect(page.locator(f"#{location}")).to_be_in_viewport()


def paper(page: Page) -> float:
    colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return sum(int(value) for value in re.findall(r"\d+", colour)[:3]) / 765


@pytest.mark.long
@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("by", ["mouse", "Enter"])
def test_the_reader_chooses_the_colours(browser: Browser, build: Path, dark: bool, by: str) -> None:
    with reading(browser, build / "report.html", dark=dark) as page:
        button = page.get_by_role("button", name="Dark colours")
        for night in (dark, not dark, dark, not dark):
            expect(button).to_have_attribute("aria-pressed", str(night).lower())
            assert (paper(page) < 0.3) is night
            press(page, button, by)
        press(page, button, by)
        page.reload()
        assert (paper(page) < 0.3) is not dark
        # A choice that is the system's again follows the system.
        press(page, button, by)
        page.emulate_media(color_scheme="light" if dark else "dark")
        page.wait_for_function("wanted => document.documentElement.dataset.colours === wanted",
                               arg="light" if dark else "dark")  # fmt: skip
        assert (paper(page) < 0.3) is not dark


@pytest.mark.long
@pytest.mark.parametrize("script", [True, False])
def test_by_night_formulas_are_light_and_photographs_as_they_were(
    browser: Browser, build: Path, script: bool
) -> None:
    with reading(browser, build / "report.html", dark=True, script=script) as page:
        assert paper(page) < 0.3
        assert "invert" in page.locator(".math").first.evaluate("image => getComputedStyle(image).filter")
        filters = "images => images.map((image) => getComputedStyle(image).filter)"
        photographs = page.locator("figure img[src*='image/jpeg'], td img")
        assert set(photographs.evaluate_all(filters)) == {"none"}
        # Whoever reads without the script has no white slabs behind the plots either.
        for name in ("filter", "confusion", "map", "history", "likeness"):
            plot = page.locator(f"#figure-{name} img:not(dialog *)").first
            assert "invert" in plot.evaluate("image => getComputedStyle(image).filter")
            for box in (plot, plot.locator("..")):
                ground = box.evaluate("box => getComputedStyle(box).backgroundColor")
                assert ground == "rgba(0, 0, 0, 0)"


def glare(part: Locator) -> float:
    """The share of an element's pixels that are nearly white."""
    shot = part.screenshot(timeout=60_000)
    pixels = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))
    return float((pixels.min(axis=2) > 235).mean())


@pytest.mark.long
def test_by_night_no_figure_is_a_white_slab(browser: Browser, build: Path) -> None:
    with reading(browser, build / "report.html", 390, dark=True) as page:
        figures = page.locator("main figure[id]:visible")
        shares = {str(each.get_attribute("id")): glare(each) for each in figures.all()}
        assert {"figure-filter", "figure-confusion", "figure-history", "figure-map"} < shares.keys()
        # In maps that are red and blue, zero is white, and photographs may have a light sky.
        assert {name: share for name, share in shares.items() if share > 0.15} == {}
        for name in ("filter", "confusion", "history", "neuron_input_0"):
            page.locator(f"#figure-{name} .enlarge").first.press("Enter")
            assert glare(page.locator("dialog[open]")) < 0.05, name
            page.keyboard.press("Escape")


def test_on_a_telephone_no_table_is_wider_than_the_text(browser: Browser, build: Path) -> None:
    """Red without the smaller type of tables on narrow screens: then eight columns do not fit."""
    wide = """tables => tables
        .map((table) => [table, table.parentElement.getBoundingClientRect().width])
        .filter(([table, width]) => table.getBoundingClientRect().width > width + 1)
        .map(([table]) => table.querySelector("caption")?.id ?? table.className)"""
    with reading(browser, build / "report.html", 390) as page:
        tables = page.locator("main table:visible")
        assert tables.count() > 15
        assert tables.evaluate_all(wide) == []


BROKEN = r"""labels => labels.flatMap((label) => {
  const broken = [], texts = document.createTreeWalker(label, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    for (const word of texts.currentNode.data.matchAll(/(?<!\p{L})\p{L}{2,8}(?!\p{L})/gu)) {
      const range = document.createRange();
      range.setStart(texts.currentNode, word.index);
      range.setEnd(texts.currentNode, word.index + word[0].length);
      const boxes = [...range.getClientRects()].filter((box) => box.width);
      const lines = new Set(boxes.map((box) => Math.round(box.top)));
      if (lines.size > 1) broken.push(`${label.closest("figure").id}: ${word[0]}`);
    }
  }
  return broken;
})"""


USUAL = """() => {
  for (const name of document.querySelectorAll(".tile .label b > [dir]")) name.textContent = "kangaroo";
  const sheet = document.querySelector("#figure-occlusion_0 .sheet");
  sheet.className = "sheet by6-0-0";
  sheet.style.setProperty("--columns", 6);
  while (sheet.children.length < 6) sheet.append(sheet.lastElementChild.cloneNode(true));
}"""
"""As in other reports than the one that all tests share: classes of longer names, and five neurons."""


@pytest.mark.parametrize("width", [360, 390])
def test_no_word_below_a_picture_is_broken_on_a_telephone(browser: Browser, build: Path, width: int) -> None:
    """Red if as many pictures are in a row as on a wider one: six of 48 pixels. Longer words than of eight
    letters have no line of their own on every telephone.
    """
    with reading(browser, build / "report.html", width) as page:
        page.evaluate(USUAL)
        labels = page.locator("main .tile .label:visible")
        assert labels.count() > 50
        assert labels.evaluate_all(BROKEN) == []


def test_where_nothing_can_be_stored_the_page_still_works(browser: Browser, build: Path) -> None:
    with reading(browser, build / "report.html") as page:
        page.add_init_script(
            "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })"
        )
        page.reload()
        page.get_by_role("button", name="Dark colours").click()
        assert paper(page) < 0.3


@pytest.mark.long
@pytest.mark.parametrize("state", ["as opened", "number", "figure"])
def test_on_paper_nothing_is_left_of_the_screen(browser: Browser, build: Path, state: str) -> None:
    with reading(browser, build / "report.html") as page:
        text = page.locator("main").inner_text
        if state == "number":
            page.locator("a.n").first.click()
        if state == "figure":
            page.locator("#figure-images button").click()
        page.emulate_media(media="print")
        controls = page.locator("button, input, select, output, dialog, [role=dialog], .screen-only")
        left = controls.filter(visible=True)
        # What remains of a button is its words.
        assert set(left.evaluate_all(CLASSES)) == {"bare sort"}
        for control in (left.first, left.last):
            expect(control).to_have_css("border-top-width", "0px")
            expect(control).to_have_css("background-color", "rgba(0, 0, 0, 0)")
        assert "Lay over the image" not in text()
        functions = page.locator(".functions [id]")
        assert functions.filter(visible=True).count() == functions.count() > 20
        for longer in ("table.sources tr", "nav.listing li"):
            assert page.locator(longer).filter(visible=True).count() == 0


def test_without_the_script_the_report_is_complete(browser: Browser, build: Path) -> None:
    said = "nodes => nodes.map((node) => node.textContent)"
    parts = "main p, main li, main tr, main img, main figcaption, nav.contents a, nav.listing a"
    with reading(browser, build / "report.html", script=False) as page:
        assert page.get_by_role("button").count() == 0
        page.locator(".on-paper").evaluate_all("nodes => nodes.forEach((node) => node.remove())")
        displayed = page.locator(parts)
        assert displayed.filter(visible=True).count() == displayed.count() > 300
        plain = page.locator("table, figcaption, h2, h3").evaluate_all(said)
        number = page.locator("main a.n").first
        number.click()
        expect(page.locator(number.get_attribute("href") or "?")).to_be_in_viewport()
    with reading(browser, build / "report.html") as page:
        extra = page.locator(".screen-only, .on-paper")
        extra.evaluate_all("nodes => nodes.forEach((node) => node.remove())")
        assert page.locator("table, figcaption, h2, h3").evaluate_all(said) == plain


def test_the_script_and_what_it_needs_are_small(build: Path) -> None:
    html = (build / "report.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    assert 1000 < len("".join(scripts).encode()) <= SCRIPT_LIMIT
    embedded = re.findall(r' data-[a-z0-9-]+="data:[^"]*"', html)
    assert 10_000 < len("".join(embedded)) <= CARRIED_LIMIT
