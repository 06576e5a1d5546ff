"""Numbers of figures, tables and references, and links to them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from reportgen.errors import RenderError
from reportgen.outline.kind import ReportKind
from reportgen.text import find_nearest, propose


@dataclass
class Numbering:
    """Numbers by kind and name, in order; the document must then show each of them, in that order.

    ``numbers`` maps (kind, name) to the printed number; ``displayed`` records what the document showed,
    ``titles`` under which titles.
    """

    numbers: dict[tuple[str, str], str]
    displayed: list[tuple[str, str]] = field(default_factory=list)
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
                f"Correct the template, or declare the {kind} in the section's section.py.",
            ) from None

    def show(self, kind: str, name: str, title: str) -> str:
        """Record that the document shows this one here under a title, and return its number."""
        number = self.number(kind, name)
        self.displayed.append((kind, name))
        self.titles[kind, name] = title
        return number

    def listing(self, kind: str) -> list[tuple[str, str, str]]:
        """(name, number, title) of each that was shown so far, in order; titles keep their markup."""
        return [
            (name, self.numbers[k, name], self.titles[k, name]) for k, name in self.displayed if k == kind
        ]

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
            found = [name for k, name in self.displayed if k == kind]
            # As lists: something missing, shown twice or in another order is found by one comparison.
            if planned != found:
                raise RenderError(
                    f"The templates show the {kind}s {', '.join(found)}; numbered are {', '.join(planned)}.",
                    "Show every one, once and in that order.",
                )


_KINDS = {"fig": "figure", "figure": "figure", "tab": "table", "table": "table"}

_SHORT = {"figure": "fig", "table": "tab"}

# Combining accents are no \w, and macOS writes names with them.
_NAME = r"[\w\u0300-\u036f-]"

REFERENCE = re.compile(rf"@({'|'.join(_KINDS)}):((?:{_NAME}*(?![-_]){_NAME})?)", re.IGNORECASE)
"""The syntax of a reference: the kind, and the name up to its last letter or digit."""

_LONGEST = 100
"""Characters of a wrong name that are looked at."""


def reference_names(
    numbers: Iterable[tuple[str, str]], classes: Sequence[str], kind: ReportKind
) -> dict[tuple[str, str], str]:
    """(kind, slug) -> name, for every figure and table; ``numbers`` has their kinds and names.

    A slug is the name with hyphens, ``neuron-input-0``, and where the name ends in the index of a class, also
    with the slug of the class instead, ``neuron-input-leopard``, unless that is ambiguous.
    """
    pairs = list(numbers)
    # First the names as they are, which no slug of a class may replace.
    names = {(what, make_slug(name)): name for what, name in pairs}
    slugs = [make_slug(label) for label in classes]
    of_class = _pattern_of_classes(kind)
    times = Counter(slugs)
    for what, name in pairs:
        found = of_class.fullmatch(name)
        if found and int(found[2]) < len(slugs):
            slug = slugs[int(found[2])]
            # Two classes such as “Red fox” and “red-fox” have one slug, which then means neither.
            if slug and times[slug] == 1:
                # A name as it is wins over one that is made of a class.
                names.setdefault((what, make_slug(f"{found[1]}-{slug}")), name)
    return names


def _pattern_of_classes(kind: ReportKind) -> re.Pattern[str]:
    """Pattern of names that end in the index of a class: the stem and the index."""
    names = [each.name for section in kind.sections for each in section.exhibits]
    # Sorted, since a set of texts has another order in each process.
    stems = sorted({name.removesuffix("_<i>") for name in names if name.endswith("_<i>")})
    return re.compile(rf"({'|'.join(map(re.escape, stems))})_(\d+)")


def make_slug(text: str) -> str:
    """``text`` in lower case, with one hyphen between its runs of letters and digits of any script."""
    # NFC first: a combining accent is no \w, and would cut a name written on macOS in two.
    return re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", text.lower())).strip("-")


def find_reference(written: str, names: Mapping[tuple[str, str], str]) -> tuple[str, str]:
    """Kind and name of what a reference, as :data:`REFERENCE` reads it, leads to.

    Raises ``RenderError`` that says which references there are if it leads nowhere.
    """
    found = REFERENCE.fullmatch(written)
    if found is None:
        raise ValueError(f"{written!r} is no reference")
    kind, slug = _KINDS[found[1].lower()], make_slug(found[2])
    if (kind, slug) in names:
        return kind, names[kind, slug]
    written = written[:_LONGEST]
    raise RenderError(
        f"{written} refers to a {kind} that the report does not have; {_suggest(kind, slug, names)}",
        f"Correct the reference, or write \\{written} if it is none.",
    )


def _suggest(kind: str, slug: str, names: Mapping[tuple[str, str], str]) -> str:
    """The same of the other kind, else the nearest of this or the other, else all of this kind."""
    other = next(k for k in _SHORT if k != kind)
    for k in (other,) if (other, slug) in names else (kind, other):
        near = find_nearest(slug[:_LONGEST], (s for found, s in names if found == k))
        if near:
            return propose(f"@{_SHORT[k]}:{near}")
    # The last slug of a name is its clearest, with the class in it.
    clearest = {name: slug for (k, slug), name in names.items() if k == kind}
    return f"there are {', '.join(f'@{_SHORT[kind]}:{s}' for s in clearest.values()) or 'none'}."
