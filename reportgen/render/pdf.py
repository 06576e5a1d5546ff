"""HTML becomes a PDF by WeasyPrint, and nothing that WeasyPrint complains of gets through."""

from __future__ import annotations

import datetime
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from reportgen.errors import RenderError

_DESCRIPTIONS = {"results.json": "Every number of the report"}
_DATE = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
"""Of the attached files: the same results give the same PDF on any day."""


class PangoMissingError(RenderError):
    """WeasyPrint is there but the system library it prints with is not."""


def print_pdf(html: str, attached: Mapping[str, bytes] | None = None) -> bytes:
    """Print a self-contained HTML document; returns the PDF's bytes, with files attached by name.

    Only ``data:`` addresses are fetched. Raises ``RenderError`` for whatever WeasyPrint logs as a warning or
    an error (a missing picture, an unknown style), and ``PangoMissingError`` without Pango.
    """
    weasyprint = _weasyprint()
    fetcher = weasyprint.URLFetcher(allowed_protocols=("data",))
    with _complaints() as complaints:
        attachments = [
            weasyprint.Attachment(
                string=data, name=name, description=_DESCRIPTIONS[name], created=_DATE, modified=_DATE
            )
            for name, data in (attached or {}).items()
        ]
        pdf: bytes = weasyprint.HTML(string=html, url_fetcher=fetcher).write_pdf(attachments=attachments)
    if characters := _without_glyph(complaints):
        raise RenderError(
            f"The PDF cannot show {' '.join(characters)}: no font of the report or of this machine has it.",
            "Install a font that does (for Chinese, Japanese and Korean on Debian or Ubuntu: "
            "sudo apt install fonts-noto-cjk), or write the name in other letters.",
        )
    if complaints:
        raise RenderError(
            "The PDF would not show everything: " + "; ".join(dict.fromkeys(complaints)),
            "Correct the template or the style sheet that it names.",
        )
    return pdf


def require_pango() -> None:
    """Raise ``PangoMissingError`` if PDFs cannot be printed on this machine."""
    _weasyprint()


def _weasyprint() -> Any:
    try:
        import weasyprint
    except OSError as error:
        raise PangoMissingError(
            f"The PDF cannot be printed: WeasyPrint finds no Pango ({error}).".replace("\n", " "),
            pango_remedy(),
        ) from None
    return weasyprint


def pango_remedy() -> str:
    """What to type to get Pango."""
    return (
        "Install it, on Debian or Ubuntu: sudo apt install libpango-1.0-0 libpangoft2-1.0-0; "
        "on macOS: brew install pango"
    )


def _without_glyph(complaints: Iterable[str]) -> list[str]:
    """The characters that WeasyPrint had no glyph for."""
    found = (re.search(r'unsupported by fonts: "(.+?)" \(', complaint) for complaint in complaints)
    return list(dict.fromkeys(match[1] for match in found if match))


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Collect what WeasyPrint logs at warning level or above, instead of printing it."""
    messages: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            messages.append(record.getMessage())

    logger = logging.getLogger("weasyprint")
    handlers, propagate = logger.handlers[:], logger.propagate
    logger.handlers, logger.propagate = [Collector(logging.WARNING)], False
    try:
        yield messages
    finally:
        logger.handlers, logger.propagate = handlers, propagate
