"""The report as PDF: pages, fonts, bookmarks and text."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pymupdf
import pypdfium2
import pytest
from bs4 import BeautifulSoup
from checkers import find_errors, find_spoken_errors, read_roles
from equipment import find_tool
from finished_report import SECTIONS
from numpy.typing import NDArray
from PIL import Image
from tiny_data import CLASSES

from reportgen.pdf.printer import print_pdf
from reportgen.settings import load_settings
from reportgen.templates import templates_folder
from reportgen.verify.pdf_content import Node, read_pdf_content
from reportgen.verify.pdf_flow import read_contents

pytestmark = [pytest.mark.slow, pytest.mark.prints]


def test_the_pdf_has_pages_a_title_and_authors(paper: pikepdf.Pdf) -> None:
    assert len(paper.pages) > 5
    assert str(paper.docinfo["/Title"]).startswith("Convolution, Transfer Learning")
    assert str(paper.docinfo["/Author"]) == "Zoë O'Neill"
    width, height = (float(side) for side in list(paper.pages[0].mediabox)[2:])
    assert (width / 72 * 25.4, height / 72 * 25.4) == pytest.approx((210, 297), abs=0.1)


def fonts(paper: pikepdf.Pdf) -> Iterator[Any]:
    for page in paper.pages:
        yield from dict(page.Resources.get("/Font", {})).values()


def test_every_font_is_embedded_and_the_reports_own(paper: pikepdf.Pdf) -> None:
    names = set()
    for font in fonts(paper):
        for inner in font.get("/DescendantFonts", [font]):
            descriptor = inner["/FontDescriptor"]
            assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor.keys())
        names.add(str(font["/BaseFont"]).split("+")[-1])
    # The names that the style sheet gives to STIX and DejaVu; a font of the machine keeps its own name.
    assert {re.sub("(-Bold|-Italic)+$", "", name) for name in names} <= {
        "Report", "Report-Fallback", "Report-Mono",
    }  # fmt: skip
    assert {"Report", "Report-Bold", "Report-Italic"} <= names


def test_the_bookmarks_are_the_sections(paper: pikepdf.Pdf) -> None:
    with paper.open_outline() as outline:
        titles = [item.title for item in outline.root]
        below = {item.title: [child.title for child in item.children] for item in outline.root}
    assert titles == ["Findings", *SECTIONS.values(), "References", "Appendix", "Sources of the numbers"]
    assert below["Maximally activating patches"] == list(CLASSES)


def test_below_them_are_all_figures_and_tables_of_the_page(paper: pikepdf.Pdf, page: BeautifulSoup) -> None:
    with paper.open_outline() as outline:
        waiting, found = list(outline.root), []
        while waiting:
            item = waiting.pop(0)
            waiting[:0] = item.children
            if re.match(r"(Fig\.|Table)\s", item.title):
                found.append(" ".join(item.title.split()))
    captions = page.select("figcaption > b, caption > b")
    assert found == [" ".join(caption.get_text().split()) for caption in captions]


def test_every_number_leads_to_the_function_that_made_it(build: Path, page: BeautifulSoup) -> None:
    """By the place that the link leads to: the line with that function's name."""
    made = {row["data-ptr"]: row["data-paper"] for row in page.select("table.sources tr[data-ptr]")}
    locations = {str(name["id"]): name.get_text() for name in page.select(".functions [id]")}
    assert set(made.values()) == set(locations)
    rows = {str(row["id"]): str(row["data-ptr"]) for row in page.select("table.sources tr[data-ptr]")}
    with pikepdf.open(build / "report.pdf") as pdf:
        ends = [
            str(link.Dest)
            for paper in pdf.pages
            for link in paper.get("/Annots", [])
            if str(link.get("/Contents", "")).startswith("Source of ")
        ]
        tree = pikepdf.NameTree(pdf.Root.Names.Dests)
        numbers = {paper.objgen: number for number, paper in enumerate(pdf.pages)}
        tops = {str(name): (numbers[target[0].objgen], float(target[3])) for name, target in tree.items()}
    assert len(ends) > 300
    assert set(ends) <= set(tops) & set(rows)
    with pypdfium2.PdfDocument(build / "report.pdf") as document:
        for end in sorted(set(ends))[::25]:
            number, top = tops[end]
            line = document[number].get_textpage().get_text_bounded(bottom=top - 12, top=top + 2)
            assert locations[str(made[rows[end]])].split(".")[-1][:12] in line.replace("\r\n", "")


def test_the_pdf_says_what_the_page_says(build: Path, text: str, results: Any) -> None:
    correct = sum(row[i] for i, row in enumerate(results["transfer"]["confusion"]["test"]))
    total = sum(map(sum, results["transfer"]["confusion"]["test"]))
    for words in (*CLASSES, "Fig. 21", "Table 3", *SECTIONS.values(), f"{correct} of {total} test images"):
        assert words in text
    if correct == total:
        with pypdfium2.PdfDocument(build / "report.pdf") as document:
            pages = [page.get_textpage().get_text_bounded() for page in document]
        assert re.search(r"Test accuracy 1\.00(?!\d)", " ".join(" ".join(pages).split()))


def test_every_page_has_its_number(paper: pikepdf.Pdf, text: str) -> None:
    count = len(paper.pages)
    assert [n for n in range(1, count + 1) if f"page {n} of {count}" not in text] == []


def test_the_contents_name_the_page_of_each_section(build: Path, text: str) -> None:
    with pikepdf.open(build / "report.pdf") as paper, paper.open_outline() as outline:
        objects = [page.obj.objgen for page in paper.pages]
        locations = {item.title: objects.index(target_page(item).objgen) + 1 for item in outline.root}
    for title in SECTIONS.values():
        found = re.search(rf"{re.escape(title)}[ .]+(\d+) ", text)
        assert found is not None
        assert int(found[1]) == locations[title]


def target_page(item: pikepdf.OutlineItem) -> Any:
    """The page that a bookmark leads to."""
    return (item.destination if item.destination is not None else item.action["/D"])[0]


@pytest.mark.long
def test_the_pdf_claims_to_be_accessible_and_no_checker_objects(build: Path, paper: pikepdf.Pdf) -> None:
    assert find_errors(build / "report.pdf") == []
    assert find_spoken_errors(build / "report.pdf") == []
    with paper.open_metadata() as metadata:
        claimed = {name: metadata.get(name) for name in ("pdfaid:part", "pdfaid:conformance", "pdfuaid:part")}
    assert claimed == {"pdfaid:part": "3", "pdfaid:conformance": "A", "pdfuaid:part": "1"}


def test_a_screen_reader_hears_every_picture_heading_and_link_of_the_page(
    build: Path, paper: pikepdf.Pdf, page: BeautifulSoup
) -> None:
    roles = read_roles(build / "report.pdf")
    assert roles.count("Figure") + roles.count("Formula") == len(page.select("img"))
    for level in range(1, 5):
        displayed = [head for head in page.select(f"h{level}") if not head.find_parent(class_="on-screen")]
        assert roles.count(f"H{level}") == len(displayed)
    things = [obj for obj in paper.objects if isinstance(obj, pikepdf.Dictionary)]
    reported = {str(obj.Alt) for obj in things if obj.get("/S") in ("/Figure", "/Formula")}
    assert reported == {picture["alt"] for picture in page.select("img")}
    said = {str(obj.Contents) for obj in things if obj.get("/Subtype") == "/Link"}
    for link in page.select("a[href][data-ptr]"):
        if words := " ".join(link.get_text().split()):
            assert f"Source of {words}: {link['data-ptr']}" in said


def test_the_results_and_the_settings_are_attached(build: Path, paper: pikepdf.Pdf, tmp_path: Path) -> None:
    attached = {name: paper.attachments[name].get_file().read_bytes() for name in paper.attachments}
    assert set(attached) == {"report.toml", "results.json"}
    assert attached["results.json"] == (build / "results.json").read_bytes()
    (tmp_path / "report.toml").write_bytes(attached["report.toml"])
    given, read = load_settings(folder=build.parent), load_settings(folder=tmp_path)
    same = set(type(given).model_fields) - {"data", "weights", "cache", "build", "templates"}
    assert [name for name in same if getattr(read, name) != getattr(given, name)] == []
    assert read.weights == "embedded"
    assert str(build.parent) not in attached["report.toml"].decode()


MM = 72 / 25.4


Drawn = Callable[[Path, int], NDArray[np.uint8]]
"""Draws a page, counted from 0, with three pixels to a point: grey levels (height, width)."""


def draw_with_pdfium(file: Path, number: int) -> NDArray[np.uint8]:
    with pypdfium2.PdfDocument(file) as document:
        return np.array(document[number].render(scale=3).to_numpy()[..., 1])


def draw_with_poppler(file: Path, number: int) -> NDArray[np.uint8]:
    tool, page = find_tool("pdftoppm", package="poppler-utils"), str(number + 1)
    command = [tool, "-gray", "-r", "216", "-f", page, "-l", page, str(file)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    return np.asarray(Image.open(io.BytesIO(done.stdout)).convert("L"))


def draw_with_mupdf(file: Path, number: int) -> NDArray[np.uint8]:
    with pymupdf.open(file) as document:
        drawn = document[number].get_pixmap(matrix=pymupdf.Matrix(3, 3), colorspace=pymupdf.csGRAY)
    return np.frombuffer(drawn.samples, np.uint8).reshape(drawn.height, drawn.stride)[:, : drawn.width]


def read_bars(file: Path, draw: Drawn) -> NDArray[np.float64]:
    """Each colour bar at three places between its numbers, at three heights: grey levels (bars × 3, 3)."""
    found = []
    with pypdfium2.PdfDocument(file) as document:
        for number, page in enumerate(document):
            text = page.get_textpage()
            bars = list(re.finditer(r"−(\d\S*)\s+(\+)\1", text.get_text_range()))
            picture = draw(file, number) if bars else None
            for ends in bars:
                # The last digit of the lower limit, and the plus of the upper one.
                left, right = (text.get_charbox(ends.start(2) - 2), text.get_charbox(ends.start(2)))
                start, stop = left[2] + 1 * MM, right[0] - 1 * MM
                middle = round(3 * (page.get_height() - (right[1] + right[3]) / 2))
                columns = [round(3 * (start + part * (stop - start))) for part in (0.1, 0.5, 0.9)]
                assert picture is not None
                # Half-way all of the bar's height is mid-grey, from its border to its border.
                grey = np.abs(picture[:, columns[1]] / 255 - 0.5) < 0.07
                other = np.flatnonzero(~grey)
                top, bottom = other[other < middle].max() + 1, other[other >= middle].min()
                assert bottom - top > 3 * 1.1 * MM, "the bar is not filled"
                for part in (0.15, 0.5, 0.85):
                    row = int(top + part * (bottom - top))
                    found.append([float(picture[row, column]) / 255 for column in columns])
    assert len(found) >= 3 * len(CLASSES) * 3
    return np.array(found)


def check_bars(file: Path, draw: Drawn) -> None:
    found = read_bars(file, draw)
    np.testing.assert_allclose(found, [[0.1, 0.5, 0.9]] * len(found), atol=0.07)


VIEWERS = {"PDFium": draw_with_pdfium, "Poppler": draw_with_poppler, "MuPDF": draw_with_mupdf}


@pytest.mark.parametrize("viewer", VIEWERS)
def test_every_colour_bar_runs_from_black_to_white(build: Path, viewer: str) -> None:
    """Some gradients give a shading that one viewer fills in half."""
    check_bars(build / "report.pdf", VIEWERS[viewer])


@pytest.mark.parametrize("viewer", VIEWERS)
def test_a_shading_with_an_exponent_out_of_range_would_be_seen(
    build: Path, tmp_path: Path, viewer: str
) -> None:
    """What WeasyPrint once wrote for three colours (Kozea/WeasyPrint #2922), put into each bar's shading."""
    changed = 0
    with pikepdf.open(build / "report.pdf") as pdf:
        for item in pdf.objects:
            if isinstance(item, pikepdf.Dictionary) and "/ShadingType" in item:
                for function in item.Function.Functions:
                    function.N = 4294967296
                    changed += 1
        pdf.save(tmp_path / "report.pdf")
    assert changed >= 3 * len(CLASSES)
    with pytest.raises(AssertionError):
        check_bars(tmp_path / "report.pdf", VIEWERS[viewer])


@pytest.fixture(scope="module")
def in_columns(build: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same page, printed in the theme “paper”."""
    html = (build / "report.html").read_text(encoding="utf-8")
    usual, other = (
        (templates_folder() / "themes" / theme / "print.css").read_text(encoding="utf-8")
        for theme in ("report", "paper")
    )
    assert html.count(usual) == 1
    file = tmp_path_factory.mktemp("themes") / "paper.pdf"
    file.write_bytes(print_pdf(html.replace(usual, other)))
    return file


def find_beyond_columns(file: Path, columns: list[tuple[float, float]]) -> list[tuple[int, str]]:
    """What links lie in no column, with their pages; ``columns``: left and right edges in mm."""
    found = []
    with pikepdf.open(file) as pdf:
        # The abstract, on the first page, lies over both.
        for number, page in list(enumerate(pdf.pages, start=1))[1:]:
            for link in page.obj.get("/Annots", []):
                left, _, right, _ = (float(side) / MM for side in link.Rect)
                inside = any(start - 0.5 < left and right < stop + 0.5 for start, stop in columns)
                if not inside:
                    found.append((number, str(link.get("/Contents", ""))))
    return found


@pytest.mark.long
def test_no_number_lies_beyond_its_column(in_columns: Path) -> None:
    """Or the next column's words lie over it, and who reads it by its place reads these, too."""
    with pikepdf.open(in_columns) as pdf:
        links = [link for page in pdf.pages for link in page.obj.get("/Annots", [])]
    assert len(links) > 300
    # A4 with margins of 13 mm and a gap of 6 mm.
    assert find_beyond_columns(in_columns, [(13, 102), (108, 197)]) == []


def read_aloud(file: Path) -> str:
    """All words in the order of the structure; without hyphens, white space and the numbers of pages."""
    with pikepdf.open(file) as pdf:
        paper = read_pdf_content(pdf)
    contents = [read_contents(page) for page in paper.marks]
    nodes = iter(paper.structure)

    def read(node: Node) -> Iterator[str]:
        for held in node.holds:
            if held == "<element>":
                yield from read(next(nodes))
            elif isinstance(held, float) and 0 <= node.page < len(contents):
                yield from (words for _, words in contents[node.page].get(held, []))

    pieces = (re.sub(r"[\s\u00ad\u2010-]", "", words) for words in read(next(nodes)))
    return "".join(piece for piece in pieces if not re.fullmatch(r"\d{1,3}", piece))


@pytest.mark.long
def test_both_themes_say_the_same_words_in_the_same_order_in_the_same_fonts(
    build: Path, in_columns: Path
) -> None:
    said = read_aloud(build / "report.pdf")
    assert len(said) > 10_000
    assert read_aloud(in_columns) == said
    families = []
    for file in (build / "report.pdf", in_columns):
        with pikepdf.open(file) as pdf:
            families.append({str(font["/BaseFont"]).split("+")[-1] for font in fonts(pdf)})
    assert families[0] == families[1]


@pytest.mark.long
def test_in_two_columns_it_has_half_the_pages(build: Path, in_columns: Path, paper: pikepdf.Pdf) -> None:
    """Of the report of three classes; more pages than these are a fault of the style sheet."""
    assert len(paper.pages) <= 25
    with pypdfium2.PdfDocument(in_columns) as document:
        assert len(document) <= 12
        middle = document[0].get_width() / 2
        texts = [sheet.get_textpage() for sheet in document]
        # On the first page the title stands over both columns.
        pages = [[text.get_rect(n)[0] for n in range(text.count_rects())] for text in texts[1:]]
    # Lines begin at the left edge of either column, which is the same on all pages.
    starts = [start for page in pages for start in page]
    for edge in (min(starts), min(start for start in starts if start > middle)):
        assert sum(abs(start - edge) < 2 for start in starts) > 20 * len(pages)
    assert find_errors(in_columns) == []


@pytest.mark.long
def test_no_word_of_a_tables_head_is_broken_in_a_column(page: BeautifulSoup, in_columns: Path) -> None:
    heads = page.select("table.data:not(.sources) thead th")
    words = {word for head in heads for word in head.get_text(" ").split() if word.isalpha()}
    assert len(words) > 30
    with pypdfium2.PdfDocument(in_columns) as document:
        texts = [sheet.get_textpage().get_text_bounded() for sheet in document]
    assert words - {word for text in texts for word in re.findall(r"\w+", text)} == set()
