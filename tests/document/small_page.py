"""The whole page of results written by hand, with a grey square for each figure."""

from __future__ import annotations

import io
from typing import Any

from bs4 import BeautifulSoup
from PIL import Image
from small_results import LABELS, results_of

from reportgen.document.html import Content, render_html
from reportgen.figures.figure import Figure, Picture
from reportgen.outline.kind import find_kind
from reportgen.results import Check
from reportgen.templates import open_templates


def _draw() -> Picture:
    buffer = io.BytesIO()
    Image.new("RGB", (20, 10), (9, 9, 9)).save(buffer, "PNG")
    return Picture(buffer.getvalue(), "image/png", 20, 10)


class SmallPage:
    """The page of a document, whose claims are decided anew; ``without``: figures that are not there."""

    def __init__(self, document: Any, without: tuple[str, ...] = ()) -> None:
        kind, results = find_kind(), results_of(document)
        decided = kind.decide_claims({name: getattr(results, name) for name in kind.names})
        checks = [
            Check(name=each.name, claim=each.claim, passed=each.passed, finding=each.finding)
            for each in decided
        ]
        self.results = results.model_copy(update={"checks": checks})
        cells = [f"gradient_{i}_{k}" for i in range(len(LABELS)) for k in range(2)]
        names = [
            name
            for section in kind.sections
            for name in section.figure_names(len(LABELS))
            if name not in without
        ]
        album = {name: Figure(name, _draw(), f"A square for {name}.") for name in (*names, *cells)}
        page = render_html(Content(kind, self.results, album, {}), open_templates()).html
        self.soup = BeautifulSoup(page, "lxml")

    def words(self, selector: str) -> str:
        """The text of the first element that the selector finds, on one line; "" if there is none."""
        found = self.soup.select_one(selector)
        return "" if found is None else " ".join(found.get_text().split())

    def findings(self) -> list[str]:
        """The items of the list of findings."""
        return [" ".join(item.get_text().split()) for item in self.soup.select("#findings > ol > li")]
