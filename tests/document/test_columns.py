"""In the theme “paper” a figure with its caption beside it goes into one column, wherever a column ends."""

from __future__ import annotations

import base64
import io

import pypdfium2
import pypdfium2.raw as raw
import pytest
from PIL import Image
from weasyprint import HTML

from reportgen.templates import templates_folder

pytestmark = pytest.mark.prints


def figure(above: int) -> str:
    """A page with the figure of fifteen pictures in three rows, so many mm below the top of a column."""
    styles = [templates_folder() / name for name in ("palette.css", "report.css", "themes/paper/print.css")]
    buffer = io.BytesIO()
    Image.new("RGB", (40, 60), "teal").save(buffer, "PNG")
    address = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
    picture = f'<img alt="" src="{address}"><div class="label">1</div>'
    sheet = f'<div class="tile" style="--share: 20%">{picture}</div>' * 15
    return (
        f"<style>{''.join(file.read_text(encoding='utf-8') for file in styles)}</style>"
        f'<main><div style="height: {above}mm"></div><figure id="figure-leading_0" class="beside">'
        f'<div class="sheet">{sheet}</div><figcaption>{"Words. " * 20}</figcaption></figure></main>'
    )


@pytest.mark.parametrize("above", [100, 210, 235, 255])
def test_a_figure_is_not_cut_at_the_end_of_a_column(above: int) -> None:
    """Red where its pictures float: the last row is then in the next column, over what is there."""
    with pypdfium2.PdfDocument(HTML(string=figure(above)).write_pdf()) as pdf:
        places = [
            (number, image.get_bounds()[0] > page.get_width() / 2)
            for number, page in enumerate(pdf)
            for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE])
        ]
    assert len(places) == 15
    assert len(set(places)) == 1
