"""Small documents to print."""

from __future__ import annotations

import string

from reportgen.document.fonts import font_css, mark_words
from reportgen.typefaces.face import OWN, Typefaces

_SVG = "<svg xmlns='http://www.w3.org/2000/svg' width='40' height='20'>{}</svg>"


def page(
    body: str, css: str = "", *, text: str = "", title: str = "The title", faces: Typefaces = OWN
) -> str:
    """An HTML document in the fonts of the report, which have the letters of ``body`` and ``text``.

    They have all of ASCII too, so that they need not be cut again for every document.
    """
    body = mark_words(body, faces)
    fonts = font_css(string.printable + body + text, faces=faces)
    style = f"{fonts} html {{ font-family: Report, var(--more-fonts) }} {css}"
    head = f"<title>{title}</title><style>{style}</style>"
    return f"<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>"


def picture(alt: str, drawn: str = "<rect width='30' height='10'/>", attributes: str = "") -> str:
    """A drawing as an HTML picture."""
    return f'<img {attributes} alt="{alt}" src="data:image/svg+xml,{_SVG.format(drawn)}">'
