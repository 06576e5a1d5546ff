"""The document that the shipped templates make of the results that were handed in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reportgen.errors import FontMissingError, UserError
from reportgen.figures.figure import Figure, Picture
from reportgen.grading.verify.page import Page, read_page
from reportgen.keep import Keep
from reportgen.render.html import embedded_files, render_html
from reportgen.results import Results
from reportgen.settings import Commentary
from reportgen.templates import open_templates
from reportgen.typefaces.chain import Typefaces
from reportgen.typefaces.choice import choose_typefaces

_MOST_VALUES = 500_000
_LONGEST = 300
_FAILED = "the shipped templates do not print this, so it did not come from them"
_BLANK = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)


@dataclass(frozen=True)
class Rendered:
    """The document rendered anew. ``whole``: with all its figures, so that its pages can be compared;
    ``figures`` are their files by name. ``reason`` says why there is no page, or no figure; ``failed``: the
    templates refuse the results or the commentary, and ``page`` is what they make without the latter.
    """

    html: str = ""
    page: Page | None = None
    whole: bool = False
    figures: Mapping[str, bytes] | None = None
    reason: str = ""
    failed: bool = False


def render_anew(
    results: Results, album: Mapping[str, Figure], commentary: Commentary, keep: Keep, missing: str
) -> Rendered:
    """Render the report from its own results, with the recomputed figures in ``album``.

    The numbers in the text are those that the report says it has, so that the text must be the same to the
    letter; whether the numbers are right is found out elsewhere. ``missing`` is why figures are missing.
    """
    if _count(results.model_dump(mode="json")) > _MOST_VALUES:
        return Rendered(reason=f"the results have more than {_MOST_VALUES} values")
    stand_ins = {name: _stand_in(name) for name in _figure_names(results)}
    faces = _choose_faces(results, commentary)
    elsewhere = {font.sha256 for font in results.provenance.fonts} ^ {
        face.sha256 for face in (*faces.named, *faces.found)
    }
    if elsewhere:
        missing = "the report has words in fonts of another machine, which are not the ones of this machine"
    whole = stand_ins.keys() == album.keys() and not elsewhere
    figures = {name: album.get(name, figure) for name, figure in stand_ins.items()}
    try:
        words = commentary.model_dump()
        document = render_html(results, figures, words, open_templates(), keep, faces)
    except FontMissingError as error:  # says something of this machine, and nothing of the report
        return Rendered(reason=error.problem)
    except (UserError, LookupError, RecursionError) as error:
        problem = error.problem if isinstance(error, UserError) else repr(error)
        if commentary == Commentary():
            return Rendered(reason=f"{_FAILED}: {problem[:_LONGEST]}", failed=True)
        bare = render_anew(results, album, Commentary(), keep, missing)
        return replace(bare, whole=False, reason=f"{_FAILED}: {problem[:_LONGEST]}", failed=True)
    files = embedded_files(figures, document.numbers) if whole else None
    reason = "" if whole else missing or "the recomputation has other figures"
    return Rendered(document.html, read_page(document.html), whole, files, reason)


def _choose_faces(results: Results, commentary: Commentary) -> Typefaces:
    """The fonts of this machine for what the report says."""
    texts = (
        json.dumps(results.model_dump(mode="json"), ensure_ascii=False),
        *commentary.model_dump().values(),
    )
    return choose_typefaces(texts, ())


def _count(value: Any) -> int:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_count, items))


def _figure_names(results: Results) -> Iterator[str]:
    """The names of all figures in the order of the document; that of the album is the same."""
    yield from ("images", "filter", "maps")
    for n in range(1, len(results.conv_stack.layers) + 1):
        yield f"filters_{n}"
        yield from (f"maps_{n}_{i}" for i in range(len(results.conv_stack.files)))
    yield from ("confusion", "history")
    if "misclassified" in results.transfer.arrays:
        yield "misclassified"
    for i in range(len(results.neurons.files)):
        yield from (f"neuron_input_{i}", f"patches_{i}")
    for i, label in enumerate(results.guided_backprop.files):
        yield f"guided_input_{i}"
        yield from (f"gradient_{i}_{k}" for k in range(len(results.guided_backprop.rows[label])))


def _stand_in(name: str) -> Figure:
    return Figure(name, Picture(_BLANK, "image/png", 1, 1), "a figure that is not drawn")
