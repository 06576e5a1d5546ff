"""A report's PDF as a reader sees it: positions of characters, links and their targets."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.document.reader import Printed
from reportgen.errors import UserError
from reportgen.text import squeeze

if TYPE_CHECKING:
    from numpy.typing import NDArray

# The PDF on 266 photographs has 25 pages and 9,700 objects; its largest stream has 2.2 MB, its largest
# picture 1.1 million pixels.
MAX_PAGES = 2000
MAX_STREAM_BYTES = 64 * 2**20
_MOST_INSTRUCTIONS = 8 * MAX_STREAM_BYTES
MAX_PIXELS = 10**8
# A point is two pixels, so that a rule of half a point, the thinnest of a table, is one.
DOTS = 150
# In points: at 150 dots to the inch such a page takes 117 MB when it is drawn.
_LARGEST_SIDE = 3000
_MOST_OBJECTS = 500_000
# A page on 266 photographs has 3,900 at most.
_MOST_CHARACTERS = 10**5
_LAST_CODE, _HALVES = 0xFFFF, range(0xD800, 0xE000)
# A hyphen at the end of a line has a code of PDFium's own, and another one in its texts.
_LINE_END_HYPHEN, _HYPHEN = 0x2, "\ufffe"
_NEAR = 0.3
# In the PDF on 266 photographs only the first two occur.
_FILTERS = {"/FlateDecode", "/DCTDecode", "/JPXDecode"}
_REMEDY = "Ask for the PDF as reportgen printed it."

Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in points."""


class PdfError(UserError):
    """A PDF that is not looked at: it is damaged, or made to exhaust whoever opens it."""


@dataclass(frozen=True)
class Characters:
    """The characters of a page, those that are seen, in the order of the page: ``text``, and the middle of
    each (N, 2) in points.
    """

    text: str
    middles: NDArray[np.float64]

    def inside(self, box: Box) -> str:
        """The characters whose middle lies in a box."""
        left, bottom, right, top = box
        x, y = self.middles[:, 0], self.middles[:, 1]
        chosen = (left <= x) & (x <= right) & (bottom <= y) & (y <= top)
        return "".join(self.text[i] for i in np.flatnonzero(chosen))


@dataclass(frozen=True)
class Link:
    """An internal link: the page (from 0) it is on and the name of its destination."""

    page: int
    box: Box
    target: str


@dataclass(frozen=True)
class Target:
    """A named destination: a page (from 0) and the distance from its lower edge, in points."""

    page: int
    top: float


class PdfDocument:
    """An opened PDF, see ``open_pdf``."""

    def __init__(self, document: Any, links: Sequence[Link], targets: Mapping[str, Target]) -> None:
        self._document = document
        self._page: tuple[int, Any] | None = None
        self._texts: dict[int, str] = {}
        self.links = links
        self.targets = targets

    def __len__(self) -> int:
        return len(self._document)

    @cached_property
    def _pages(self) -> list[Characters]:
        return [_read_characters(self._open(page)) for page in range(len(self))]

    def characters(self, page: int) -> Characters:
        """The characters of a page."""
        return self._pages[page]

    def text(self, page: int) -> str:
        """The text of a page, white space made plain."""
        if page not in self._texts:
            words = self._open(page).get_textpage()
            try:
                self._texts[page] = " ".join(words.get_text_range().replace(_HYPHEN, "").split())
            finally:
                words.close()
        return self._texts[page]

    def _open(self, page: int) -> Any:
        # The last one stays open: a page is asked for its text, its pictures and its look, and reading its
        # instructions takes as long as most of that.
        if self._page is None or self._page[0] != page:
            self.close_page()
            self._page = page, self._document[page]
        return self._page[1]

    def close_page(self) -> None:
        """Let go of the page that is open, before the document is closed."""
        if self._page is not None:
            self._page[1].close()
            self._page = None

    def size(self, page: int) -> tuple[float, float]:
        """Width and height of a page, in points."""
        width, height = self._open(page).get_size()
        return float(width), float(height)

    def look(self, page: int) -> NDArray[np.uint8]:
        """The page as it looks with everything that any viewer draws, links and form fields included:
        (height, width, 3), ``DOTS`` to the inch.
        """
        # Copied, here and below: the arrays are views of memory that PDFium frees.
        drawn = self._open(page).render(scale=DOTS / 72, draw_annots=True, may_draw_forms=True)
        pixels: NDArray[np.uint8] = drawn.to_numpy()
        return pixels[..., :3].copy()

    def pictures(self, page: int) -> list[NDArray[np.uint8]]:
        """The pixels of the pictures on a page, in the order they are drawn."""
        import pypdfium2.raw as raw

        # Forms in forms, as deep as their instructions are read.
        found = self._open(page).get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=8)
        return [picture.get_bitmap().to_numpy().copy() for picture in found]

    def printed(self, pointers: Iterable[str], names: Mapping[str, str] | None = None) -> list[Printed]:
        """The texts in links that lead to rows of the table of sources, by the pointers in those rows.

        ``names``: the pointers by the names of the rows, for a document whose table is not printed.
        """
        rows = {**(names or {}), **self._read_rows(pointers)}
        printed = []
        for page in range(len(self)):
            links = [link for link in self.links if link.page == page and link.target in rows]
            texts = _assign(self.characters(page), [link.box for link in links]) if links else []
            printed += [
                Printed(rows[link.target], squeeze(text), f"page {page + 1}")
                for link, text in zip(links, texts, strict=True)
            ]
        return printed

    def _read_rows(self, pointers: Iterable[str]) -> dict[str, str]:
        """The pointer in each row of the table, by the row's name: the longest that the row begins with."""
        known = {squeeze(pointer): pointer for pointer in pointers}
        # The longest first, for /classes/1 is the beginning of /classes/10.
        lengths = sorted({len(pointer) for pointer in known}, reverse=True)
        rows = {}
        for name, text in self._rows():
            squeezed = squeeze(text)
            length = next((n for n in lengths if squeezed[:n] in known), 0)
            if length:
                rows[name] = known[squeezed[:length]]
        return rows

    def _rows(self) -> Iterator[tuple[str, str]]:
        """Names of destinations and the text from each down to the next on the page."""
        by_page: dict[int, list[tuple[float, str]]] = {}
        wanted = {link.target for link in self.links}
        for name, target in self.targets.items():
            if name in wanted:
                by_page.setdefault(target.page, []).append((target.top, name))
        for page, targets in by_page.items():
            targets.sort(reverse=True)
            ends = [top for top, _ in targets[1:]] + [0.0]
            for (top, name), end in zip(targets, ends, strict=True):
                # As wide as any page.
                yield name, self.characters(page).inside((0.0, end, _LARGEST_SIDE, top))


def _assign(characters: Characters, boxes: Sequence[Box]) -> list[str]:
    """The characters in each box. Boxes of neighbouring lines overlap: only characters near the middle of
    a box counts, and in the box whose middle is nearest.
    """
    sides = np.array(boxes).reshape(-1, 4)
    x, y = characters.middles[:, :1], characters.middles[:, 1:]
    middles, heights = (sides[:, 1] + sides[:, 3]) / 2, sides[:, 3] - sides[:, 1]
    away = np.abs(y - middles)
    inside = (sides[:, 0] <= x) & (x <= sides[:, 2]) & (away <= _NEAR * heights)
    nearest = np.where(inside.any(axis=1), np.where(inside, away, np.inf).argmin(axis=1), -1)
    return ["".join(characters.text[i] for i in np.flatnonzero(nearest == k)) for k in range(len(boxes))]


@contextmanager
def open_pdf(file: Path | bytes) -> Iterator[PdfDocument]:
    """Open a PDF, its links read and its size within limits before anything is unpacked or drawn.

    Raises ``PdfError`` naming what is wrong.
    """
    import pypdfium2

    name = str(file) if isinstance(file, Path) else "the PDF"
    links, targets = _read_structure(file, name)
    try:
        document = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        raise PdfError(f"{name}: cannot be opened: {error}.", _REMEDY) from None
    try:
        # Else PDFium leaves out form fields, which viewers draw over the page.
        if document.get_formtype():
            document.init_forms()
        opened = PdfDocument(document, links, targets)
        try:
            yield opened
        finally:
            opened.close_page()
    except (pypdfium2.PdfiumError, MemoryError) as error:
        raise PdfError(f"{name}: cannot be drawn: {str(error)[:200]}.", _REMEDY) from None
    finally:
        document.close()


def _read_structure(file: Path | bytes, name: str) -> tuple[list[Link], dict[str, Target]]:
    import io

    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(file) if isinstance(file, bytes) else file) as pdf:
            check_size(pdf, name)
            numbers = {page.objgen: number for number, page in enumerate(pdf.pages)}
            return list(_read_links(pdf)), _read_targets(pdf, numbers)
    except pikepdf.PasswordError:
        raise PdfError(f"{name}: is encrypted, and the password is not known.", _REMEDY) from None
    # What is wrong with a damaged file shows as any of these, depending on the object it is found in.
    except (pikepdf.PikepdfError, ValueError, TypeError, LookupError, AttributeError, RuntimeError) as error:
        raise PdfError(f"{name}: is damaged: {str(error)[:200] or type(error).__name__}.", _REMEDY) from None


def check_size(pdf: Any, name: str) -> None:
    """Raise ``PdfError`` if an opened PDF would take more than a report does to be unpacked and drawn.

    Nothing of it is unpacked beyond the limit. ``name``: what it is called in the message.
    """
    import pikepdf

    if len(pdf.pages) > MAX_PAGES:
        raise PdfError(f"{name}: has {len(pdf.pages)} pages; {MAX_PAGES} are looked at.", _REMEDY)
    if len(pdf.objects) > _MOST_OBJECTS:
        raise PdfError(f"{name}: has {len(pdf.objects)} objects; {_MOST_OBJECTS} are looked at.", _REMEDY)
    for page in pdf.pages:
        sides = [abs(float(side)) for side in page.mediabox]
        # With a UserUnit a page of few units can be as large as one likes.
        if max(sides) > _LARGEST_SIDE or float(page.obj.get("/UserUnit", 1)) != 1:
            raise PdfError(f"{name}: a page has sides of {max(sides):.0f} points.", _REMEDY)
    sizes = {
        item.objgen: _check_stream(item, name) for item in pdf.objects if isinstance(item, pikepdf.Stream)
    }
    total = 0
    for page in pdf.pages:
        contents = page.obj.get("/Contents")
        # Put together before they are read; and a page may name one stream a thousand times.
        parts = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
        size = sum(sizes.get(part.objgen, 0) for part in parts if isinstance(part, pikepdf.Stream))
        total += size
        if size > MAX_STREAM_BYTES or total > _MOST_INSTRUCTIONS:
            most = MAX_STREAM_BYTES if size > MAX_STREAM_BYTES else _MOST_INSTRUCTIONS
            what = "the instructions of a page unpack" if most == MAX_STREAM_BYTES else "its pages unpack"
            raise PdfError(f"{name}: {what} to more than {most} bytes.", _REMEDY)


def _check_stream(stream: Any, name: str) -> int:
    """The bytes that a stream unpacks to; of a picture as it is packed."""
    import pikepdf

    packed = stream.get("/Filter", pikepdf.Array([]))
    filters = [str(each) for each in packed] if isinstance(packed, pikepdf.Array) else [str(packed)]
    # Filters in a row multiply: each can unpack to a thousand times its input.
    if len(filters) > 1 or not {*filters} <= _FILTERS:
        raise PdfError(
            f"{name}: something is packed with {', '.join(filters)}, as reportgen never does.", _REMEDY
        )
    if stream.get("/Subtype") == "/Image":
        pixels = int(stream.get("/Width", 0)) * int(stream.get("/Height", 0))
        if pixels > MAX_PIXELS:
            raise PdfError(f"{name}: a picture has {pixels} pixels; {MAX_PIXELS} are looked at.", _REMEDY)
    if filters == ["/FlateDecode"]:
        # Stops one byte beyond the limit, so that a bomb is never unpacked.
        unpacker = zlib.decompressobj()
        data = bytes(stream.read_raw_bytes())
        try:
            size = len(unpacker.decompress(data, MAX_STREAM_BYTES + 1))
        except zlib.error as error:
            raise PdfError(f"{name}: is damaged: {error}.", _REMEDY) from None
        if size > MAX_STREAM_BYTES:
            raise PdfError(f"{name}: something unpacks to more than {MAX_STREAM_BYTES} bytes.", _REMEDY)
        return size
    return int(stream.get("/Length", 0))


def _read_links(pdf: Any) -> Iterator[Link]:
    for number, page in enumerate(pdf.pages):
        for annotation in page.obj.get("/Annots", []):
            action = annotation.get("/A", {})
            target = annotation.get("/Dest", action.get("/D") if action.get("/S") == "/GoTo" else None)
            if annotation.get("/Subtype") == "/Link" and target is not None:
                x0, y0, x1, y1 = (float(side) for side in annotation.Rect)
                yield Link(number, (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)), str(target))


def _read_targets(pdf: Any, numbers: Mapping[Any, int]) -> dict[str, Target]:
    import pikepdf

    targets: dict[str, Target] = {}
    # Raises where there are no names, which is reported as damage: the PDF of a report has them.
    waiting = [pdf.Root.Names.Dests]
    # The tree of a stranger may lead in circles.
    for _ in range(_MOST_OBJECTS):
        if not waiting:
            break
        node = waiting.pop()
        waiting += [*node.get("/Kids", [])]
        listed = [*node.get("/Names", [])]
        # A stranger's list may end in the middle of a pair.
        for name, target in zip(listed[::2], listed[1::2], strict=False):
            target = target.get("/D") if isinstance(target, pikepdf.Dictionary) else target
            if target[1] == "/XYZ" and target[0].objgen in numbers:
                targets[str(name)] = Target(numbers[target[0].objgen], float(target[3]))
    return targets


def _read_characters(page: Any) -> Characters:
    import pypdfium2
    import pypdfium2.raw as raw

    words = page.get_textpage()
    try:
        text, middles, box = [], [], raw.FS_RECTF()
        # PDFium itself, whose wrapper takes four times as long for a character.
        for i in range(min(words.count_chars(), _MOST_CHARACTERS)):
            code = raw.FPDFText_GetUnicode(words.raw, i)
            # What PDFium leaves out of the text of a page, and halves of a letter beyond 16 bits, are none.
            if (
                code > _LAST_CODE
                or code in _HALVES
                or raw.FPDFText_GetTextIndexFromCharIndex(words.raw, i) < 0
            ):
                continue
            # Loose boxes are as high as the line, so that the middles of all its characters are level.
            if chr(code).isspace():
                continue
            # A letter that is nowhere is no reason to pass over it: the page is refused, as by the wrapper.
            if not raw.FPDFText_GetLooseCharBox(words.raw, i, box):
                raise pypdfium2.PdfiumError("a letter of it is nowhere")
            text.append(_HYPHEN if code == _LINE_END_HYPHEN else chr(code))
            middles.append(((box.left + box.right) / 2, (box.bottom + box.top) / 2))
    finally:
        words.close()
    return Characters("".join(text), np.array(middles, np.float64).reshape(-1, 2))
