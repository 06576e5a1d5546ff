"""Differences between a submitted document and the one made again: of what kind they are, and why a
document that has some may still be honest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from reportgen.contract.reader import LoadedResults
from reportgen.settings import Settings
from reportgen.text import printable
from reportgen.verify.recomputation import Recomputed
from reportgen.verify.releases import is_other_release
from reportgen.verify.rendering import Rendered
from reportgen.verify.tolerances import Finding, Subject

Kind = Literal["active", "word", "content", "flow", "layout", "picture", "own"]
"""``active``: what reportgen never writes, such as a program, a form or another address; no version and no
template brings it about. ``word``: a word that does not depend on fonts and figures. ``content``: other
elements, order, colours. ``flow``: what other line and page breaks may bring about. ``layout``: the same in
another position. ``picture``: another picture. ``own``: words that authors may have written.
"""

_LONGEST = 160


@dataclass(frozen=True)
class Difference:
    """One difference: ``location`` names the object and where it is, ``reason`` says what is wrong with it;
    ``submitted`` and ``expected`` are the two values if that says more; ``box`` is the position on the page,
    left, bottom, right and top in points, where that is known.
    """

    location: str
    reason: str
    submitted: Any = None
    expected: Any = None
    kind: Kind = "content"
    box: tuple[float, float, float, float] | None = field(default=None, compare=False)

    def finding(self, subject: Subject) -> Finding:
        """The row of it. What a stranger wrote is escaped and cut."""
        values = [
            _printable(each) if isinstance(each, str) else each for each in (self.submitted, self.expected)
        ]
        return Finding(
            subject, _printable(self.location), "differs", values[0], values[1], _printable(self.reason)
        )


GRAVEST: tuple[Kind, ...] = ("active", "word", "content", "picture", "flow", "layout", "own")
"""The kinds, those first that are excused least."""


def keep_gravest(found: Iterable[Difference], most: int) -> list[Difference]:
    """At most so many of them, those first that nothing excuses, and else in their order.

    Not by all kinds: where lines break elsewhere, what follows is taken for content as soon as it is paired
    with something else.
    """
    return sorted(found, key=lambda each: each.kind != "active")[:most]


def _printable(text: str) -> str:
    text = printable(text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


@dataclass(frozen=True)
class Run:
    """A part of two sequences that has no counterpart: ``theirs[start:stop]`` instead of
    ``ours[begin:end]``; either may be empty.
    """

    start: int
    stop: int
    begin: int
    end: int


# Four in a row, for a single word or instruction is often the same by chance.
# difflib is no help here: it finds equal items only, and these agree within tolerances.
_AHEAD, _SURE = 400, 4

Item = TypeVar("Item")


def find_runs(
    theirs: Sequence[Item], ours: Sequence[Item], agree: Callable[[Item, Item], bool]
) -> Iterator[Run]:
    """The parts in which two sequences differ, in order.

    After a difference both are searched for the nearest point from which they agree again, up to 400 items
    ahead; if there is none, the rest is one difference. Takes time in proportion to their length.
    """
    i = j = 0
    while i < len(theirs) or j < len(ours):
        if i < len(theirs) and j < len(ours) and agree(theirs[i], ours[j]):
            i, j = i + 1, j + 1
            continue
        stop, end = _resume(theirs, ours, i, j, agree)
        yield Run(i, stop, j, end)
        i, j = stop, end


def _resume(
    theirs: Sequence[Item], ours: Sequence[Item], i: int, j: int, agree: Callable[[Item, Item], bool]
) -> tuple[int, int]:
    def resumes(a: int, b: int) -> bool:
        # Near the end fewer are left.
        pairs = list(zip(theirs[a : a + _SURE], ours[b : b + _SURE], strict=False))
        ends = a >= len(theirs) and b >= len(ours)
        short = min(len(theirs) - a, len(ours) - b) < _SURE
        if short and len(theirs) - a != len(ours) - b:
            return False
        return ends or (bool(pairs) and all(agree(x, y) for x, y in pairs))

    # From near to far, so that what is called a difference is as short as it can be.
    for distance in range(1, _AHEAD):
        # The same number of items on both sides first: that something was replaced is the usual case.
        for k in sorted(range(distance + 1), key=lambda k: abs(2 * k - distance)):
            a, b = i + k, j + distance - k
            if a <= len(theirs) and b <= len(ours) and resumes(a, b):
                return a, b
    return len(theirs), len(ours)


_WORDS = 8


def compare_words(
    name: str, submitted: Sequence[str], wanted: Sequence[str], kind: Kind = "word"
) -> Iterator[Difference]:
    """The first of two lists of words that is another one."""
    if submitted == wanted:
        return
    pairs = enumerate(zip(submitted, wanted, strict=False))
    # Only the first: behind one word more or less, all others would be at another index.
    index = next((i for i, (a, b) in pairs if a != b), min(len(submitted), len(wanted)))
    one, other = (" ".join(words[index : index + _WORDS]) for words in (submitted, wanted))
    before = " ".join(wanted[max(index - 4, 0) : index])
    yield Difference(name, f"the text differs after “{before}”", one, other, kind)


_PLACING = frozenset(["weasyprint", "pango", "harfbuzz-subset", "fonttools"])
"""The packages that place words and reduce fonts."""

_DRAWING = frozenset(["matplotlib", "pillow", "numpy", "scipy", "tensorflow", "keras"])
"""The packages that pictures are drawn with, or what they show is computed with."""

_COMMENTARY = "the commentary is not known without the attached report.toml"


@dataclass(frozen=True)
class Excuses:
    """For each kind of difference why it may be honest; never for what reportgen does not write at all."""

    by_kind: Mapping[Kind, str] = field(default_factory=dict)

    def cover(self, difference: Difference) -> bool:
        """Whether a person has to judge, since it may be honest."""
        return difference.kind in self.by_kind

    def reason(self, difference: Difference) -> str:
        """Why it may be."""
        return self.by_kind[difference.kind]


def find_excuses(
    submitted: tuple[LoadedResults, Settings | None],
    recomputed: Recomputed,
    rendered: Rendered,
    flows: Callable[[], bool] = lambda: False,
) -> Excuses:
    """What explains differences of a document.

    ``flows`` says whether it reads the same apart from line and page breaks. What the report says of its
    versions confirms nothing: what it can explain is left to a person, and only if it is of the kind that
    other versions of these packages bring about.
    """
    results, settings = submitted
    # A later reason replaces an earlier one, for it explains at least as much.
    found: dict[Kind, str] = {}
    theirs, ours = dict(results.provenance.versions), dict(recomputed.versions)
    changed = {name for name in {*theirs, *ours} if theirs.get(name) != ours.get(name)}
    # Cut, since a report may call its versions anything.
    named = ", ".join(f"{name} {theirs.get(name, 'unknown')[:20]}" for name in sorted(changed))
    if changed & _PLACING:
        found |= {"layout": f"it was made with {named}", "picture": f"it was made with {named}"}
        # Only here, since it reads the submitted PDF a second time.
        if flows():
            found["flow"] = f"it reads the same, and was made with {named}"
    if changed & _DRAWING:
        found["picture"] = f"it was made with {named}"
    if is_other_release(results, ours["reportgen"]):
        claim = f"{theirs['reportgen']}, contract {results.document['schema_version']}"
        found |= _all_but_active(f"it was made by another version of reportgen ({claim})")
    if settings is None:
        found["own"] = _COMMENTARY
    if not rendered.whole:
        # What is not here changes elements, but no word; and other fonts change no picture without letters.
        spared = {"word", "own", "picture"} if rendered.drawn else {"word", "own"}
        every = _all_but_active(rendered.reason)
        found |= {kind: reason for kind, reason in every.items() if kind not in spared}
    return Excuses(found)


def _all_but_active(reason: str) -> dict[Kind, str]:
    return dict.fromkeys(("word", "content", "flow", "layout", "picture", "own"), reason)
