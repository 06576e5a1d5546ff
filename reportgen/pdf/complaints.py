"""WeasyPrint's log messages while it prints: errors with location and remedy, or notes on the machine."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from fontTools import unicodedata

from reportgen.errors import RenderError

_LONGEST = 60
_ABOUT_THE_MACHINE = re.compile(
    r"Using fontTools instead of HarfBuzz-Subset"  # another program reduces the font
    r"|Unable to subset \".*\" with (HarfBuzz|fontTools)"  # the whole font is embedded instead
)
"""Complaints after which the document is whole all the same. After all others something is missing in it."""

_ABOUT_A_FONT = re.compile(
    r".*(COLR emoji|bitmap (metrics|glyph)|subglyph|glyphs missing|emoji font|variable font)"
)
_NO_SCRIPT = {"Zyyy", "Zinh", "Zzzz"}


@contextmanager
def collect_complaints() -> Iterator[list[str]]:
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


def sort_complaints(complaints: Sequence[str]) -> tuple[list[str], list[str]]:
    """Divide what was logged: what the document lacks, and how the machine could be better equipped."""
    about_the_machine = [line for line in complaints if _ABOUT_THE_MACHINE.match(line)]
    return [line for line in complaints if line not in about_the_machine], about_the_machine


def require_no_complaint(complaints: Sequence[str], root: Any) -> None:
    """Raise ``RenderError`` if what was logged about the document ``root`` says that it is not whole."""
    complaints, _ = sort_complaints(complaints)
    if characters := _without_glyph(complaints):
        raise RenderError(
            f"The PDF cannot show {_with_scripts(characters)}: "
            "no font of the report or of this machine has what that takes.",
            "Install a font that does (for Chinese, Japanese and Korean on Debian or Ubuntu: "
            "sudo apt install fonts-noto-cjk), or write the name in other letters.",
        )
    if complaints:
        named = "; ".join(_with_names(complaint, root) for complaint in dict.fromkeys(complaints))
        raise RenderError(f"The PDF would not show everything: {named}", _remedy(complaints))


def _remedy(complaints: Sequence[str]) -> str:
    if all(_ABOUT_A_FONT.match(complaint) for complaint in complaints):
        return "Another font has to be used: write the text in characters that need no such font."
    return "Correct the template or the style sheet that it names."


def _without_glyph(complaints: Sequence[str]) -> list[str]:
    """The characters that WeasyPrint had no glyph for."""
    found = (re.search(r'unsupported by fonts: "(.+?)" \(', complaint) for complaint in complaints)
    return list(dict.fromkeys(match[1] for match in found if match))


def _with_scripts(characters: Sequence[str]) -> str:
    """Characters and the scripts they belong to, as "图 片 (Han)"; symbols belong to none."""
    scripts = dict.fromkeys(unicodedata.script(character) for character in characters)
    names = [unicodedata.script_name(script) for script in scripts if script not in _NO_SCRIPT]
    if len(names) < len(scripts):
        names.append("symbols")
    return f"{' '.join(characters)} ({', '.join(names)})"


def _with_names(complaint: str, root: Any) -> str:
    """A complaint with the description of a picture in place of its data."""
    for picture in root.iter("img"):
        source = picture.get("src", "")
        if source.startswith("data:") and source in complaint:
            complaint = complaint.replace(source, picture.get("alt", ""))
    return re.sub(r"data:[^\s\"')]+", lambda match: short(match[0]), complaint)


def short(text: str) -> str:
    """A text, or its beginning if it is long."""
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def quoted(texts: Sequence[str], most: int = 3) -> str:
    """The first of some texts in quotes, and how many more there are."""
    named = ", ".join(f"'{short(text)}'" for text in texts[:most])
    return named + (f" and {len(texts) - most} more" if len(texts) > most else "")
