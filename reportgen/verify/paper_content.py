"""What the pages of a PDF draw: every instruction in order, its text as Unicode, its names resolved."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from reportgen.verify.differences import Difference, Kind, Run, find_runs
from reportgen.verify.paper_names import REFUSED
from reportgen.verify.paper_values import Reader, Value, items_of, same, scalar, show, table_of
from reportgen.verify.pictures import same_pixels

_MOST_MARKS = 2 * 10**6

_DEEPEST = 8

_UNKNOWN = "\ufffd"


@dataclass(frozen=True)
class Image:
    """A picture as it is drawn: its entries, its ``data`` as packed, and a way to its pixels."""

    entries: Value
    data: str
    stream: Any = field(compare=False)

    @cached_property
    def pixels(self) -> Any:
        """The pixels (rows, columns, 3), None if they cannot be read."""
        import numpy as np
        import pikepdf

        try:
            picture = pikepdf.PdfImage(self.stream).as_pil_image()
        # Pillow and pikepdf raise any of these for pictures of kinds that a report does not have.
        except (pikepdf.PikepdfError, OSError, ValueError, TypeError, NotImplementedError, LookupError):
            return None
        return np.asarray(picture.convert("RGB"), np.uint8)


@dataclass(frozen=True)
class Mark:
    """One instruction: its operator and operands as values; ``text`` is what it writes."""

    operator: str
    values: tuple[Value, ...] = ()
    text: str = ""
    image: Image | None = None


@dataclass(frozen=True)
class Font:
    """A font: what it is called, the length of a code, and the text of each code."""

    name: str
    length: int
    texts: Mapping[int, str]

    def read(self, data: bytes) -> list[str]:
        """The text of each glyph."""
        codes = [int.from_bytes(data[i : i + self.length], "big") for i in range(0, len(data), self.length)]
        return [self.texts.get(code, _UNKNOWN) for code in codes]


_NO_FONT = Font("<no font>", 1, {})


class Painter:
    """Reads the instructions of the pages of one PDF."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._fonts: dict[Any, Font] = {}
        self._values: dict[Any, Value] = {}
        self._left = _MOST_MARKS

    def read(self, page: Any) -> list[Mark]:
        """What a page draws."""
        return list(self._marks(page, page.get("/Resources"), 0))

    def _marks(self, content: Any, resources: Any, depth: int) -> Iterator[Mark]:
        import pikepdf

        font, size, kept = _NO_FONT, 0.0, []
        for instruction in pikepdf.parse_content_stream(content):
            self._left -= 1
            if self._left < 0:
                yield Mark("<too much>")
                return
            operator = str(instruction.operator)
            if isinstance(instruction, pikepdf.ContentStreamInlineImage):
                data = hashlib.sha256(instruction.iimage.unparse()).hexdigest()
                yield Mark("picture in the text", (data,))
                continue
            operands = instruction.operands
            if operator == "q":
                kept.append((font, size))
            elif operator == "Q" and kept:
                font, size = kept.pop()
            elif operator == "Tf":
                font, size = self._font(resources, operands), _number(operands[1:2])
                yield Mark("Tf", (font.name, size))
                continue
            elif operator in _SHOWING:
                yield _shown(operator, operands, font)
                continue
            elif operator in _NAMED:
                yield from self._named(operator, operands, resources, depth)
                continue
            yield Mark(operator, tuple(self._operand(each) for each in operands))

    def _operand(self, thing: Any) -> Value:
        import pikepdf

        compound = isinstance(thing, pikepdf.Dictionary | pikepdf.Array)
        return self._reader.value(thing) if compound else scalar(thing)

    def _named(self, operator: str, operands: Any, resources: Any, depth: int) -> Iterator[Mark]:
        """An instruction about a resource: what the resource is stands in the place of its name."""
        import pikepdf

        *others, name = operands if len(operands) else [None]
        values = tuple(self._operand(each) for each in others)
        if not isinstance(name, pikepdf.Name):
            yield Mark(operator, (*values, self._operand(name)))
            return
        found = table_of(table_of(resources).get(_NAMED[operator])).get(str(name))
        if found is None:
            # A device colour space or a tag without properties; else it is missing, and draws nothing.
            yield Mark(operator, (*values, str(name)))
        elif isinstance(found, pikepdf.Stream) and found.get("/Subtype") == "/Image":
            entries = self._known(found, _IMAGE)
            yield Mark(operator, image=Image(entries, _packed(found), found))
        elif isinstance(found, pikepdf.Stream) and operator in ("Do", "scn", "SCN"):
            yield Mark(operator, (*values, self._known(found, _DRAWN)))
            if depth < _DEEPEST:
                yield from self._marks(found, found.get("/Resources", resources), depth + 1)
            yield Mark("end of a form")
        else:
            yield Mark(operator, (*values, self._known(found, frozenset())))

    def _known(self, thing: Any, leave: frozenset[str]) -> Value:
        key = thing.objgen
        if key == (0, 0):
            return self._reader.value(thing, leave)
        if key not in self._values:
            value = self._reader.value(thing, leave)
            if isinstance(value, dict) and leave:
                value.pop("<data>", None)
            self._values[key] = value
        return self._values[key]

    def _font(self, resources: Any, operands: Any) -> Font:
        name = str(operands[0]) if len(operands) else ""
        found = table_of(table_of(resources).get("/Font")).get(name)
        if found is None:
            return _NO_FONT
        key = found.objgen
        if key == (0, 0) or key not in self._fonts:
            self._fonts[key] = _read_font(table_of(found))
        return self._fonts[key]


_SHOWING = ("TJ", "Tj", "'", '"')

_NAMED = {
    "Do": "/XObject", "gs": "/ExtGState", "cs": "/ColorSpace", "CS": "/ColorSpace", "sh": "/Shading",
    "scn": "/Pattern", "SCN": "/Pattern", "BDC": "/Properties", "DP": "/Properties",
}  # fmt: skip

_IMAGE = frozenset(["/Length", "/Filter", "/DecodeParms", "/SMask"])

_DRAWN = frozenset(["/Length", "/Filter", "/DecodeParms", "/Resources", "/Matrix", "/StructParents"])


def _packed(stream: Any) -> str:
    """A hash of a picture as it is packed, with that of its mask."""
    mask = table_of(stream).get("/SMask")
    data = [stream.read_raw_bytes()]
    try:
        data.append(mask.read_raw_bytes())
    except AttributeError:
        data.append(b"")
    return hashlib.sha256(b"|".join(hashlib.sha256(each).digest() for each in data)).hexdigest()


def _number(operands: Sequence[Any]) -> float:
    value = scalar(operands[0]) if len(operands) else 0.0
    return value if isinstance(value, float) else 0.0


def _shown(operator: str, operands: Any, font: Font) -> Mark:
    """Text: the text of each glyph and by how much the next one is moved."""
    import pikepdf

    texts: list[str] = []
    moved: list[float] = []
    parts = [part for each in operands for part in (items_of(each) or [each])]
    for part in parts:
        if isinstance(part, pikepdf.String):
            read = font.read(bytes(part))
            texts += read
            moved += [0.0] * len(read)
        elif moved:
            moved[-1] += _number([part])
        else:
            texts, moved = [""], [_number([part])]
    return Mark(operator, (tuple(texts), tuple(moved)), "".join(texts))


_PREFIX = re.compile(r"/[A-Z]{6}\+")

_CHARACTERS = re.compile(rb"begin(bfchar|bfrange)(.*?)end", re.DOTALL)

_ALL_CODES = re.compile(rb"begincodespacerange\s*<0000>\s*<ffff>\s*endcodespacerange", re.IGNORECASE)

_MOST_CODES = 70_000


def _read_font(font: Any) -> Font:
    import pikepdf

    name = _PREFIX.sub("/", str(font.get("/BaseFont", "")))
    length = 2 if font.get("/Subtype") == "/Type0" else 1
    mapping = font.get("/ToUnicode")
    texts: dict[int, str] = {}
    if isinstance(mapping, pikepdf.Stream):
        data = mapping.read_bytes()
        # In a map of other codes programs find nothing, or something else than is read here.
        for kind, body in _CHARACTERS.findall(data) if _ALL_CODES.search(data) else ():
            _read_codes(kind, body, texts)
    return Font(name, length, texts)


def _read_codes(kind: bytes, body: bytes, texts: dict[int, str]) -> None:
    pattern = rb"<([0-9a-fA-F\s]*)>\s*<([0-9a-fA-F\s]*)>" + (
        rb"\s*(<[^>]*>|\[[^\]]*\])" if kind == b"bfrange" else b""
    )
    for match in re.finditer(pattern, body):
        first = int(match[1] or b"0", 16) & 0xFFFF
        if kind == b"bfchar":
            texts[first] = _unicode(match[2])
            continue
        last = min(int(match[2] or b"0", 16) & 0xFFFF, first + _MOST_CODES)
        goals = re.findall(rb"<([0-9a-fA-F\s]*)>", match[3])
        for index, code in enumerate(range(first, last + 1)):
            if match[3].startswith(b"["):
                texts[code] = _unicode(goals[index]) if index < len(goals) else _UNKNOWN
            else:
                start = _unicode(goals[0]) if goals else _UNKNOWN
                texts[code] = start[:-1] + chr(min(ord(start[-1:] or _UNKNOWN) + index, 0x10FFFF))


def _unicode(digits: bytes) -> str:
    try:
        return bytes.fromhex(digits.decode()).decode("utf-16-be")
    except ValueError:
        return _UNKNOWN


_MATRIX = ("cm", "Tm")

_COLOURS = frozenset(["rg", "RG", "g", "G", "k", "K", "sc", "SC", "scn", "SCN", "gs"])

_EXACT = frozenset(["Tr", "J", "j", "BDC", "BMC", "DP", "MP", "cs", "CS", "sh", "ri", "i", "M"])

_POSITIONS = frozenset(["cm", "Tm", "Td", "TD", "re", "m", "l", "c", "v", "y", "w", "d", "TJ", "Tj"])

_SLACK, _COLOUR_SLACK, _TURN_SLACK, _KERNING = 0.1, 0.004, 0.001, 3.0


def agree(one: Mark, other: Mark) -> bool:
    """Whether two instructions do the same, apart from rounding."""
    if one.operator != other.operator:
        return False
    if one == other:
        return True
    if one.image is not None and other.image is not None:
        return _same_image(one.image, other.image)
    if one.text or other.text or one.operator in _SHOWING:
        return one.text == other.text and _same_moves(one, other)
    if one.operator in _MATRIX:
        return same(one.values[:4], other.values[:4], _TURN_SLACK) and same(
            one.values[4:], other.values[4:], _SLACK
        )
    slack = 0.0 if one.operator in _EXACT else _COLOUR_SLACK if one.operator in _COLOURS else _SLACK
    return same(one.values, other.values, slack)


def _same_moves(one: Mark, other: Mark) -> bool:
    """Glyph for glyph, or in sum if the glyphs are divided in another way."""
    moves, due = one.values[1], other.values[1]
    if len(moves) == len(due):
        return all(abs(a - b) <= _KERNING for a, b in zip(moves, due, strict=True))
    return False


def _same_image(one: Image, other: Image) -> bool:
    if not same(one.entries, other.entries):
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

_PAINTING = frozenset(["Do", "f", "F", "f*", "S", "s", "B", "B*", "b", "b*", "sh", *_SHOWING])
_PAINTING |= {"picture in the text"}


def compare_marks(place: str, theirs: Sequence[Mark], ours: Sequence[Mark]) -> list[Difference]:
    """What a page draws that ours does not, or in another order, size, colour or place."""
    if theirs == ours:
        return []
    found: list[Difference] = []
    for run in find_runs(theirs, ours, agree):
        found += _describe(place, theirs, ours, run)
    return found


def _describe(place: str, theirs: Sequence[Mark], ours: Sequence[Mark], run: Run) -> Iterator[Difference]:
    there, due = theirs[run.start : run.stop], ours[run.begin : run.end]
    before = _words_before(ours, run.begin)
    if [mark.operator for mark in there] == [mark.operator for mark in due]:
        pairs = [(a, b) for a, b in zip(there, due, strict=True) if not agree(a, b)]
        for one, other in pairs[:_MOST_EACH]:
            yield _describe_pair(f"{place}, {_call(other)}{before}", one, other)
        return
    for marks, is_theirs in ((there, True), (due, False)):
        painted = [mark for mark in marks if mark.operator in _PAINTING] or list(marks[:1])
        if painted:
            words = "".join(mark.text for mark in painted)
            what = f"text “{words}”" if words else _call(painted[0])
            reason = "the report draws no such thing here" if is_theirs else "it is missing"
            there_words, due_words = (words, None) if is_theirs else (None, words)
            refused = next(filter(None, map(_refuse, marks)), "") if is_theirs else ""
            reason = f"it has {refused}" if refused else reason
            kind: Kind = "active" if refused else "flow" if painted[0].text else "content"
            yield Difference(f"{place}, {what}{before}", reason, there_words, due_words, kind)


def _describe_pair(place: str, one: Mark, other: Mark) -> Difference:
    if one.image is not None or other.image is not None:
        mine = one.image is not None and other.image is not None
        return Difference(place, "it is another picture", kind="picture" if mine else "content")
    if one.text != other.text:
        return Difference(place, "it is another text", one.text, other.text, "flow")
    if brought := _refuse(one):
        return Difference(place, f"it has {brought}", _plainly(one), _plainly(other), "active")
    if one.operator in _POSITIONS:
        return Difference(place, "it stands elsewhere", _plainly(one), _plainly(other), "layout")
    kind: Kind = "flow" if one.operator in _STYLE else "content"
    return Difference(place, "it is another one", _plainly(one), _plainly(other), kind)


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


Styled = tuple[str, str]
"""How a text is drawn, and the text."""


def read_contents(marks: Sequence[Mark]) -> Mapping[float, list[Styled]]:
    """The texts of each content of a page that the structure refers to, by its number."""
    found: dict[float, list[Styled]] = {}
    contents: list[float] = []
    style: dict[str, str] = {}
    kept: list[dict[str, str]] = []
    for mark in marks:
        if mark.operator in ("BDC", "BMC"):
            properties = mark.values[-1] if mark.values else None
            number = properties.get("/MCID") if isinstance(properties, dict) else None
            contents.append(number if isinstance(number, float) else -1.0)
        elif mark.operator == "EMC" and contents:
            contents.pop()
        elif mark.operator == "q":
            kept.append(dict(style))
        elif mark.operator == "Q" and kept:
            style = kept.pop()
        elif mark.operator in _STYLE:
            kind = "fill" if mark.operator in _FILLS else mark.operator
            style[kind] = f"{mark.operator} {mark.values}"
        elif mark.text and contents:
            # What lines are drawn with is no matter of text.
            how = " ".join(style.get(kind, "") for kind in ("fill", "Tf", "Tr", "gs"))
            found.setdefault(contents[-1], []).append((how, mark.text))
    return found


_FILLS = frozenset(["rg", "g", "k", "sc", "scn"])

_STYLE = _COLOURS | {"Tf", "Tr", "cs", "CS", "sh", "picture in the text"}


def list_styles(marks: Iterable[Mark]) -> frozenset[str]:
    """Every operator, and every colour, font and size, in whatever order."""
    return frozenset(
        f"{mark.operator} {mark.values}" if mark.operator in _STYLE else mark.operator for mark in marks
    )
