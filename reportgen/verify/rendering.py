"""The document rendered again from the report's own results, for comparison with the submitted one."""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reportgen.document.html import Content, embedded_files, render_html
from reportgen.document.reader import Page, parse_page
from reportgen.errors import CommentaryError, FontMissingError, RenderError
from reportgen.figures.figure import Figure, Picture
from reportgen.memo import Memo
from reportgen.outline.kind import ReportKind
from reportgen.results import Results
from reportgen.templates import open_templates
from reportgen.typefaces.choice import choose_typefaces, find_lack
from reportgen.typefaces.face import Typefaces, describe_face, is_in_main, words_beyond

# The results on 266 photographs have 6,800.
_MOST_VALUES = 500_000

STAND_IN = "?"
"""What is printed instead of a letter that no font here has."""

_LONGEST = 300

_FAILED = "the templates here do not print this"

# A PNG of one white pixel, for figures that could not be drawn.
_BLANK = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)


@dataclass(frozen=True)
class Rendered:
    """The document rendered again. ``whole``: with all its figures, so that its pages can be compared;
    ``figures`` are their files by name. ``reason`` says why there is no page, or no figure; ``failed``: the
    templates refuse the results or the commentary, and ``page`` is what they make without the latter;
    ``whole_fonts``: a font of it may be embedded as a whole only; ``drawn``: nothing but fonts is missing,
    and no picture has letters in them; ``lacking``: letters of the commentary or the results that no font
    here has, instead of which the commentary's page has ``STAND_IN``.
    """

    html: str = ""
    page: Page | None = None
    whole: bool = False
    figures: Mapping[str, bytes] | None = None
    reason: str = ""
    failed: bool = False
    whole_fonts: bool = False
    drawn: bool = False
    lacking: frozenset[str] = frozenset()


def render_again(
    content: Content,
    memo: Memo,
    missing: str,
    templates: Path | None = None,
    ours: Callable[[], Results | None] = lambda: None,
    usual: int = 0,
) -> Rendered:
    """Render the report from its own results, with the recomputed figures in the album of ``content``.

    The numbers in the text are those that the report says it has, so that the text must be the same to the
    letter; whether the numbers are right is found out elsewhere. ``missing`` is why figures are missing,
    ``templates`` the instructor's folder, if there is one; ``usual`` is how many values the recomputed
    results have. If the templates refuse the results, they are tried on those that ``ours`` gives, the
    recomputed ones: only if they print those, the report is at fault. Raises ``RenderError`` if they do not.
    """
    results, album = content.results, content.album
    # Before anything is rendered: a page takes time and memory in proportion.
    count, most = count_values(results.model_dump(mode="json")), max(_MOST_VALUES, 2 * usual)
    if count > most:
        reason = f"the results have {count} values; no report on these images has more than {most}"
        return Rendered(reason=reason, failed=True)
    faces = _choose_faces(results, content.commentary)
    # The fonts of either machine that the other one lacks.
    elsewhere = {font.sha256 for font in results.provenance.fonts} ^ {
        face.sha256 for face in (*faces.named, *faces.found)
    }
    # A report that needs none may say that it has some, which is reported and explains nothing.
    if not needs_fonts(results, content.commentary) and templates is None:
        elsewhere = set()
    try:
        stand_ins = {name: _stand_in(name) for name in _figure_names(results, content.kind)}
        drawn = stand_ins.keys() == album.keys()
        whole = drawn and not elsewhere
        if elsewhere and drawn:
            missing = (
                "the report has words in fonts of another machine, which are not the ones of this machine"
            )
        figures = {name: album.get(name, figure) for name, figure in stand_ins.items()}
        document = render_html(
            replace(content, album=figures), open_templates(templates, content.kind), memo, faces
        )
    # Says something of this machine: whether it says something about the report is decided elsewhere.
    except FontMissingError as error:
        texts = map(html.unescape, _texts_of(results, content.commentary))
        lacking = frozenset(find_lack(" ".join(texts), faces))
        plain = {slot: replace_letters(text, lacking) for slot, text in content.commentary.items()}
        # The letters are in the results, where names and files cannot be others.
        if plain == content.commentary:
            return Rendered(reason=error.problem, lacking=lacking)
        rest = render_again(replace(content, commentary=plain), memo, missing, templates, ours, usual)
        return replace(rest, lacking=lacking | rest.lacking)
    # Of a stranger's commentary and results; anything else is a fault of ours, and evidence against nobody.
    except (RenderError, RecursionError) as error:
        problem = error.problem if isinstance(error, RenderError) else repr(error)
        reason = f"{_FAILED}: {problem[:_LONGEST]}"
        if not any(text.strip() for text in content.commentary.values()):
            return Rendered(reason=reason, failed=_print(ours, content.kind, memo, templates))
        # Without the words that were refused the numbers can still be looked for.
        bare = render_again(replace(content, commentary={}), memo, missing, templates, ours, usual)
        guilty = isinstance(error, CommentaryError) or bare.page is not None
        return replace(bare, whole=False, reason=reason, failed=guilty or bare.failed)
    files = embedded_files(figures, document.numbers) if whole else None
    reason = "" if whole else missing or "the recomputation has other figures"
    whole_fonts = any(describe_face(face).embedding == "whole" for face in (*faces.named, *faces.found))
    page = parse_page(document.html)
    lettered = _has_others(results.dataset.classes)
    return Rendered(
        document.html, page, whole, files, reason, whole_fonts=whole_fonts, drawn=drawn and not lettered
    )


def replace_letters(text: str, lacking: Collection[str]) -> str:
    """A text with ``STAND_IN`` for each of these letters, however it is written."""
    if not lacking:
        return text
    # As words are printed.
    text = unicodedata.normalize("NFC", text)
    for letter in lacking:
        text = text.replace(letter, STAND_IN)
    return _REFERENCE.sub(lambda m: STAND_IN if html.unescape(m[0]) in lacking else m[0], text)


_REFERENCE = re.compile(r"&#?\w{1,12};")


def needs_fonts(results: Results, commentary: Mapping[str, str]) -> bool:
    """Whether a word of the report may be in another font than its own, STIX and what goes with it."""
    return _has_others(_texts_of(results, commentary))


def _has_others(texts: Iterable[str]) -> bool:
    return any(not is_in_main(word) for text in texts for word in words_beyond(text))


def _print(
    find_ours: Callable[[], Results | None], kind: ReportKind, memo: Memo, templates: Path | None
) -> bool:
    """Whether the templates print our own results; False without any. Raises ``RenderError`` if they fail."""
    ours = find_ours()
    if ours is None:
        return False
    album = {name: _stand_in(name) for name in _figure_names(ours, kind)}
    try:
        render_html(Content(kind, ours, album, {}), open_templates(templates, kind), memo)
    # Of this machine's fonts: neither the templates' fault nor the report's.
    except FontMissingError:
        return False
    return True


def _choose_faces(results: Results, commentary: Mapping[str, str]) -> Typefaces:
    """The fonts of this machine for what the report says."""
    # None are named: a path in a stranger's settings is no file of this machine.
    return choose_typefaces(_texts_of(results, commentary), ())


def _texts_of(results: Results, commentary: Mapping[str, str]) -> tuple[str, ...]:
    return json.dumps(results.model_dump(mode="json"), ensure_ascii=False), *commentary.values()


def count_values(value: Any) -> int:
    """How many values a JSON document has, with its tables and lists."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(count_values, items))


def _figure_names(results: Results, kind: ReportKind) -> Iterator[str]:
    """The names of all figures that results speak of, in the order of the document."""
    classes = len(results.dataset.classes)
    for section in kind.sections:
        yield from section.list_figures(getattr(results, section.name), classes)


def _stand_in(name: str) -> Figure:
    return Figure(name, Picture(_BLANK, "image/png", 1, 1), "a figure that is not drawn")
