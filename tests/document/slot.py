"""A commentary on results written by hand, with figures and formulas that only tell their names."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup
from markupsafe import Markup
from small_results import document, results_of

from reportgen.document.commentary import CommentaryContext, render_commentary
from reportgen.document.numbers import Sourced
from reportgen.errors import RenderError

NAMES = {
    ("figure", "filter"): "filter",
    ("figure", "patches-0"): "patches_0",
    ("figure", "patches-cat"): "patches_0",
    ("table", "scores"): "scores",
}


def results_with(**transfer: Any) -> dict[str, Any]:
    """``results.json`` as Python data, derived values included, with other values in its transfer."""
    changed: dict[str, Any] = results_of(document()).model_dump(mode="json")
    changed["transfer"].update(transfer)
    return changed


def sourced(results: dict[str, Any]) -> Sourced:
    return Sourced(results)


def set_formula(tex: str, spoken: str) -> Markup:
    """As the project does: a picture that is described, and ``ValueError`` for a mistake."""
    if "wrong" in tex:
        raise ValueError(
            f"\n${tex}$\n^\nParseFatalException: Unknown symbol: \\wrong, found '\\'  (at char 0)"
        )
    return Markup('<img class="math" src="data:image/svg+xml;base64,PHN2Zy8+" alt="{}">').format(spoken)


def refer(kind: str, name: str) -> Markup:
    return Markup('<a class="ref l" href="#{}-{}">the {} {}</a>').format(kind, name, kind, name)


def render(text: str, results: dict[str, Any] | None = None, slot: str = "transfer") -> Markup:
    context = CommentaryContext(
        results=sourced(results if results is not None else results_with()),
        reference=refer,
        names=NAMES,
        formula=set_formula,
    )
    return render_commentary(slot, text, context)


def parse(text: str, results: dict[str, Any] | None = None) -> BeautifulSoup:
    rendered = render(text, results)
    assert isinstance(rendered, Markup)
    return BeautifulSoup(rendered, "html.parser")


def problem(text: str, slot: str = "transfer") -> str:
    """What is said to be wrong with a text."""
    with pytest.raises(RenderError) as caught:
        render(text, slot=slot)
    assert caught.value.remedy.endswith((".", "braces."))
    return caught.value.problem
