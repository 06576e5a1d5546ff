"""What the pages of a PDF draw: every instruction in order, its text as Unicode, its names resolved."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from reportgen.verify.pdf_values import Reader, Value, items_of, scalar, table_of

_UNKNOWN = "\ufffd"


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


NO_FONT = Font("<no font>", 1, {})


# A subset's tag says which glyphs it holds, and not which font it is of.
_PREFIX = re.compile(r"/[A-Z]{6}\+")

_CHARACTERS = re.compile(rb"begin(bfchar|bfrange)(.*?)end", re.DOTALL)

_ALL_CODES = re.compile(rb"begincodespacerange\s*<0000>\s*<ffff>\s*endcodespacerange", re.IGNORECASE)

# Somewhat more than the 65,536 that two bytes can say.
_MOST_CODES = 70_000


def read_font(font: Any) -> Font:
    """A font as its entries describe it; codes without a text in its map have none."""
    import pikepdf

    name = _PREFIX.sub("/", str(font.get("/BaseFont", "")))
    # WeasyPrint writes composite fonts with Identity-H, whose codes have two bytes; all other fonts have one.
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
        # A code has two bytes here; a stranger's digits may be of any number.
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
                # The last character counts up (ISO 32000-1, 9.10.3), never beyond the last that there is.
                texts[code] = start[:-1] + chr(min(ord(start[-1:] or _UNKNOWN) + index, 0x10FFFF))


def _unicode(digits: bytes) -> str:
    try:
        return bytes.fromhex(digits.decode()).decode("utf-16-be")
    except ValueError:
        return _UNKNOWN


# The 25 pages on 266 photographs have 79,000.
_MOST_MARKS = 2 * 10**6

_DEEPEST = 8


@dataclass(frozen=True)
class Image:
    """A picture as it is drawn: its entries, its ``data`` as packed, a way to its pixels, and the ``mask``
    that says how transparent they are.
    """

    entries: Value
    data: str
    # The way to the pixels, and no property of the picture.
    stream: Any = field(compare=False)
    mask: Image | None = None

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


class Painter:
    """Reads the instructions of the pages of one PDF; ``fonts`` are those in use, with their entries."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._fonts: dict[Any, Font] = {}
        self.fonts: list[tuple[Any, Font]] = []
        self._values: dict[Any, Value] = {}
        # One limit for all pages: a form is read again wherever it is drawn.
        self._left = _MOST_MARKS

    def read(self, page: Any) -> list[Mark]:
        """What a page draws."""
        return list(self._marks(page, page.get("/Resources"), 0))

    def _marks(self, content: Any, resources: Any, depth: int) -> Iterator[Mark]:
        import pikepdf

        font, size, kept = NO_FONT, 0.0, []
        for instruction in pikepdf.parse_content_stream(content):
            self._left -= 1
            if self._left < 0:
                # It equals nothing of ours, so it is a difference and stops no comparison.
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
            # Viewers pass over one that has no q.
            elif operator == "Q" and kept:
                font, size = kept.pop()
            elif operator == "Tf":
                font, size = self._font(resources, operands), _number(operands[1:2])
                # By the font's own name: how it is called among the resources is up to the printer.
                yield Mark("Tf", (font.name, size))
                continue
            elif operator in SHOWING:
                yield _text_mark(operator, operands, font)
                continue
            elif operator in _NAMED:
                yield from self._named(operator, operands, resources, depth)
                continue
            yield Mark(operator, tuple(self._operand(each) for each in operands))

    def _operand(self, obj: Any) -> Value:
        import pikepdf

        compound = isinstance(obj, pikepdf.Dictionary | pikepdf.Array)
        return self._reader.value(obj) if compound else scalar(obj)

    def _named(self, operator: str, operands: Any, resources: Any, depth: int) -> Iterator[Mark]:
        """An instruction about a resource, with the resource's value instead of its name."""
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
            yield Mark(operator, image=self._image(found))
        elif isinstance(found, pikepdf.Stream) and operator in ("Do", "scn", "SCN"):
            # WeasyPrint gives no form a matrix, and that of a pattern is its position on the page.
            pattern = operator != "Do"
            yield Mark(operator, (*values, self._known(found, _DRAWN | {"/Matrix"} if pattern else _DRAWN)))
            if pattern and "/Matrix" in found:
                yield Mark("cm", tuple(map(scalar, items_of(found.Matrix))))
            # A stranger's form may draw itself.
            if depth < _DEEPEST:
                yield from self._marks(found, found.get("/Resources", resources), depth + 1)
            yield Mark("end of a form")
        else:
            yield Mark(operator, (*values, self._known(found, frozenset())))

    def _image(self, found: Any) -> Image:
        import pikepdf

        mask = found.get("/SMask")
        # A mask has none itself, but a stranger's may, or lead back to itself.
        masked = isinstance(mask, pikepdf.Stream)
        veil = Image(self._entries(mask, frozenset()), _packed(mask), mask) if masked else None
        return Image(self._entries(found, _MASK), _packed(found), found, veil)

    def _entries(self, found: Any, leave: frozenset[str]) -> Value:
        """The entries of a picture, and what of its packing changes its colours (ISO 32000-1, table 13)."""
        entries = self._known(found, _IMAGE | leave)
        packing = found.get("/DecodeParms")
        turned = [
            scalar(each["/ColorTransform"])
            for each in (items_of(packing) or [packing])
            if "/ColorTransform" in table_of(each)
        ]
        return (
            {**entries, "/ColorTransform": tuple(turned)} if turned and isinstance(entries, dict) else entries
        )

    def _known(self, obj: Any, leave: frozenset[str]) -> Value:
        key = obj.objgen
        if key == (0, 0):
            return self._reader.value(obj, leave)
        # With what is left out: a stranger's object may be used as objects of several kinds.
        if (key, leave) not in self._values:
            value = self._reader.value(obj, leave)
            if isinstance(value, dict) and leave:
                # Instructions and pixels are compared themselves, however they are packed.
                value.pop("<data>", None)
            self._values[key, leave] = value
        return self._values[key, leave]

    def _font(self, resources: Any, operands: Any) -> Font:
        name = str(operands[0]) if len(operands) else ""
        found = table_of(table_of(resources).get("/Font")).get(name)
        if found is None:
            return NO_FONT
        key = found.objgen
        if key == (0, 0) or key not in self._fonts:
            self._fonts[key] = read_font(table_of(found))
            self.fonts.append((table_of(found), self._fonts[key]))
        return self._fonts[key]


SHOWING = ("TJ", "Tj", "'", '"')
"""Operators that write text."""

COLOURS = frozenset(["rg", "RG", "g", "G", "k", "K", "sc", "SC", "scn", "SCN", "gs"])
"""Operators that choose a colour."""

STYLING = COLOURS | {"Tf", "Tr", "cs", "CS", "sh", "picture in the text"}
"""These, and those that choose how text is drawn."""

_NAMED = {
    "Do": "/XObject", "gs": "/ExtGState", "cs": "/ColorSpace", "CS": "/ColorSpace", "sh": "/Shading",
    "scn": "/Pattern", "SCN": "/Pattern", "BDC": "/Properties", "DP": "/Properties",
}  # fmt: skip

# Whether to smooth a picture was asked for when PDF/A was not yet heeded; how pages look is compared anyway.
_IMAGE = frozenset(["/Length", "/Filter", "/DecodeParms", "/Interpolate"])
_MASK = frozenset(["/SMask"])

_DRAWN = frozenset(["/Length", "/Filter", "/DecodeParms", "/Resources", "/StructParents"])


def _packed(stream: Any) -> str:
    """A hash of a picture as it is packed: nothing is unpacked unless these bytes are others."""
    return hashlib.sha256(stream.read_raw_bytes()).hexdigest()


def _number(operands: Sequence[Any]) -> float:
    value = scalar(operands[0]) if len(operands) else 0.0
    return value if isinstance(value, float) else 0.0


def _text_mark(operator: str, operands: Any, font: Font) -> Mark:
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
            # Before the first glyph there is none that could be moved.
            texts, moved = [""], [_number([part])]
    return Mark(operator, (tuple(texts), tuple(moved)), "".join(texts))
