"""Compares what two pages draw, instruction by instruction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reportgen.verify.content_streams import COLOURS, SHOWING, STYLING, Image, Mark
from reportgen.verify.differences import Difference, Kind, Run, find_runs, keep_gravest
from reportgen.verify.pdf_names import REFUSED
from reportgen.verify.pdf_values import Value, same, show
from reportgen.verify.pictures import same_pixels

_MATRIX = ("cm", "Tm")

# Their numbers are kinds, counts and ratios, not positions or colours, which another machine may round.
_EXACT = frozenset(["Tr", "J", "j", "BDC", "BMC", "DP", "MP", "cs", "CS", "sh", "ri", "i", "M"])

_POSITIONS = frozenset(["cm", "Tm", "Td", "TD", "re", "m", "l", "c", "v", "y", "w", "d", "TJ", "Tj"])

# In points; a level in 255, of colours; of the part of a matrix that turns; thousandths of the font's size,
# by which TJ moves glyphs.
_SLACK, _COLOUR_SLACK, _TURN_SLACK, _KERNING = 0.1, 0.004, 0.001, 3.0


def agree(one: Mark, other: Mark) -> bool:
    """Whether two instructions do the same, apart from rounding."""
    if one.operator != other.operator:
        return False
    # Equal is the usual case, and needs no rule.
    if one == other:
        return True
    if one.image is not None and other.image is not None:
        return _same_image(one.image, other.image)
    if one.text or other.text or one.operator in SHOWING:
        return one.text == other.text and _same_moves(one, other)
    if one.operator in _MATRIX:
        return same(one.values[:4], other.values[:4], _TURN_SLACK) and same(
            one.values[4:], other.values[4:], _SLACK
        )
    slack = 0.0 if one.operator in _EXACT else _COLOUR_SLACK if one.operator in COLOURS else _SLACK
    return same(one.values, other.values, slack)


def _same_moves(one: Mark, other: Mark) -> bool:
    """Whether as many glyphs are moved, each by as much apart from rounding."""
    moves, due = one.values[1], other.values[1]
    if len(moves) == len(due):
        return all(abs(a - b) <= _KERNING for a, b in zip(moves, due, strict=True))
    return False


def _same_image(one: Image, other: Image) -> bool:
    if not same(one.entries, other.entries) or (one.mask is None) != (other.mask is None):
        return False
    if one.mask is not None and other.mask is not None and not _same_image(one.mask, other.mask):
        return False
    if one.data == other.data:
        return True
    theirs, ours = one.pixels, other.pixels
    return theirs is not None and ours is not None and same_pixels(theirs, ours)


_MOST_EACH = 4

_CALLED = {
    "Do": "drawing", "Tr": "the way text is drawn", "Tf": "font and size", "rg": "colour", "RG": "colour",
    "g": "colour", "G": "colour", "k": "colour", "gs": "transparency", "re": "rectangle", "f": "filled shape",
    "f*": "filled shape", "S": "line", "B": "shape", "sh": "shading", "BDC": "mark of the structure",
    "BMC": "mark of the structure", "EMC": "mark of the structure", "cm": "position",
    "Tm": "position of text", "W": "clipping", "W*": "clipping", "picture in the text": "picture",
}  # fmt: skip

_PAINTING = frozenset(["Do", "f", "F", "f*", "S", "s", "B", "B*", "b", "b*", "sh", *SHOWING])
_PAINTING |= {"picture in the text"}


def compare_marks(location: str, theirs: Sequence[Mark], ours: Sequence[Mark]) -> list[Difference]:
    """What a page draws that ours does not, or in another order, size, colour or position."""
    if theirs == ours:
        return []
    found: list[Difference] = []
    for run in find_runs(theirs, ours, agree):
        found += _describe(location, theirs, ours, run)
    return found


def _describe(location: str, theirs: Sequence[Mark], ours: Sequence[Mark], run: Run) -> Iterator[Difference]:
    there, due = theirs[run.start : run.stop], ours[run.begin : run.end]
    # In our words: theirs may say anything.
    before = _words_before(ours, run.begin)
    if [mark.operator for mark in there] == [mark.operator for mark in due]:
        pairs = [(a, b) for a, b in zip(there, due, strict=True) if not agree(a, b)]
        rows = (_describe_pair(f"{location}, {_call(other)}{before}", one, other) for one, other in pairs)
        # All are described before some are left out: one that no version explains may be the last.
        yield from keep_gravest(rows, _MOST_EACH)
        return
    for marks, is_theirs in ((there, True), (due, False)):
        # What only moves or chooses shows nothing, and is named if there is nothing else.
        painted = [mark for mark in marks if mark.operator in _PAINTING] or list(marks[:1])
        if painted:
            words = "".join(mark.text for mark in painted)
            what = f"text “{words}”" if words else _call(painted[0])
            reason = "the report draws nothing like it here" if is_theirs else "it is missing"
            there_words, due_words = (words, None) if is_theirs else (None, words)
            refused = next(filter(None, map(_refuse, marks)), "") if is_theirs else ""
            reason = f"it has {refused}" if refused else reason
            kind: Kind = "active" if refused else "flow" if painted[0].text else "content"
            yield Difference(f"{location}, {what}{before}", reason, there_words, due_words, kind)


def _describe_pair(location: str, one: Mark, other: Mark) -> Difference:
    if one.image is not None or other.image is not None:
        mine = one.image is not None and other.image is not None
        return Difference(location, "it is another picture", kind="picture" if mine else "content")
    if one.text != other.text:
        return Difference(location, "it is another text", one.text, other.text, "flow")
    if brought := _refuse(one):
        return Difference(location, f"it has {brought}", _plainly(one), _plainly(other), "active")
    if one.operator in _POSITIONS:
        return Difference(location, "it is elsewhere", _plainly(one), _plainly(other), "layout")
    kind: Kind = "flow" if one.operator in STYLING else "content"
    return Difference(location, "it is another one", _plainly(one), _plainly(other), kind)


def _refuse(mark: Mark) -> str:
    """What an instruction brings along that reportgen never writes, or ""."""
    waiting: list[Value] = [mark.values]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str) and value in REFUSED:
            return REFUSED[value]
        waiting += (
            [*value, *value.values()]
            if isinstance(value, dict)
            else value
            if isinstance(value, tuple)
            else []
        )
    return ""


def _plainly(mark: Mark) -> Any:
    return mark.text or show(mark.values)


def _call(mark: Mark) -> str:
    if mark.image is not None:
        return "picture"
    return f"text “{mark.text}”" if mark.text else _CALLED.get(mark.operator, f"instruction {mark.operator}")


_CONTEXT = 40


def _words_before(marks: Sequence[Mark], index: int) -> str:
    words = "".join(mark.text for mark in marks[max(index - 60, 0) : index])[-_CONTEXT:]
    return f" after “{words}”" if words.strip() else ""
