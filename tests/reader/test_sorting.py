"""Tables are sorted by what their cells mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect
from printed import resolve_pointer
from reading import press, reading

pytestmark = pytest.mark.slow

# A heading and its cells from least to greatest; a dash is no value, and stands last either way.
COLUMNS = {
    "Powers": ["−2 × 10³", "−1.5 × 10⁻³", "0", "9.1 × 10⁻¹²", "3.0 × 10⁻²", "7", "2 × 10²", "–"],
    "Shares": ["0 %", "0.1 %", "9.9 %", "10.0 %", "33.3 %", "99.9 %", "100 %", "–"],
    "Thousands": ["1", "9", "10", "999", "1\u202f000", "9\u202f999", "10\u202f000", "20\u202f024\u202f384"],
    "Positions": [
        "(0, 2, 5)",
        "(0, 10, 4)",
        "(1, 0, 0)",
        "(2, 0, 9)",
        "(2, 0, 30)",
        "(9, 9, 9)",
        "(10, 1)",
        "–",
    ],
    "Names": ["alpha", "Beta", "beta 2", "beta 10", "über", "Vega", "y", "z"],
}
SHUFFLED = [5, 2, 7, 0, 3, 6, 1, 4]
LAST = "–"


def table_of(columns: dict[str, list[str]]) -> str:
    heads = "".join(f'<th scope="col">{name}</th>' for name in columns)
    rows = ("".join(f"<td>{cells[at]}</td>" for cells in columns.values()) for at in SHUFFLED)
    body = "</tbody><tbody>".join(f"<tr>{row}</tr>" for row in rows)
    return f'<table class="data" id="made-up"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'


@pytest.fixture
def made_up(build: Path, tmp_path: Path) -> Path:
    """The report with one more table."""
    html = (build / "report.html").read_text(encoding="utf-8")
    file = tmp_path / "report.html"
    file.write_text(html.replace("</main>", f"{table_of(COLUMNS)}</main>"), encoding="utf-8")
    return file


def column_of(table: Locator, at: int) -> list[str]:
    return table.locator(f"tbody tr > :nth-child({at + 1})").all_text_contents()


@pytest.mark.long
@pytest.mark.parametrize("by", ["mouse", "Enter", "Space"])
def test_upwards_downwards_and_as_it_was(browser: Browser, made_up: Path, by: str) -> None:
    with reading(browser, made_up) as page:
        table = page.locator("#made-up")
        for at, (name, cells) in enumerate(COLUMNS.items()):
            head = table.get_by_role("columnheader", name=name)
            button = head.get_by_role("button")
            press(page, button, by)
            assert column_of(table, at) == cells
            expect(head).to_have_attribute("aria-sort", "ascending")
            assert table.locator("[aria-sort]").count() == 1
            press(page, button, by)
            given = [cell for cell in cells if cell != LAST]
            assert column_of(table, at) == given[::-1] + [LAST] * (len(cells) - len(given))
            expect(head).to_have_attribute("aria-sort", "descending")
            press(page, button, by)
            assert column_of(table, at) == [cells[location] for location in SHUFFLED]
            assert table.locator("[aria-sort]").count() == 0
            assert table.locator("tbody:not(:empty)").count() == len(cells)


def test_rows_of_equal_value_keep_their_order(browser: Browser, build: Path) -> None:
    with reading(browser, build / "report.html") as page:
        table = page.locator("table:has(#table-distinct)")
        rows = table.locator("tbody tr").all_text_contents()
        classes = [text.strip() for text in table.locator("tbody th").all_text_contents()]
        order = list(dict.fromkeys(classes))
        head = table.get_by_role("columnheader", name="Class").get_by_role("button")
        head.click()
        upwards = table.locator("tbody tr").all_text_contents()
        head.click()
        downwards = table.locator("tbody tr").all_text_contents()
    named = list(zip(classes, rows, strict=True))
    blocks = {name: [row for label, row in named if label == name] for name in order}
    for sorted_rows in (upwards, downwards):
        assert sorted(sorted_rows) == sorted(rows)
        for block in blocks.values():
            start = sorted_rows.index(block[0])
            assert sorted_rows[start : start + len(block)] == block


@pytest.mark.long
def test_the_values_of_a_sorted_column_rise(browser: Browser, build: Path, results: Any) -> None:
    with reading(browser, build / "report.html") as page:
        table = page.locator("table:has(#table-distinct)")
        # Before, only the first row of a class shows the name.
        second = table.locator("tbody:first-of-type tr:nth-child(2) th")
        expect(second).to_have_css("color", "rgba(0, 0, 0, 0)")
        table.get_by_role("columnheader", name="Output").get_by_role("button").click()
        cells = table.locator("tbody tr td:nth-of-type(2) a.n")
        pointers = [str(cell.get_attribute("data-ptr")) for cell in cells.all()]
        colours = "heads => heads.map((head) => getComputedStyle(head).color)"
        displayed = set(table.locator("tbody th").evaluate_all(colours))
    values = [resolve_pointer(results, pointer) for pointer in pointers]
    assert len(values) > 10
    assert values == sorted(values)
    assert displayed == {"rgb(26, 26, 26)"}


@pytest.mark.long
def test_printing_shows_the_order_of_the_report(browser: Browser, made_up: Path) -> None:
    with reading(browser, made_up) as page:
        table = page.locator("#made-up")
        table.get_by_role("button").first.click()
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert column_of(table, 0) == [COLUMNS["Powers"][location] for location in SHUFFLED]


@pytest.mark.long
def test_gradients_and_sources_are_not_sorted(browser: Browser, build: Path) -> None:
    with reading(browser, build / "report.html") as page:
        assert page.locator("table.gradients .sort, table.sources .sort").count() == 0
