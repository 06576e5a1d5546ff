"""Of each forged report.pdf of the corpus the object is named, and of honest ones nothing is."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pikepdf
import pytest
import small_report
from forged_pdfs import FORGERIES, HONEST, changed

from reportgen.pdf.printer import print_pdf
from reportgen.verify.differences import Difference
from reportgen.verify.pdf_comparison import Reprint, compare_pdfs, flows_alike, open_reprint
from reportgen.verify.pdf_document import PdfDocument, open_pdf
from reportgen.verify.sheets import compare_pages

pytestmark = pytest.mark.prints

ACTIVE = (
    "field", "whole_field", "stamp", "printed_only", "text_note", "file_note", "launch", "submit",
    "other_document", "program", "opening", "hidden_layer", "actual_text", "actual_text_in_content",
    "executable", "two_faced_file", "printed_picture", "everything",
)  # fmt: skip
"""Those that no other version and no template could have brought about."""


@pytest.fixture(scope="module")
def reprint() -> Iterator[Reprint]:
    with open_reprint(small_report.reprint()) as opened:
        yield opened


@pytest.fixture(scope="module")
def pages() -> Iterator[PdfDocument]:
    with open_pdf(small_report.reprint()) as opened:
        yield opened


@pytest.fixture(scope="module")
def honest() -> bytes:
    return small_report.pdf()


def forged(name: str, position: int, honest: bytes) -> bytes:
    return changed(honest, lambda pdf: FORGERIES[name](pdf, position))


def looks(data: bytes, pages: PdfDocument) -> list[Difference]:
    with open_pdf(data) as opened:
        return list(compare_pages(opened, pages))


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_pdf_is_told_from_an_honest_one(
    name: str, position: int, honest: bytes, reprint: Reprint
) -> None:
    data = forged(name, position, honest)
    found = list(compare_pdfs(data, reprint))
    assert found
    assert all(row.location and row.reason for row in found)
    assert name not in ACTIVE or "active" in {row.kind for row in found}


@pytest.mark.parametrize("name", HONEST)
def test_transport_and_another_machine_are_no_forgery(
    name: str, honest: bytes, reprint: Reprint, pages: PdfDocument
) -> None:
    data = HONEST[name](honest)
    assert (data == honest) == (name == "as it is")
    assert list(compare_pdfs(data, reprint)) == []
    if name in (
        "linearised object streams", "tiny_shift", "other_subsetter", "near_pictures", "smoothed_pictures",
    ):  # fmt: skip
        assert looks(data, pages) == []


@pytest.mark.parametrize("name", ["glyph_shapes", "swapped_digits", "other_glyphs", "other_width"])
def test_no_version_explains_other_letters(name: str, honest: bytes, reprint: Reprint) -> None:
    found = [each for each in compare_pdfs(forged(name, 1, honest), reprint) if "font " in each.location]
    assert "content" in {each.kind for each in found}
    if name == "swapped_digits":
        assert {each.reason for each in found} >= {"it is drawn as “2”", "it is drawn as “3”"}


def test_the_same_words_as_other_letters_are_seen(honest: bytes, pages: PdfDocument) -> None:
    for name in ("bar", "stamp", "whole_field"):
        assert looks(forged(name, 0, honest), pages)


def test_an_object_is_named_with_where_it_stands(honest: bytes, reprint: Reprint) -> None:
    def reported(name: str) -> str:
        forged = changed(honest, lambda pdf: FORGERIES[name](pdf, 0))
        return " ".join(
            f"{row.location} {row.reason} {row.submitted}" for row in compare_pdfs(forged, reprint)
        )

    assert "/AcroForm: catalogue it has a form" in reported("field")
    assert "/Launch: page 2/Annots" in reported("launch")
    assert "page 2, filled shape" in reported("bar")
    assert "bookmark “" in reported("bookmark")
    assert "The accuracy is 1.00." in reported("alt")
    assert "Info, /Title" in reported("info")
    assert "font and size" in reported("text_size")
    assert "setup.exe" in reported("executable")


@pytest.fixture(scope="module")
def reflowed() -> bytes:
    """The report with other line and page breaks, as by another Pango."""
    wider = "p,td,li{letter-spacing:.2px}</style>"
    return print_pdf(small_report.html().replace("</style>", wider, 1))


@pytest.mark.long
def test_other_line_breaks_are_told_as_such(reflowed: bytes, reprint: Reprint, pages: PdfDocument) -> None:
    found = [*compare_pdfs(reflowed, reprint), *looks(reflowed, pages)]
    assert {row.kind for row in found} == {"flow", "layout"}
    assert flows_alike(reflowed, reprint)


@pytest.mark.long
@pytest.mark.parametrize(
    "name",
    ["other_text", "light_text", "text_size", "text_mode", "removed_text", "alt", "actual_text", "bookmark",
     "info", "xmp", "field", "other_target", "form_object", "inline picture"],
)  # fmt: skip
def test_other_line_breaks_hide_no_forgery(name: str, reflowed: bytes, reprint: Reprint) -> None:
    data = forged(name, 1, reflowed)
    kinds = {row.kind for row in compare_pdfs(data, reprint)}
    assert kinds & {"active", "content"} or not flows_alike(data, reprint)


def test_a_pdf_whose_objects_are_of_the_wrong_kind_is_a_difference_and_no_crash(
    honest: bytes, reprint: Reprint
) -> None:
    """Entries of all kinds of objects replaced by values of other types, 20 at a time, by chance."""
    rng = random.Random(5)

    def spoil(pdf: pikepdf.Pdf) -> None:
        tables = [
            each for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and "/Kids" not in each
        ]
        for table in rng.sample(tables, 20):
            key = rng.choice([*table.keys(), "/Odd"])
            table[key] = rng.choice(
                [1, True, pikepdf.Name.Odd, pikepdf.String("x"), pikepdf.Array([1]), pikepdf.Dictionary(A=1)]
            )

    for _ in range(8):
        assert list(compare_pdfs(changed(honest, spoil), reprint))
