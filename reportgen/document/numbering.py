"""Figures, tables and sections get their numbers before a word is printed, so that text may refer ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from reportgen.errors import RenderError


@dataclass
class Numbering:
    """Numbers by kind and name, in order; the document must then show each of them, in that order.

    ``numbers`` maps (kind, name) to the number that is printed; ``shown`` records what the document showed,
    ``titles`` under which titles.
    """

    numbers: dict[tuple[str, str], str]
    shown: list[tuple[str, str]] = field(default_factory=list)
    titles: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def plan(cls, kind_names: dict[str, tuple[Sequence[str], Sequence[str]]]) -> Numbering:
        """Number each kind's names: the first sequence 1, 2, …, the second, of the appendix, A1, A2, …"""
        numbers: dict[tuple[str, str], str] = {}
        for kind, (body, appendix) in kind_names.items():
            numbers |= {(kind, name): str(n) for n, name in enumerate(body, 1)}
            numbers |= {(kind, name): f"A{n}" for n, name in enumerate(appendix, 1)}
        return cls(numbers)

    def number(self, kind: str, name: str) -> str:
        """The number of a figure or table; raises ``RenderError`` if there is none of that name."""
        try:
            return self.numbers[kind, name]
        except KeyError:
            raise RenderError(
                f"The document refers to the {kind} '{name}', which it does not have.",
                "Correct the template.",
            ) from None

    def show(self, kind: str, name: str, title: str) -> str:
        """Record that the document shows this one here under a title, and return its number."""
        number = self.number(kind, name)
        self.shown.append((kind, name))
        self.titles[kind, name] = title
        return number

    def listing(self, kind: str) -> list[tuple[str, str, str]]:
        """(name, number, title) of each that was shown so far, in order; titles keep their markup."""
        return [(name, self.numbers[k, name], self.titles[k, name]) for k, name in self.shown if k == kind]

    def reference(self, kind: str, name: str) -> Markup:
        """A link such as “Fig. 12” to a figure or table."""
        label = {"figure": "Fig.", "table": "Table"}[kind]
        return Markup('<a class="ref l" href="#{}-{}">{}\u00a0{}</a>').format(
            kind, name, label, self.number(kind, name)
        )

    def verify(self) -> None:
        """Raise ``RenderError`` unless everything numbered was shown once and in order."""
        for kind in {kind for kind, _ in self.numbers}:
            planned = [name for k, name in self.numbers if k == kind]
            shown = [name for k, name in self.shown if k == kind]
            if planned != shown:
                raise RenderError(
                    f"The templates show the {kind}s {', '.join(shown)}; numbered are {', '.join(planned)}.",
                    "Show every one, once and in that order.",
                )
