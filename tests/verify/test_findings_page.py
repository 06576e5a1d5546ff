"""The page of a verification shows each difference where it stands, and pages side by side."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from bs4 import BeautifulSoup, Tag
from forging import Home, copy_build, honest_home, page
from PIL import Image
from sharing import MakeOnce
from typer.testing import CliRunner

from reportgen.cli.program import app
from reportgen.document.comparison_pages import Sheet, Sheets
from reportgen.errors import RenderError
from reportgen.pdf.printer import print_pdf
from reportgen.store.output import TakenError, is_text_with
from reportgen.store.ownership import VERIFICATION_MARK
from reportgen.templates import open_templates
from reportgen.verify import Finding, Verification, render_findings
from reportgen.verify.differences import Difference
from reportgen.verify.pdf_document import DOTS, PdfDocument, open_pdf
from reportgen.verify.sheets import MOST_SHEETS, SheetCollector, compare_pages, find_frames, pack, page_in

HOSTILE = "<script>alert(1)</script>"


def never(_difference: Difference) -> bool:
    return False


def parse(rows: Sequence[Finding], **fields: Any) -> BeautifulSoup:
    found = Verification("report.pdf", "images", tuple(rows), **fields)
    return BeautifulSoup(render_findings(found, open_templates()), "html.parser")


def texts(soup: BeautifulSoup | Tag, selector: str) -> list[str]:
    return [" ".join(tag.get_text(" ").split()) for tag in soup.select(selector)]


ROWS = (
    Finding("numbers", "/a/test", "differs", 0.92, 0.75, "allowed: 1e-06"),
    Finding("numbers", "/a/val", "confirmed", 1, 1),
    Finding("numbers", "/b", "not recomputable", reason="no weights"),
    Finding("page", "<p> in line 12, in #results", "differs", '<p class="a">', '<p class="b">', "another"),
    Finding("images", "test/cat/1.jpg", "differs", "aa", "bb", "other bytes"),
    Finding("arrays", "/a/x", "confirmed"),
)


def test_the_verdict_and_the_counts_stand_at_the_top() -> None:
    soup = parse(ROWS)
    assert texts(soup, "h1") == ["✗ Not confirmed"]
    assert texts(soup, "#counts .counts div") == ["confirmed 2", "differ 3", "could not be recomputed 1"]
    rows = {row[0]: row[1:] for row in map(cells, soup.select("#counts tbody tr"))}
    assert rows == {
        "Images": ["0", "1", "0"],
        "Numbers of results.json": ["1", "1", "1"],
        "Arrays": ["1", "0", "0"],
        "report.html": ["0", "1", "0"],
    }


def cells(row: Tag) -> list[str]:
    return [" ".join(cell.get_text(" ").split()) for cell in row.find_all(["th", "td"])]


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [(ROWS[1:2], "✓ Confirmed"), (ROWS[1:3], "? Nothing differs"), (ROWS, "✗ Not confirmed")],
)  # fmt: skip
def test_what_could_not_be_looked_at_is_not_called_confirmed(rows: Sequence[Finding], verdict: str) -> None:
    assert texts(parse(rows), "h1") == [verdict]


def test_each_finding_has_its_place_both_values_and_the_reason() -> None:
    soup = parse(ROWS)
    assert [section["id"] for section in soup.select("main > section")] == [
        "counts", "images", "numbers", "page",
    ]  # fmt: skip
    assert texts(soup, "#numbers summary") == ["Differs 1", "Could not be recomputed 1"]
    assert [cells(row) for row in soup.select("#numbers tbody tr")] == [
        ["✗ /a/test", "0.92", "0.75"], ["allowed: 1e-06"], ["? /b"], ["no weights"],
    ]  # fmt: skip
    assert [cells(row) for row in soup.select("#page tbody tr")] == [
        ["✗ <p> in line 12, in #results", '<p class="a">', '<p class="b">'], ["another"],
    ]  # fmt: skip
    # The hashes of images say nothing to a reader.
    assert [cells(row) for row in soup.select("#images tbody tr")] == [["✗ test/cat/1.jpg"], ["other bytes"]]


def test_notes_are_told_apart_from_findings() -> None:
    soup = parse(ROWS[1:2], notes=("3 numbers in the authors' own words",))
    assert texts(soup, "#notes li") == ["3 numbers in the authors' own words"]
    assert parse(ROWS).select("#notes") == []


def test_what_is_too_much_is_counted() -> None:
    soup = parse([Finding("numbers", f"/n/{n}", "differs", n, -1) for n in range(1000)])
    displayed = len(soup.select("#numbers tbody"))
    assert 100 <= displayed < 1000
    assert texts(soup, "#numbers > p") == [
        f"{1000 - displayed} more are not shown; the JSON of verify --json has every row."
    ]
    assert texts(soup, "#counts .counts .worse") == ["1000"]


def test_whatever_a_report_says_is_text() -> None:
    rows = [
        Finding("page", f"{HOSTILE} in line 1", "differs", HOSTILE, f'"{HOSTILE}', HOSTILE),
        Finding("numbers", "/\u202e\x1b", "differs", {HOSTILE: ["\ud800"]}, None, "\u2028"),
    ]
    found = Verification(HOSTILE, f'"{HOSTILE}', tuple(rows), (HOSTILE,))
    html = render_findings(found, open_templates())
    assert "<script" not in html.lower()
    assert not {"\u202e", "\x1b", "\u2028"} & set(html)
    html.encode()
    soup = BeautifulSoup(html, "html.parser")
    assert soup.select("script, link, iframe, object, embed, form, base") == []
    assert not soup.find_all(lambda tag: any(name.startswith("on") or name == "style" for name in tag.attrs))
    assert cells(soup.select("#page tbody tr")[0])[1:] == [HOSTILE, f'"{HOSTILE}']


def test_the_policy_lets_the_page_run_and_fetch_nothing() -> None:
    (policy,) = parse(ROWS).select('meta[http-equiv="Content-Security-Policy"]')
    rules = {name: values for name, *values in (rule.split() for rule in str(policy["content"]).split(";"))}
    assert rules["default-src"] == ["'none'"]
    assert rules["img-src"] == rules["font-src"] == ["data:"]
    assert "script-src" not in rules
    assert [value[:8] for value in rules["style-src"]] == ["'sha256-"]


BREAK = "<p style='break-before: page'>"
LINK = "<p id=s1><a href='#s1'>One</a></p>"
"""Without any link it would be no report."""
BODY = f"{LINK}{BREAK}Two</p>{BREAK}Three</p>"


@pytest.fixture(scope="module")
def printed() -> bytes:
    return print_pdf(page(BODY))


def painted(printed: bytes, *pages: int) -> bytes:
    """A red box of 80 × 20 points on pages (from 0), 100 from the left and 300 from the lower edge."""
    box = b"q 1 0 0 rg 100 300 80 20 re f Q"
    # Before what WeasyPrint draws, since it turns the page upside down first.
    return changed(printed, lambda pdf: [pdf.pages[n].contents_add(box, prepend=True) for n in pages])


def changed(printed: bytes, change: Callable[[pikepdf.Pdf], object]) -> bytes:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(printed)) as pdf:
        change(pdf)
        pdf.save(target)
    return target.getvalue()


def collect(
    one: bytes,
    other: bytes,
    noted: Sequence[Difference] = (),
    covers: Callable[[Difference], bool] = never,
) -> Sheets:
    collector = SheetCollector()
    collector.note(noted, covers)
    with open_pdf(one) as a, open_pdf(other) as b:
        list(compare_pages(a, b, collector))
    return collector.sheets


def pixels_of(png: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture.convert("RGB"))


@pytest.mark.prints
def test_a_page_that_differs_is_shown_in_both_ways_and_framed(printed: bytes) -> None:
    (sheet,) = collect(painted(printed, 1), printed).displayed
    assert (sheet.number, sheet.excused) == (2, False)
    theirs, ours = sheet.submitted, sheet.recomputed
    assert theirs is not None
    assert ours is not None
    with pikepdf.open(io.BytesIO(printed)) as pdf:
        width, height = (float(side) for side in pdf.pages[1].mediabox[2:])
    assert (theirs.width, theirs.height) == pytest.approx((width, height), abs=0.01)
    (frame,) = sheet.frames
    assert frame == pytest.approx((100, height - 320, 180, height - 300), abs=3)
    # The box is red in their picture, in its place, and not in ours.
    pixels, plain = pixels_of(theirs.png), pixels_of(ours.png)
    row, column = round((height - 310) / height * len(pixels)), round(140 / width * pixels.shape[1])
    assert tuple(pixels[row, column]) == (255, 0, 0)
    assert tuple(plain[row, column]) == (255, 255, 255)


@pytest.mark.prints
def test_equal_pages_are_not_shown_and_no_page_is_drawn_twice(
    printed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[int, int]] = []
    look = PdfDocument.look

    def counting(self: PdfDocument, number: int) -> Any:
        drawn.append((id(self), number))
        return look(self, number)

    monkeypatch.setattr(PdfDocument, "look", counting)
    assert collect(printed, printed) == Sheets()
    drawn.clear()
    other = changed(painted(printed, 0), lambda pdf: pdf.pages[2].contents_add(b"q 0 g 9 9 50 50 re f Q"))
    link = Difference("page 2, link “a”", "it is missing", box=(50, 60, 90, 80))
    assert [sheet.number for sheet in collect(other, printed, [link]).displayed] == [1, 2, 3]
    assert len(drawn) == len(set(drawn)) == 6


@pytest.mark.prints
def test_what_is_clicked_is_framed_where_it_stands(printed: bytes) -> None:
    link = Difference("page 2, link “a”", "it is missing", box=(50, 60, 90, 80))
    beyond = Difference("/AP: page 2/Annots", "it has more", box=(-1e9, 700, 1e9, 720))
    (sheet,) = collect(printed, printed, [link, beyond]).displayed
    assert sheet.submitted is not None
    height, width = sheet.submitted.height, sheet.submitted.width
    low, wide = sheet.frames
    assert low == pytest.approx((50, height - 80, 90, height - 60), abs=3)
    assert wide == pytest.approx((0, height - 720, width, height - 700), abs=3)


@pytest.mark.prints
def test_a_page_that_one_of_the_two_lacks_stands_alone(printed: bytes) -> None:
    (sheet,) = collect(changed(printed, lambda pdf: pdf.pages.__delitem__(2)), printed).displayed
    assert (sheet.number, sheet.submitted) == (3, None)
    assert sheet.recomputed is not None
    soup = parse(ROWS, sheets=Sheets((sheet,)))
    assert texts(soup, "#page-3 .side") == ["handed in There is no such page.", "printed again"]


@pytest.mark.long
@pytest.mark.prints
def test_many_pages_are_shown_in_part_and_those_that_nothing_excuses_first() -> None:
    count = MOST_SHEETS + 3
    pages = print_pdf(page(LINK + "".join(f"{BREAK}n{n}</p>" for n in range(1, count))))
    last = count - 1
    found = collect(painted(pages, *range(count)), pages, covers=never)
    assert [sheet.number for sheet in found.displayed] == [*range(1, MOST_SHEETS + 1)]
    assert found.left_out == (count - 2, count - 1, count)
    excused = collect(
        painted(pages, *range(count)), pages, covers=lambda each: each.location != f"page {last + 1}"
    )
    assert [sheet.number for sheet in excused.displayed] == [*range(1, MOST_SHEETS), count]
    assert [sheet.excused for sheet in excused.displayed] == [True] * (MOST_SHEETS - 1) + [False]
    assert excused.left_out == (MOST_SHEETS, count - 2, count - 1)
    soup = parse(ROWS, sheets=found)
    assert texts(soup, ".left-out") == [
        f"3 more pages differ and are not shown: {count - 2}, {count - 1}, {count}."
    ]


@pytest.mark.prints
def test_the_finding_leads_to_the_pictures_of_its_page(printed: bytes) -> None:
    sheets = collect(painted(printed, 1), printed)
    rows = [Finding("pages", "page 2", "differs", reason="other"), Finding("pages", "page 3, x", "differs")]
    soup = parse(rows, sheets=sheets)
    assert [link["href"] for link in soup.select("#pages a")] == ["#page-2"]
    theirs, ours = soup.select("#page-2 img")
    sheet: Sheet = sheets.displayed[0]
    for image, drawing in ((theirs, sheet.submitted), (ours, sheet.recomputed)):
        assert drawing is not None
        assert base64.b64decode(str(image["src"]).removeprefix("data:image/png;base64,")) == drawing.png
    (first, second) = soup.select("#page-2 svg rect")
    left, top, right, bottom = sheet.frames[0]
    for rectangle in (first, second):
        sides = [float(str(rectangle[side])) for side in ("x", "y", "width", "height")]
        assert sides == pytest.approx([left, top, right - left, bottom - top])


def test_what_differs_far_apart_has_frames_of_its_own() -> None:
    unlike = np.zeros((600, 400), np.bool_)
    unlike[50:60, 100:120] = unlike[62:64, 10:20] = unlike[500:501, 300:302] = True
    points = 72 / DOTS
    near, far = find_frames(unlike)
    assert near == pytest.approx((10 * points, 50 * points, 120 * points, 64 * points), abs=2.1)
    assert far == pytest.approx((300 * points, 500 * points, 302 * points, 501 * points), abs=2.1)
    assert list(find_frames(np.zeros((5, 5), np.bool_))) == []


def test_all_that_differs_is_in_some_frame_however_much_it_is() -> None:
    unlike = np.zeros((2000, 50), np.bool_)
    unlike[::40, 7] = True
    frames = list(find_frames(unlike))
    assert len(frames) < 20
    for row in range(0, 2000, 40):
        middle = (row + 0.5) * 72 / DOTS
        assert any(top <= middle <= bottom for _, top, _, bottom in frames)


def test_a_picture_has_a_limited_size_whatever_it_shows() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (3500, 2500, 3), np.uint8)
    packed = pack(noise)
    assert len(packed) <= 600_000
    assert pixels_of(packed).shape[0] / pixels_of(packed).shape[1] == pytest.approx(1.4, rel=0.01)
    # Blue comes first in what PDFium draws.
    blue = np.zeros((30, 20, 3), np.uint8)
    blue[..., 0] = 255
    assert {tuple(pixel) for pixel in pixels_of(pack(blue)).reshape(-1, 3)} == {(0, 0, 255)}


@pytest.mark.parametrize(
    ("location", "number"),
    [
        ("page 3", 3), ("page 12, link “a”", 12), ("/AP: page 2/Annots", 2), ("page 3x", 0),
        ("bookmark “page 3”", 0), ("number of pages", 0), ("<p> in line 3, page 4", 0), ("page 123456", 0),
    ],
)  # fmt: skip
def test_a_place_names_its_page(location: str, number: int) -> None:
    assert page_in(location) == number


@pytest.fixture(scope="module")
def home(make_once: MakeOnce) -> Home:
    return honest_home(make_once)


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.prints
def test_the_command_writes_what_a_stranger_changed_beside_what_it_should_be(
    home: Home, tmp_path: Path
) -> None:
    forged, out = copy_build(home, tmp_path / "handed in"), tmp_path / "findings.html"
    out.write_text(f"<head>{VERIFICATION_MARK}")
    html = (forged / "report.html").read_text(encoding="utf-8")
    line = html[: html.index("<main")].count("\n") + 1
    (forged / "report.html").write_text(html.replace("<main", '<main title="mine"', 1), encoding="utf-8")
    (forged / "report.pdf").write_bytes(painted(home.pdf.read_bytes(), 1))
    given = ["--data", str(home.data), "--cache", str(home.settings.cache), "--quiet"]
    done = home.run(["verify", str(forged), *given, "--page", str(out)])
    assert (done.exit_code, done.output.split(":")[0]) == (1, "NOT CONFIRMED")
    soup = BeautifulSoup(out.read_text(encoding="utf-8"), "html.parser")
    assert texts(soup, "h1") == ["✗ Not confirmed"]
    assert cells(soup.select("#page tbody tr")[0])[0].startswith(f"✗ <main> in line {line}")
    assert cells(soup.select("#page tbody tr")[0])[1] == "mine"
    assert [figure["id"] for figure in soup.select("#sheets figure")] == ["page-2"]
    assert len(soup.select("#page-2 img")) == 2


def test_a_file_that_is_something_else_stays_and_nothing_is_computed(tmp_path: Path) -> None:
    mine = tmp_path / "report.html"
    mine.write_text('<meta name="generator" content="reportgen 0.1.0">')
    done = CliRunner().invoke(app, ["verify", "none.pdf", "--data", "none", "--page", str(mine)])
    assert isinstance(done.exception, TakenError)
    assert mine.read_text() == '<meta name="generator" content="reportgen 0.1.0">'


def test_a_page_is_known_for_one_again() -> None:
    html = render_findings(Verification(HOSTILE, VERIFICATION_MARK, ROWS), open_templates())
    assert is_text_with(VERIFICATION_MARK)(io.BytesIO(html.encode()))
    assert html.count(VERIFICATION_MARK) == 1


def test_a_mistake_in_the_template_is_named(tmp_path: Path) -> None:
    (tmp_path / "verification.html.j2").write_text("{{ p.nonsense }}")
    with pytest.raises(RenderError, match=r"verification\.html\.j2.*nonsense"):
        render_findings(Verification("a", "b", ROWS), open_templates(tmp_path))
