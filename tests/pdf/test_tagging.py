"""What a screen reader is told, beside what Poppler, pdfua and outloud find in the finished file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from bs4 import BeautifulSoup
from checkers import find_errors, read_tags
from printing import page, picture

from reportgen.pdf.conformity import find_faults
from reportgen.pdf.printer import print_pdf

pytestmark = pytest.mark.prints

FURNITURE = """
@page { size: 120mm 90mm; margin: 15mm; @top-left { content: "Running head" }
        @bottom-right { content: counter(page) " / " counter(pages) } }
"""
TABLE = """
<table><caption>Scores</caption>
<thead><tr><th scope=col>Class</th><th scope=col>Layer</th><th>Precision</th><th>Recall</th></tr></thead>
<tbody><tr><th scope=rowgroup rowspan=2>bee</th><th scope=row>one</th><td>0.5</td><td>0.6</td></tr>
<tr><th scope=row>two</th><td>0.7</td><td>0.8</td></tr></tbody></table>
"""
CONTENTS = """
<nav class=contents><a href="#x">First <b>part</b></a></nav><h2 id=x>First part</h2>
"""
LEADERS = "nav a { display: block } nav a::after { content: leader('. ') target-counter(attr(href), page) }"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "printed.pdf"


def claims(file: Path) -> bool:
    """Whether a PDF says that it is PDF/UA-1."""
    with pikepdf.open(file) as pdf, pdf.open_metadata() as metadata:
        return bool(metadata.get("pdfuaid:part") == "1")


def write(file: Path, body: str, css: str = "", **options: Any) -> None:
    file.write_bytes(print_pdf(page("<h1>Report</h1>" + body, FURNITURE + css, **options)))


GOOD = {
    "text": "<p>One <b>two</b> <u>three</u> <code>four</code></p><blockquote><p>five</p></blockquote><hr>",
    "pages": "<p>word</p>" * 30,
    "items": "<ul><li>a<ul><li>b</li></ul></li><li><p>c</p><p>d</p></li></ul><ol><li>e<p>f</p>g</li></ol>",
    "terms": "<dl><dt>one</dt><dd>first</dd><dt>two</dt><dd>second</dd></dl>",
    "table": TABLE,
    "table over pages": "<table><thead><tr><th>A<th>B<th>C<tbody>" + "<tr><th>r<td>1<td>2" * 40 + "</table>",
    "cell of two rows on two pages": "<p>word</p>" + TABLE,
    "items side by side": "<ul><li class=side>a</li> <li class=side>b</li> </ul>",
    "table after its caption": "<p>word</p>" * 2 + TABLE,
    "contents": CONTENTS,
    "figure": f"<figure>{picture('A black box.')}<figcaption>Fig. 1. A box.</figcaption></figure>",
    "formula": f"<p>So {picture('x squared', attributes='class=math')} holds.</p>",
    "letters in a drawing": picture("The word abc.", "<g opacity='.5'><text y='9'>abc</text></g>"),
    "link around a picture": f"<p><a href='#z'>{picture('A black box.')}</a></p><p id=z>z</p>",
    "boxes": "<p style='background: linear-gradient(red, blue); border: 1px dashed; outline: 1px solid'>",
}


@pytest.mark.long
@pytest.mark.parametrize("body", GOOD.values(), ids=GOOD)
def test_what_claims_to_be_accessible_has_no_error(file: Path, body: str) -> None:
    write(file, body, LEADERS + ".side { display: inline-block }")
    assert find_errors(file) == []
    assert claims(file)


SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='5' height='5'/></svg>"
BAD = {
    "drawing without a title": (SVG, "Figure"),
    "terms in a div": ("<dl><div><dt>a</dt><dd>b</dd></div></dl>", "/LI"),
    "no header cell": ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "header"),
    "rows of different lengths": ("<table><tr><th>a<th>b<tr><td>c</table>", "different numbers of columns"),
    "a heading left out": ("<h3>x</h3>", "skip"),
    "see-through text": ("<p style='opacity: 0.5'>x</p>", "tagged"),
    "a link without words": (
        "<a href='#z' style='display: block; height: 9px'></a><p id=z>z</p>", "Link",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "error"), BAD.values(), ids=BAD)
def test_what_is_not_accessible_does_not_claim_it(file: Path, body: str, error: str) -> None:
    write(file, body)
    assert not claims(file)
    assert error in "\n".join(find_errors(file))


def test_the_check_itself_sees_what_was_not_corrected(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults: list[str] = []

    def listen(pdf: Any) -> list[str]:
        faults.extend(find_faults(pdf))
        return faults

    monkeypatch.setattr("reportgen.pdf.printer.correct_tags", lambda _document, _pdf: None)
    monkeypatch.setattr("reportgen.pdf.printer.find_faults", listen)
    write(file, GOOD["link around a picture"] + GOOD["items"] + TABLE)
    assert set(faults) == {
        "a link has no words",
        "a link is not tagged as one",
        "LI holds P",
        "a header cell has no scope",
        "the tags do not fit what the pages show",
    }
    assert not claims(file)


def test_without_a_title_nothing_is_claimed(file: Path) -> None:
    write(file, "<p>x</p>", title="")
    assert not claims(file)
    assert "title" in "\n".join(find_errors(file))


def test_the_claim_stands_beside_that_of_pdfa(file: Path) -> None:
    write(file, "<p>x</p>")
    with pikepdf.open(file) as pdf:
        packet = pdf.Root.Metadata.read_bytes().decode()
        with pdf.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
    described = BeautifulSoup(packet, "xml")
    assert [name.text for name in described.select("property name")] == ["part"]
    assert [uri.text for uri in described.select("namespaceURI")] == ["http://www.aiim.org/pdfua/ns/id/"]


def test_running_heads_and_page_numbers_are_not_read(file: Path) -> None:
    write(file, "<p>word</p>" * 30)
    tags = read_tags(file)
    assert {words for _, words in tags} == {"", "Report", "word"}
    with pikepdf.open(file) as pdf:
        assert len(pdf.pages) > 2
        for paper in pdf.pages:
            drawn = pikepdf.parse_content_stream(paper)
            pagination = [
                part for part in drawn if str(part.operator) == "BDC" and str(part.operands[0]) == "/Artifact"
            ]
            assert [str(part.operands[1].Type) for part in pagination] == ["/Pagination"] * 2


def test_the_parent_tree_is_the_tree_seen_from_below(file: Path) -> None:
    write(file, CONTENTS + TABLE + "<ul><li>a</li></ul>", LEADERS)
    with pikepdf.open(file) as pdf:
        numbers = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
        below: dict[Any, Any] = dict(zip(map(int, numbers[::2]), numbers[1::2], strict=True))
        links = [annotation for paper in pdf.pages for annotation in paper.get("/Annots", [])]
        assert set(below) == {int(obj.StructParents) for obj in pdf.pages} | {
            int(link.StructParent) for link in links
        }
        owners = {
            (below[int(paper.StructParents)][content].objgen, content)
            for paper in pdf.pages
            for content in range(len(below[int(paper.StructParents)]))
            if below[int(paper.StructParents)][content] is not None
        }
        held: set[Any] = set()
        waiting = list(pdf.Root.StructTreeRoot.K)
        while waiting:
            element = waiting.pop()
            for kid in element.K:
                if isinstance(kid, int):
                    held.add((element.objgen, int(kid)))
                elif "/S" in kid:
                    assert kid.P.objgen == element.objgen
                    waiting.append(kid)
                else:
                    assert below[int(kid.Obj.StructParent)].objgen == element.objgen
                    links.remove(kid.Obj)
    assert owners == held
    assert links == []


def elements(pdf: pikepdf.Pdf, role: str) -> list[Any]:
    things = [obj for obj in pdf.objects if isinstance(obj, pikepdf.Dictionary)]
    return [obj for obj in things if obj.get("/S") == f"/{role}"]


def test_a_header_cell_has_its_scope_and_other_cells_name_no_wrong_header(file: Path) -> None:
    write(file, TABLE)
    with pikepdf.open(file) as pdf:
        scopes = [str(cell.A.Scope) for cell in elements(pdf, "TH")]
        assert [cell for cell in elements(pdf, "TD") if "/Headers" in cell.A] == []
    assert sorted(scopes) == ["/Column"] * 4 + ["/Row"] * 3


@pytest.mark.long
def test_a_table_on_several_pages_is_one_and_its_head_is_read_once(file: Path) -> None:
    head = "<thead><tr><th><a href='#z'>Head</a><th>B<tbody>"
    foot = "<tfoot><tr><th>Foot<td>5</tfoot>"
    write(file, f"<table><caption>Caption</caption>{head}{'<tr><th>r<td>1' * 40}{foot}</table><p id=z>z</p>")
    tags = read_tags(file)
    roles = [role for role, _ in tags]
    words = [words for _, words in tags if words]
    assert {role: roles.count(role) for role in ("Table", "THead", "TFoot", "TR", "Link")} == {
        "Table": 1, "THead": 1, "TFoot": 1, "TR": 42, "Link": 1,
    }  # fmt: skip
    assert words == ["Report", "Caption", "Head", "B", *["r", "1"] * 40, "Foot", "5", "z"]
    assert find_errors(file) == []
    assert claims(file)
    with pikepdf.open(file) as pdf:
        assert len(pdf.pages) > 3
        assert sum(len(paper.get("/Annots", [])) for paper in pdf.pages) == 1


def test_what_is_only_painted_is_not_announced(file: Path) -> None:
    write(file, "<p>a<span style='display: inline-block; width: 9px; background: red'></span></p>")
    assert read_tags(file)[-2:] == [("P", ""), ("Span", "a")]


def test_a_link_says_where_it_leads_and_is_one_link(file: Path) -> None:
    number = '<a class=n href="#z" data-ptr="/transfer/accuracy/test"><b>0.97</b></a>'
    write(
        file,
        f"<p>{number} <a href='https://example.org/'>an\nexample</a></p><p id=z>z</p>" + CONTENTS,
        LEADERS,
    )
    with pikepdf.open(file) as pdf:
        links = [annotation for paper in pdf.pages for annotation in paper.get("/Annots", [])]
        said = [str(link.Contents) for link in links]
    assert said == ["Source of 0.97: /transfer/accuracy/test", "an example", "First part"]
    assert [role for role, _ in read_tags(file)].count("Link") == 3


def test_the_dots_of_the_contents_are_not_read(file: Path) -> None:
    write(file, CONTENTS, LEADERS)
    words = " ".join(words for _, words in read_tags(file) if words)
    assert words == "Report First part 1 First part"


def test_a_picture_is_told_by_its_description_where_it_stands(file: Path) -> None:
    css = "img { position: absolute; left: 10mm; top: 20mm; width: 40mm; height: 20mm }"
    write(file, picture("A black box."), css)
    with pikepdf.open(file) as pdf:
        (figure,) = elements(pdf, "Figure")
        location = [float(side) / 72 * 25.4 for side in figure.A.BBox]
        assert str(figure.Alt) == "A black box."
    # The page is 90 mm high, its margin 15 mm.
    assert location == pytest.approx([25, 90 - 35 - 20, 65, 90 - 35], abs=0.1)


def test_formulas_are_formulas_and_a_caption_stands_with_its_picture(file: Path) -> None:
    write(file, GOOD["figure"] + GOOD["formula"])
    roles = [role for role, _ in read_tags(file)]
    assert roles.count("Formula") == roles.count("Figure") == 1
    location = roles.index("Div")
    assert [role for role in roles[location:] if role != "NonStruct"][:3] == ["Div", "Figure", "Caption"]


def test_the_order_of_reading_is_that_of_the_html(file: Path) -> None:
    body = "".join(GOOD[name] for name in ("text", "items", "terms", "table", "contents", "figure"))
    floating = "<p style='float: right'>beside</p><p style='position: absolute; bottom: 0'>below</p>"
    write(file, floating + body, LEADERS)
    read = "".join(words for _, words in read_tags(file))
    expected = BeautifulSoup("<h1>Report</h1>" + floating + body, "lxml").get_text()
    # What the style sheet adds: bullets, numbers of items and of pages.
    assert re.sub(r"[•◦\s]|\d+\.(?=[a-z])|(?<=part)\d", "", read) == "".join(expected.split())
