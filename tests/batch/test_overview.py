"""The page of a class, as a browser shows it and as it is without one's script."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Page

from reportgen.batch.accounting import FileRow
from reportgen.batch.class_file import Class, Group
from reportgen.batch.outcome import Author, Mark, Outcome, Traits
from reportgen.batch.summary import sum_up
from reportgen.batch.tables import GroupResult, write_grades
from reportgen.document.class_pages import render_overview
from reportgen.templates import open_templates

EVIL = "<script>alert(1)</script>"
NAMES = ("Gauß", EVIL, "Noether", "Euler", "Lovelace")


def outcome(first: str, second: str, tested: int = 4) -> Outcome:
    marks = (Mark("Q1", first, "4", "passed"), Mark("Q2 <b>", second, "6", "failed"))
    total = str(float(first) + float(second)).removesuffix(".0")
    return Outcome(score=total, points="10", marks=marks, correct=int(first[0]), total=tested)


OUTCOMES = (
    outcome("4", "6"),
    Outcome("data", f"train/{EVIL}: has no images"),
    outcome("1.5", "6"),
    outcome("1", "0", 2),
    Outcome("crash", "The program failed"),
)
IMAGES: tuple[dict[str, str], ...] = (
    {"a": "1", "b": "2"},
    {},
    {"a": "1", "c": "2", "d": "3"},
    {"x": "9"},
    {},
)


@pytest.fixture(scope="module")
def html() -> str:
    groups = [Group(name, Path("x"), f"g{number}") for number, name in enumerate(NAMES)]
    report = "build/report.html"
    rows = [
        GroupResult(*row[:2], None, row[2], report=report)
        for row in zip(groups, OUTCOMES, IMAGES, strict=True)
    ]
    return render_overview(sum_up(Class(tuple(groups), (), title=f"Class {EVIL}"), rows), open_templates())


@pytest.fixture(scope="module")
def file(html: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "overview.html"
    file.write_text(html, encoding="utf-8")
    return file


def cells(soup: BeautifulSoup, section: str) -> list[list[str]]:
    """The texts of a section's table, row by row."""
    rows = soup.select(f"#{section} tbody tr")
    return [[" ".join(cell.get_text(" ").split()) for cell in row.select("th, td")] for row in rows]


def test_it_is_a_plain_table_without_script(html: str) -> None:
    soup = BeautifulSoup(html, "html.parser")
    assert cells(soup, "groups") == [
        ["Gauß", "10", "10", "4 of 4", "nothing"],
        [EVIL, "–", "–", "–", f"no grades: train/{EVIL}: has no images"],
        ["Noether", "7.5", "10", "1 of 4", "Q1 (1.5 of 4)"],
        ["Euler", "1", "10", "1 of 2", "Q1 (1 of 4); Q2 <b> (0 of 6)"],
        ["Lovelace", "–", "–", "–", "no grades: The program failed"],
    ]
    # 4, 1.5 and 1 of 4: mean 2.17, median 1.5; 6, 6 and 0 of 6: mean 4, median 6.
    assert [row[:5] for row in cells(soup, "criteria")] == [
        ["Q1", "4", "2.17", "1.5", "1 of 3"],
        ["Q2 <b>", "6", "4", "6", "2 of 3"],
    ]
    assert cells(soup, "failed") == [
        [EVIL, f"train/{EVIL}: has no images"],
        ["Lovelace", "The program failed ( log )"],
    ]
    assert cells(soup, "alike") == [["Gauß", "2 of 2", "Noether (2)"], ["Noether", "2 of 3", "Gauß (2)"]]
    said = [figure["aria-label"] for figure in soup.select("#criteria svg")]
    assert said[1] == "Groups with no points: 1, all points: 2"
    # One plot of all criteria, a row each: of the second, one group of three has none and two have all.
    (plot,) = soup.select("#criteria figure")
    assert [name.get_text() for name in plot.select(".what")] == ["Q1", "Q2 <b>", ""]
    marks = [(mark["x"], mark["fill-opacity"]) for mark in plot.select("svg")[1].select("rect")]
    assert marks == [("0", "0.50"), ("110", "1.00")]
    links = [link["href"] for link in soup.select("#groups a")]
    assert links[0] == "groups/g0/build/report.html"
    assert [link["href"] for link in soup.select("#failed a")] == ["groups/g4/log.txt"]


def test_a_report_without_the_section_has_no_accuracy() -> None:
    groups = [Group(name, Path("x"), name) for name in ("none right", "not there")]
    rows = [
        GroupResult(group, outcome("0", "6", tested), None, {})
        for group, tested in zip(groups, (4, 0), strict=True)
    ]
    page = render_overview(sum_up(Class(tuple(groups), ()), rows), open_templates())
    found = cells(BeautifulSoup(page, "html.parser"), "groups")
    assert [row[3] for row in found] == ["0 of 4", "–"]


def test_what_could_not_be_checked_is_in_no_sum() -> None:
    """80 points of the 80 that could be checked are not 80 of 83, and points to be given are not 0."""
    marks = (Mark("Q1", "80", "80", "passed"), Mark("Q2", "0", "3", "not checkable"))
    said = "80 of 80 points, 3 not checkable"
    found = Outcome(
        score="80",
        points="83",
        marks=marks,
        undecided=said,
        notes=(said,),
        checked="80",
        not_checkable="3",
        not_graded="0",
    )
    manual = Outcome(
        score="1",
        points="4",
        marks=(Mark("Q1", "1", "2", "failed"), Mark("Q2", "0", "2", "not graded yet")),
        undecided="1 of 2 points, 2 not graded yet",
        checked="2",
        not_checkable="0",
        not_graded="2",
    )
    groups = (Group("A", Path("x"), "a"), Group("B", Path("x"), "b"))
    rows = [GroupResult(groups[0], found, None, {}), GroupResult(groups[1], manual, None, {})]
    soup = BeautifulSoup(render_overview(sum_up(Class(groups, ()), rows), open_templates()), "html.parser")
    assert [row[:3] for row in cells(soup, "groups")] == [["A", "80", "80"], ["B", "1", "2"]]
    assert said in cells(soup, "groups")[0][-1]
    table = list(csv.DictReader(io.StringIO(write_grades(rows, Class(groups, ()).outline.kind))))
    columns = ("score", "points", "checked", "not checkable", "not graded yet", "Q1", "Q2")
    assert [[row[name] for name in columns] for row in table] == [
        ["80", "83", "80", "3", "0", "80", ""], ["1", "4", "2", "0", "2", "1", ""],
    ]  # fmt: skip


def test_what_is_held_counts_nowhere_and_what_is_released_does() -> None:
    groups = [Group(name, Path("x"), f"g{number}") for number, name in enumerate(("Free", "Held", "Idle"))]
    held = replace(outcome("4", "6"), hold="606 findings: numbers", differs=True, verified=True)
    traits = Traits((Author("Ann"),))
    rows = [
        GroupResult(groups[0], replace(outcome("2", "0"), traits=traits), None, {}, pdf="p", late=True),
        GroupResult(groups[1], replace(held, traits=traits), None, {}, pdf="p"),
        GroupResult(groups[2], Outcome("absent", "nothing handed in, so no points", score="0"), None, {}),
    ]
    files = [FileRow("a", "Free", "graded"), FileRow("b", "", "not understood"), FileRow("c", "", "ignored")]
    chosen = Class(tuple(groups), ())
    soup = BeautifulSoup(render_overview(sum_up(chosen, rows, files), open_templates()), "html.parser")
    assert [row[:3] for row in cells(soup, "groups")] == [
        ["Free", "2", "10"], ["Held", "held", "10"], ["Idle", "0", "–"],
    ]  # fmt: skip
    assert "late" in cells(soup, "groups")[0][-1]
    assert cells(soup, "held") == [["Held", "held: 606 findings: numbers", "10 of 10"]]
    assert [row[2:5] for row in cells(soup, "criteria")] == [["2", "2", "0 of 1"], ["0", "0", "0 of 1"]]
    assert cells(soup, "alike") == [
        ["the same PDF, byte for byte", "Free , Held"], ["the author Ann", "Free , Held"],
    ]  # fmt: skip
    assert "1 graded, 1 ignored, 1 not understood" in soup.footer.get_text() if soup.footer else False
    rows[1] = replace(rows[1], released=True)
    soup = BeautifulSoup(render_overview(sum_up(chosen, rows, files), open_templates()), "html.parser")
    assert cells(soup, "groups")[1][1:3] == ["10", "10"]
    assert "released: 606 findings: numbers" in cells(soup, "groups")[1][-1]
    assert [row[2] for row in cells(soup, "criteria")] == ["3", "3"]
    assert soup.select("#held") == []


def test_it_fetches_nothing_and_runs_its_own_script_only(html: str) -> None:
    soup = BeautifulSoup(html, "html.parser")
    policy = soup.select_one("meta[http-equiv]")
    assert policy is not None
    assert "default-src 'none'" in str(policy["content"])
    assert len(soup.select("script")) == 1
    assert soup.select("link, img, iframe, object") == []
    assert re.findall(r"url\([\"']?(?!data:|[\"'])", html) == []


def opened(browser: Browser, file: Path, width: int = 1366, **options: object) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 800}, **options).new_page()  # type: ignore[arg-type]
    page.on("console", lambda message: pytest.fail(message.text))
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.goto(file.as_uri())
    return page


def names(page: Page) -> list[str]:
    return page.locator("#groups tbody tr:visible th").all_inner_texts()


def test_columns_are_sorted_as_what_they_hold(browser: Browser, file: Path) -> None:
    page = opened(browser, file)
    head = page.locator("#groups thead th")
    points = page.locator("#groups").get_by_role("button", name="Points", exact=True)
    points.click()
    # As texts, "10" would come before "7.5". Who has no points stands last, either way.
    assert names(page) == ["Euler", "Noether", "Gauß", EVIL, "Lovelace"]
    assert head.nth(1).get_attribute("aria-sort") == "ascending"
    points.press("Enter")
    assert names(page) == ["Gauß", "Noether", "Euler", EVIL, "Lovelace"]
    points.click()
    assert names(page) == list(NAMES)
    page.locator("#groups").get_by_role("button", name="Test accuracy").click()
    # By the share: 1 of 4 is less than 1 of 2.
    assert names(page)[:3] == ["Noether", "Euler", "Gauß"]
    page.locator("#groups").get_by_role("button", name="Group").click()
    assert names(page) == [EVIL, "Euler", "Gauß", "Lovelace", "Noether"]
    assert head.nth(1).get_attribute("aria-sort") is None


def test_groups_are_found_by_words_without_their_accents(browser: Browser, file: Path) -> None:
    page = opened(browser, file)
    box = page.get_by_label("Search the groups")
    box.fill("no GRADES lov")
    assert names(page) == ["Lovelace"]
    assert page.locator("output").inner_text() == "1 of 5"
    box.fill("")
    assert names(page) == list(NAMES)


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1366, "light")])
def test_it_fits_and_is_accessible(browser: Browser, file: Path, width: int, scheme: str) -> None:
    page = opened(browser, file, width, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")
    assert [violation["id"] for violation in found["violations"]] == []


def test_a_print_shows_every_group_and_no_search_box(browser: Browser, file: Path) -> None:
    page = opened(browser, file)
    page.get_by_label("Search the groups").fill("Euler")
    page.emulate_media(media="print")
    assert names(page) == list(NAMES)
    assert not page.get_by_label("Search the groups").is_visible()
