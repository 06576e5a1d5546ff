"""What a PDF draws is compared with all that changes how it is seen, and the gravest of it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pikepdf
import pytest
from forged_pdfs import changed
from forging import page
from pikepdf import Array, Dictionary, Name
from PIL import Image

from reportgen.figures.figure import raster_picture
from reportgen.pdf.printer import print_pdf
from reportgen.verify.content_streams import Painter
from reportgen.verify.differences import Difference
from reportgen.verify.pdf_comparison import Reprint, _is_reported, compare_pdfs, open_reprint
from reportgen.verify.pdf_document import PdfError, open_pdf

pytestmark = pytest.mark.prints


def picture(kind: str) -> str:
    import base64

    pixels = np.random.default_rng(8).integers(0, 256, (3, 4, 3), np.uint8)
    smooth = Image.fromarray(pixels).resize((40, 30), Image.Resampling.BICUBIC)
    data = raster_picture(smooth, "image/jpeg" if kind == "jpeg" else "image/png").data
    return f'<img alt="smooth" src="data:image/{kind};base64,{base64.b64encode(data).decode()}">'


DRAWING = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='90' height='40'>"
    "<g opacity='0.5'><rect width='40' height='20' fill='red'/></g></svg>"
)


TILED = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='90' height='40'><pattern id='p' width='9' height='9' "
    "patternUnits='userSpaceOnUse'><rect width='4' height='4' fill='red'/></pattern>"
    "<rect width='80' height='30' fill='url(#p)'/></svg>"
)


@pytest.fixture(scope="module")
def printed() -> bytes:
    # With a pattern: the name of what forms do not have, a matrix, is in our own PDF, too.
    return print_pdf(page(f"<p>One</p>{picture('png')}{picture('jpeg')}<p>Two</p>{DRAWING}{TILED}"))


@pytest.fixture(scope="module")
def reprint(printed: bytes) -> Iterator[Reprint]:
    with open_reprint(printed) as opened:
        yield opened


def streams(pdf: pikepdf.Pdf, subtype: str) -> list[Any]:
    return [obj for obj in pdf.objects if isinstance(obj, pikepdf.Stream) and obj.get("/Subtype") == subtype]


def kinds(data: bytes, reprint: Reprint) -> set[str]:
    return {row.kind for row in compare_pdfs(data, reprint)}


def hide(pdf: pikepdf.Pdf) -> None:
    """A picture that is transparent everywhere, of the same pixels."""
    veil = pdf.make_stream(bytes(1), Type=Name.XObject, Subtype=Name.Image, Width=1, Height=1)
    veil.ColorSpace, veil.BitsPerComponent = Name.DeviceGray, 8
    for image in streams(pdf, "/Image"):
        image.SMask = veil


def turn(pdf: pikepdf.Pdf) -> None:
    """The packed colours of a JPEG taken as they are, and not as brightness and hues."""
    for image in streams(pdf, "/Image"):
        if image.Filter == Name.DCTDecode:
            image.DecodeParms = Dictionary(ColorTransform=0)


def pack_again(pdf: pikepdf.Pdf) -> None:
    for image in streams(pdf, "/Image"):
        if image.Filter != Name.DCTDecode:
            image.write(image.read_bytes())


@pytest.mark.parametrize("forge", [hide, turn])
def test_a_picture_that_is_shown_otherwise_is_another_picture(
    forge: Callable[[pikepdf.Pdf], None], printed: bytes, reprint: Reprint
) -> None:
    assert "picture" in kinds(changed(printed, forge), reprint)


def test_a_picture_that_is_packed_again_is_the_same(printed: bytes, reprint: Reprint) -> None:
    data = changed(printed, pack_again, recompress_flate=True)
    assert data != printed
    assert kinds(data, reprint) == set()


@pytest.mark.parametrize("matrix", [[1, 0, 0, 1, 300, 0], [0.05, 0, 0, 0.05, 0, 0], [1, 0, 0, 0.95, 0, 0]])
def test_a_form_that_is_moved_or_scaled_is_no_matter_of_layout(
    matrix: list[float], printed: bytes, reprint: Reprint
) -> None:
    def forge(pdf: pikepdf.Pdf) -> None:
        for form in streams(pdf, "/Form"):
            form.Matrix = Array(matrix)

    assert "content" in kinds(changed(printed, forge), reprint)


@pytest.mark.parametrize(("shift", "seen"), [(0.02, set()), (4.0, {"layout"})])
def test_a_pattern_stands_where_ours_does_apart_from_rounding(
    shift: float, seen: set[str], printed: bytes, reprint: Reprint
) -> None:
    def move(pdf: pikepdf.Pdf) -> None:
        patterns = [
            obj for obj in pdf.objects if isinstance(obj, pikepdf.Stream) and obj.get("/Type") == "/Pattern"
        ]
        assert patterns
        for each in patterns:
            each.Matrix = Array([*list(each.Matrix)[:4], float(each.Matrix[4]) + shift, each.Matrix[5]])

    assert kinds(changed(printed, move), reprint) == seen


def test_an_entry_of_the_catalogue_is_not_told_by_its_namesakes_in_fonts(
    printed: bytes, reprint: Reprint
) -> None:
    def forge(pdf: pikepdf.Pdf) -> None:
        for obj in pdf.objects:
            if isinstance(obj, Dictionary) and obj.get("/Type") in (Name.Font, Name.FontDescriptor):
                obj.Odd = 1
        pdf.Root.Odd = 1

    found = [(row.location, row.kind) for row in compare_pdfs(changed(printed, forge), reprint)]
    assert ("/Odd: catalogue", "content") in found
    assert sum(kind == "picture" for _, kind in found) >= 3
    # An entry is told once, as before, where its name was told as no less grave.
    assert ("catalogue, /Odd", "content") not in found


def test_a_row_is_left_out_only_for_one_that_is_no_less_grave() -> None:
    row = Difference("catalogue, /Odd", "the report has no such entry here")
    assert not _is_reported(row, {"/Odd": "picture"})
    assert not _is_reported(row, {"/Other": "active"})
    assert _is_reported(row, {"/Odd": "content"})
    assert _is_reported(row, {"/Odd": "active"})


@pytest.fixture
def two_pages() -> bytes:
    return print_pdf(page("<p>One</p><p style='break-before: page'>Two</p>"))


def test_of_pages_that_draw_the_same_nothing_is_read(
    two_pages: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red if ours is read before it is known whether any page differs, and if then it is not read as a whole:
    a forged page may be set in a font that ours has elsewhere.
    """
    read: list[Any] = []
    before = Painter.read

    def reading(painter: Painter, page: Any) -> Any:
        read.append(page)
        return before(painter, page)

    def add(pdf: pikepdf.Pdf) -> None:
        pdf.pages[1].contents_add(pdf.make_stream(b"0 0 9 9 re f"))

    monkeypatch.setattr(Painter, "read", reading)
    with open_reprint(two_pages) as opened:
        assert not list(compare_pdfs(two_pages, opened))
        assert not read
        (row,) = compare_pdfs(changed(two_pages, add), opened)
        assert (row.location[:6], len(read)) == ("page 2", 3)


def test_a_page_of_ours_that_cannot_be_read_is_no_evidence_against_anybody(
    two_pages: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(painter: Painter, page: Any) -> Any:
        raise pikepdf.PdfError("no such operator")

    def add(pdf: pikepdf.Pdf) -> None:
        pdf.pages[1].contents_add(pdf.make_stream(b"0 0 9 9 re f"))

    with open_reprint(two_pages) as opened:
        # Theirs has been read when ours is asked for.
        ours = vars(opened.content.marks)["_readers"]
        monkeypatch.setattr(Painter, "read", fail)
        assert [row.location for row in compare_pdfs(changed(two_pages, add), opened)] == ["report.pdf"]
        monkeypatch.undo()
        failing = pikepdf.PdfError("no such operator")
        monkeypatch.setattr("pikepdf.parse_content_stream", lambda _: (_ for _ in ()).throw(failing))
        with pytest.raises(RuntimeError, match="reportgen printed"):
            ours[0]()


def test_characters_are_those_of_the_words_of_the_page() -> None:
    """The oracle is the wrapper's text of each character, which takes four times as long."""
    words = "<p id='a' style='width: 40pt' lang='en'>Near-duplicates &amp; mid-grey levels, зебры: ½ ﬁ</p>"
    html = page(f"{words}<a href='#a'>5</a>")
    with open_pdf(print_pdf(html)) as pdf:
        text = vars(pdf)["_document"][0].get_textpage()
        each = [text.get_text_range(index, 1) for index in range(text.count_chars())]
        wanted = "".join(one for one in each if len(one) == 1 and not one.isspace())
        assert "\ufffe" in wanted
        assert pdf.characters(0).text == wanted


def test_a_letter_that_is_nowhere_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Red if what PDFium cannot place is left out of what is compared."""
    linked = print_pdf(page("<p id='a'>One <a href='#a'>5</a></p>"))
    monkeypatch.setattr("pypdfium2.raw.FPDFText_GetLooseCharBox", lambda *_: 0)
    with pytest.raises(PdfError, match="nowhere"), open_pdf(linked) as pdf:
        pdf.characters(0)
