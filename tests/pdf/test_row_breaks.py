"""A table that goes over a page takes several of its rows along."""

from __future__ import annotations

import pypdfium2
import pytest
from printing import page

from reportgen.pdf.printer import print_pdf
from reportgen.templates import open_templates

pytestmark = pytest.mark.prints


def count_rows(rows: int) -> list[int]:
    """The rows of a table on each page, in the report's own style."""
    body = "".join(f"<tr><th>row {at}</th><td>{at}</td></tr>" for at in range(rows))
    head = "<thead><tr><th>Name</th><th>Number</th></tr></thead>"
    templates = open_templates()
    style = "".join(
        templates.path(name).read_text(encoding="utf-8") for name in ("palette.css", "report.css")
    )
    pdf = print_pdf(page(f'<table class="data">{head}<tbody>{body}</tbody></table>', style))
    return [sheet.get_textpage().get_text_bounded().count("row") for sheet in pypdfium2.PdfDocument(pdf)]


def test_never_fewer_than_three_rows_go_over_the_page() -> None:
    full = count_rows(100)[0]
    assert 20 < full < 100
    assert count_rows(full) == [full]
    for more in (1, 2, 3):
        first, last = count_rows(full + more)
        assert (last, first + last) == (max(more, 3), full + more)
