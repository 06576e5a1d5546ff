"""Figures and tables as an author refers to them: ``@fig:patches-leopard``."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from reportgen.errors import RenderError
from reportgen.outline.kind import ReportKind

_KINDS = {"fig": "figure", "figure": "figure", "tab": "table", "table": "table"}
_SHORT = {"figure": "fig", "table": "tab"}
_NAME = r"[\w\u0300-\u036f-]"
REFERENCE = re.compile(rf"@({'|'.join(_KINDS)}):((?:{_NAME}*(?![-_]){_NAME})?)", re.IGNORECASE)
"""What is read as a reference: the kind, and the name up to its last letter or digit."""

_LONGEST = 100
"""Characters of a wrong name that are looked at."""


def reference_names(
    numbers: Iterable[tuple[str, str]], classes: Sequence[str], kind: ReportKind
) -> dict[tuple[str, str], str]:
    """(kind, slug) -> name, for every figure and table; ``numbers`` has their kinds and names.

    A slug is the name with hyphens, ``neuron-input-0``, and where the name ends in the index of a class, also
    with the slug of the class in its place, ``neuron-input-leopard``, unless that could mean another.
    """
    pairs = list(numbers)
    names = {(what, make_slug(name)): name for what, name in pairs}
    slugs = [make_slug(label) for label in classes]
    of_class = _pattern_of_classes(kind)
    times = Counter(slugs)
    for what, name in pairs:
        found = of_class.fullmatch(name)
        if found and int(found[2]) < len(slugs):
            slug = slugs[int(found[2])]
            if slug and times[slug] == 1:
                names.setdefault((what, make_slug(f"{found[1]}-{slug}")), name)
    return names


def _pattern_of_classes(kind: ReportKind) -> re.Pattern[str]:
    """Names that end in the index of a class: what stands before it, and the index."""
    shown = [each.name for section in kind.sections for each in section.shown]
    stems = sorted({name.removesuffix("_<i>") for name in shown if name.endswith("_<i>")})
    return re.compile(rf"({'|'.join(map(re.escape, stems))})_(\d+)")


def make_slug(text: str) -> str:
    """``text`` in lower case, with one hyphen between its runs of letters and digits of any script."""
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
        near = get_close_matches(slug[:_LONGEST], [s for found, s in names if found == k], 1)
        if near:
            return f"did you mean @{_SHORT[k]}:{near[0]}?"
    # The last slug of a name is its clearest, with the class in it.
    clearest = {name: slug for (k, slug), name in names.items() if k == kind}
    return f"there are {', '.join(f'@{_SHORT[kind]}:{s}' for s in clearest.values()) or 'none'}."
