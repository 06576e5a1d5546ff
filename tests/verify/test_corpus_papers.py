"""Of each forged report.pdf of the corpus the object is named, and of honest ones nothing is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import small_report
from forged_papers import FORGERIES, HONEST, changed

from reportgen.verify.differences import Difference
from reportgen.verify.pages import compare_pages
from reportgen.verify.paper import Reprint, compare_papers, open_reprint
from reportgen.verify.pdf_document import PdfDocument, open_paper

pytestmark = pytest.mark.prints

SEEN = {"glyph_shapes"}
"""What no object says: the shapes of letters are compared as they look."""

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
    with open_paper(small_report.reprint()) as opened:
        yield opened


@pytest.fixture(scope="module")
def honest() -> bytes:
    return small_report.pdf()


def forged(name: str, place: int, honest: bytes) -> bytes:
    return changed(honest, lambda pdf: FORGERIES[name](pdf, place))


def looks(data: bytes, pages: PdfDocument) -> list[Difference]:
    with open_paper(data) as opened:
        return list(compare_pages(opened, pages))


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_pdf_is_told_from_an_honest_one(
    name: str, place: int, honest: bytes, reprint: Reprint, pages: PdfDocument
) -> None:
    data = forged(name, place, honest)
    found = list(compare_papers(data, reprint))
    if name in SEEN:
        found += looks(data, pages)
    assert found
    assert all(row.place and row.reason for row in found)
    assert name not in ACTIVE or "active" in {row.kind for row in found}


@pytest.mark.parametrize("name", HONEST)
def test_transport_and_another_machine_are_no_forgery(
    name: str, honest: bytes, reprint: Reprint, pages: PdfDocument
) -> None:
    data = HONEST[name](honest)
    assert (data == honest) == (name == "as it is")
    assert list(compare_papers(data, reprint)) == []
    if name in ("linearised object streams", "tiny_shift", "other_subsetter", "near_pictures"):
        assert looks(data, pages) == []


def test_the_same_words_as_other_letters_are_seen(honest: bytes, pages: PdfDocument) -> None:
    for name in ("bar", "stamp", "whole_field"):
        assert looks(forged(name, 0, honest), pages)


def test_an_object_is_named_with_where_it_stands(honest: bytes, reprint: Reprint) -> None:
    def told(name: str) -> str:
        forged = changed(honest, lambda pdf: FORGERIES[name](pdf, 0))
        return " ".join(
            f"{row.place} {row.reason} {row.submitted}" for row in compare_papers(forged, reprint)
        )

    assert "/AcroForm: catalogue it has a form" in told("field")
    assert "/Launch: page 2/Annots" in told("launch")
    assert "page 2, filled shape" in told("bar")
    assert "bookmark “" in told("bookmark")
    assert "The accuracy is 1.00." in told("alt")
    assert "Info, /Title" in told("info")
    assert "font and size" in told("text_size")
    assert "setup.exe" in told("executable")
