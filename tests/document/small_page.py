"""The whole page of results written by hand, with a grey square for each figure."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

import numpy as np
import pytest
from bs4 import BeautifulSoup
from jinja2.bccache import Bucket, BytecodeCache
from jinja2.sandbox import ImmutableSandboxedEnvironment
from PIL import Image
from small_results import LABELS, results_of

from reportgen.contract.schema import results_type
from reportgen.document import html
from reportgen.document.html import Content, render_html
from reportgen.figures.figure import Figure, Picture, embed_numbers
from reportgen.outline.kind import find_kind
from reportgen.results import Check, Results
from reportgen.tables import Printing
from reportgen.templates import open_templates


class _Compiled(BytecodeCache):
    """Templates that were compiled before: that takes longer than all else."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self.kept.get(bucket.key)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.code


_COMPILED = _Compiled()

SOURCES = '<section id="sources"'

_KEPT: dict[str, bytes] = {}


def _remember(name: str, make: Callable[[], bytes]) -> bytes:
    """Formulas are drawn once, and fonts, which nobody sees here, are left out."""
    if name.startswith("fonts "):
        return b""
    if name not in _KEPT:
        _KEPT[name] = make()
    return _KEPT[name]


def _draw() -> Picture:
    buffer = io.BytesIO()
    Image.new("RGB", (20, 10), (9, 9, 9)).save(buffer, "PNG")
    return Picture(buffer.getvalue(), "image/png", 20, 10)


class SmallPage:
    """The page of a document, whose claims are decided anew; ``without``: figures that are not there;
    ``sections``: of a report that has no others.

    Each figure carries one number for the script.
    """

    def __init__(
        self,
        document: Any,
        without: tuple[str, ...] = (),
        sections: tuple[str, ...] | None = None,
        printing: Printing | None = None,
    ) -> None:
        kind, results = find_kind(sections=sections), results_of(document)
        if sections is not None:
            left_out = set(find_kind().names) - set(sections)
            own = {name: part for name, part in document.items() if name not in left_out}
            results = results_type(kind, Results).model_validate(own)
        decided = kind.decide_claims({name: getattr(results, name) for name in kind.names})
        checks = [
            Check(name=each.name, claim=each.claim, passed=each.passed, finding=each.finding)
            for each in decided
        ]
        self.results = results.model_copy(update={"checks": checks})
        cells = [f"gradient_{i}_{k}" for i in range(len(LABELS)) for k in range(2)]
        if "guided_backprop" not in kind:
            cells = []
        names = [
            name
            for section in kind.sections
            for name in section.figure_names(len(LABELS))
            if name not in without
        ]
        load = embed_numbers("load", np.zeros(1, np.float32), 0)
        album = {
            name: Figure(name, _draw(), f"A square for {name}.", embedded=(load,))
            for name in (*names, *cells)
        }
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                html,
                "ImmutableSandboxedEnvironment",
                partial(ImmutableSandboxedEnvironment, bytecode_cache=_COMPILED),
            )
            page = render_html(
                Content(kind, self.results, album, {}, printing or Printing()), open_templates(), _remember
            ).html
        self.html = page

    @cached_property
    def soup(self) -> BeautifulSoup:
        """The page as a tree."""
        return BeautifulSoup(self.html, "lxml")

    @cached_property
    def _read(self) -> BeautifulSoup:
        """The same without the sources of the numbers, which are half of it and the last of it."""
        text, mark, _ = self.html.partition(SOURCES)
        assert mark
        return BeautifulSoup(text, "lxml")

    def words(self, selector: str) -> str:
        """The text of the first element before the sources that the selector finds, on one line; "" if there
        is none.
        """
        found = self._read.select_one(selector)
        return "" if found is None else " ".join(found.get_text().split())

    def findings(self) -> list[str]:
        """The items of the list of findings."""
        return [" ".join(item.get_text().split()) for item in self._read.select("#findings > ol > li")]
