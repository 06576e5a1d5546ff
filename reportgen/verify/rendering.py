"""Renders the submitted results with the templates that come with reportgen."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reportgen.document.html import Content, embedded_files, render_html
from reportgen.errors import FontMissingError, RenderError
from reportgen.figures.figure import Figure, Picture
from reportgen.memo import Memo
from reportgen.outline.kind import ReportKind
from reportgen.results import Results
from reportgen.templates import open_templates
from reportgen.typefaces.choice import choose_typefaces
from reportgen.typefaces.face import Typefaces
from reportgen.verify.page import Page, read_page

_MOST_VALUES = 500_000
_LONGEST = 300
_FAILED = "the shipped templates do not print this, so it did not come from them"
_BLANK = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)


@dataclass(frozen=True)
class Rendered:
    """The document rendered again. ``whole``: with all its figures, so that its pages can be compared;
    ``figures`` are their files by name. ``reason`` says why there is no page, or no figure; ``failed``: the
    templates refuse the results or the commentary, and ``page`` is what they make without the latter.
    """

    html: str = ""
    page: Page | None = None
    whole: bool = False
    figures: Mapping[str, bytes] | None = None
    reason: str = ""
    failed: bool = False


def render_again(content: Content, memo: Memo, missing: str) -> Rendered:
    """Render the report from its own results, with the recomputed figures in the album of ``content``.

    The numbers in the text are those that the report says it has, so that the text must be the same to the
    letter; whether the numbers are right is found out elsewhere. ``missing`` is why figures are missing.
    """
    results, album = content.results, content.album
    if _count(results.model_dump(mode="json")) > _MOST_VALUES:
        return Rendered(reason=f"the results have more than {_MOST_VALUES} values")
    faces = _choose_faces(results, content.commentary)
    elsewhere = {font.sha256 for font in results.provenance.fonts} ^ {
        face.sha256 for face in (*faces.named, *faces.found)
    }
    if elsewhere:
        missing = "the report has words in fonts of another machine, which are not the ones of this machine"
    try:
        stand_ins = {name: _stand_in(name) for name in _figure_names(results, content.kind)}
        whole = stand_ins.keys() == album.keys() and not elsewhere
        figures = {name: album.get(name, figure) for name, figure in stand_ins.items()}
        document = render_html(
            replace(content, album=figures), open_templates(kind=content.kind), memo, faces
        )
    except FontMissingError as error:  # says something of this machine, and nothing of the report
        return Rendered(reason=error.problem)
    # Of a stranger's commentary and results; anything else is a fault of ours, and evidence against nobody.
    except (RenderError, RecursionError) as error:
        problem = error.problem if isinstance(error, RenderError) else repr(error)
        if not any(text.strip() for text in content.commentary.values()):
            return Rendered(reason=f"{_FAILED}: {problem[:_LONGEST]}", failed=True)
        bare = render_again(replace(content, commentary={}), memo, missing)
        return replace(bare, whole=False, reason=f"{_FAILED}: {problem[:_LONGEST]}", failed=True)
    files = embedded_files(figures, document.numbers) if whole else None
    reason = "" if whole else missing or "the recomputation has other figures"
    return Rendered(document.html, read_page(document.html), whole, files, reason)


def _choose_faces(results: Results, commentary: Mapping[str, str]) -> Typefaces:
    """The fonts of this machine for what the report says."""
    texts = (
        json.dumps(results.model_dump(mode="json"), ensure_ascii=False),
        *commentary.values(),
    )
    return choose_typefaces(texts, ())


def _count(value: Any) -> int:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_count, items))


def _figure_names(results: Results, kind: ReportKind) -> Iterator[str]:
    """The names of all figures that results speak of, in the order of the document.

    A section whose figures depend on its numbers says which there are (``list_figures`` of its module
    ``expectation``); of the others all are there that are declared.
    """
    classes = len(results.dataset.classes)
    for section in kind.sections:
        module = section.load("claims")
        if module is not None and hasattr(module, "list_figures"):
            yield from module.list_figures(getattr(results, section.name))
        else:
            yield from section.figure_names(classes)


def _stand_in(name: str) -> Figure:
    return Figure(name, Picture(_BLANK, "image/png", 1, 1), "a figure that is not drawn")
