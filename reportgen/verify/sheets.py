"""Pages of a PDF as they look: where those handed in differ from those printed again, side by side."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.document.comparison_pages import Drawing, Frame, Sheet, Sheets
from reportgen.verify.differences import Difference, Kind, compare_words
from reportgen.verify.pdf_document import DOTS, PdfDocument
from reportgen.verify.pictures import same_picture, same_pixels
from reportgen.verify.tolerances import Finding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_LEVELS, MOST_PIXELS = 64, 3
"""A page looks other if more than these pixels differ by more than these levels in 255 from all pixels around
the same position: where an edge falls between two pixels is rounding.
"""


@dataclass(frozen=True)
class PageImages:
    """How a page looks in both documents, (height, width, 3) as PDFium has it, blue first; and ``unlike``,
    where that differs, None for pages of other sizes.
    """

    theirs: NDArray[np.uint8]
    ours: NDArray[np.uint8]
    unlike: NDArray[np.bool_] | None

    @classmethod
    def draw(cls, page: int, submitted: PdfDocument, expected: PdfDocument) -> PageImages:
        """Draw a page (from 0) of both, once each."""
        one, other = submitted.look(page), expected.look(page)
        return cls(one, other, find_unlike(one, other) if one.shape == other.shape else None)


def find_unlike(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where (rows, columns) two pictures (rows, columns, 3) of one shape differ by more than an edge that
    falls to the pixel beside it: by more than 64 levels from all nine pixels of the other one around there.
    """
    import numpy as np

    unlike = np.zeros(one.shape[:2], np.bool_)
    # The usual case: what follows makes nine copies of the rows that differ.
    if np.array_equal(one, other):
        return unlike
    # Only the rows with a difference, and one around them.
    changed = np.flatnonzero((one != other).any(axis=(1, 2)))
    rows = slice(max(changed[0] - 1, 0), changed[-1] + 2)
    # Both ways: a thin line that only one has is beyond the other's surroundings in one of them.
    for a, b in ((one[rows], other[rows]), (other[rows], one[rows])):
        around = np.pad(b, ((1, 1), (1, 1), (0, 0)), mode="edge")
        height, width = b.shape[:2]
        shifted = [around[i : i + height, j : j + width] for i in range(3) for j in range(3)]
        # In int16: a level in uint8 less the slack would wrap round.
        low = np.minimum.reduce(shifted).astype(np.int16)
        high = np.maximum.reduce(shifted).astype(np.int16)
        levels = a.astype(np.int16)
        unlike[rows] |= ((levels < low - _LEVELS) | (levels > high + _LEVELS)).any(axis=2)
    return unlike


MOST_SHEETS = 12
"""The most pages that are shown; the rest is counted."""

_MOST_FRAMES = 12

_GAP = 9.0
"""Rows of pixels as far apart as this, in points, are in frames of their own."""

_PADDING = 2.0


class SheetCollector:
    """Keeps pictures of the first pages that differ, packed as soon as they are drawn.

    The pages that no excuse covers come first, so up to two times ``MOST_SHEETS`` are kept for a while.
    """

    def __init__(self) -> None:
        self._kept: dict[bool, list[Sheet]] = {True: [], False: []}
        self._left: dict[bool, list[int]] = {True: [], False: []}
        self._noted: dict[int, list[Difference]] = {}
        self._covers: Callable[[Difference], bool] = lambda _difference: False

    def note(self, differences: Iterable[Difference], covers: Callable[[Difference], bool]) -> None:
        """Take in what was found before pages are looked at, and what is excused."""
        self._covers = covers
        for each in differences:
            if number := page_in(each.location):
                self._noted.setdefault(number - 1, []).append(each)

    def consider(
        self,
        page: int,
        found: Sequence[Difference],
        pdfs: tuple[PdfDocument, PdfDocument],
        looks: PageImages | None,
    ) -> None:
        """Keep a page (from 0) if something of it differs; it is drawn here only if it was not yet."""
        differences = [*found, *self._noted.get(page, ())]
        if not differences:
            return
        excused = all(map(self._covers, differences))
        # Which pages come first is known only at the end, so of each kind as many are kept as may be shown.
        if len(self._kept[excused]) >= MOST_SHEETS:
            self._left[excused].append(page + 1)
            return
        self._kept[excused].append(_make_sheet(page, differences, pdfs, looks, excused=excused))

    @property
    def sheets(self) -> Sheets:
        """The pages to show, in their order; a page that nothing excuses goes before one that is."""
        both = [*self._kept[False], *self._kept[True]]
        displayed = sorted(both[:MOST_SHEETS], key=lambda sheet: sheet.number)
        left = [*self._left[False], *self._left[True], *(sheet.number for sheet in both[MOST_SHEETS:])]
        return Sheets(tuple(displayed), tuple(sorted(left)))


_ON_PAGE = re.compile(r"(?:^|^/\w+: )page (\d{1,5})(?:[,/]|$)")


def page_in(location: str) -> int:
    """The number of the page of the PDF that a location is on, from 1; 0 if it is on none."""
    match = _ON_PAGE.match(location)
    return int(match[1]) if match else 0


def _make_sheet(
    page: int,
    differences: Sequence[Difference],
    pdfs: tuple[PdfDocument, PdfDocument],
    looks: PageImages | None,
    *,
    excused: bool,
) -> Sheet:
    sizes = [pdf.size(page) if page < len(pdf) else None for pdf in pdfs]
    if looks is None and None not in sizes:
        looks = PageImages.draw(page, *pdfs)
    if looks is not None:
        pixels = [looks.theirs, looks.ours]
    else:
        pixels = [pdf.look(page) for pdf in pdfs if page < len(pdf)]
    drawn = iter(pixels)
    sides = [Drawing(pack(next(drawn)), *size) if size else None for size in sizes]
    frames = list(find_frames(looks.unlike)) if looks is not None and looks.unlike is not None else []
    size = next(size for size in sizes if size)
    boxes = dict.fromkeys(_turn(each.box, size) for each in differences if each.box is not None)
    # A link that was moved or added changes no pixel, and has a frame by its own box.
    frames += [box for box in boxes if not any(_covers(frame, box) for frame in frames)]
    return Sheet(page + 1, sides[0], sides[1], tuple(frames[: 2 * _MOST_FRAMES]), excused)


def _covers(frame: Frame, box: Frame) -> bool:
    left, top, right, bottom = frame
    near = left - _GAP <= box[0] and box[2] <= right + _GAP
    return near and top - _GAP <= box[1] and box[3] <= bottom + _GAP


def find_frames(unlike: NDArray[np.bool_]) -> Iterator[Frame]:
    """Frames around what differs, from the top; what is less than a line apart is in one of them."""
    import numpy as np

    rows = np.flatnonzero(unlike.any(axis=1))
    if not rows.size:
        return
    breaks = np.flatnonzero(np.diff(rows) > _GAP * DOTS / 72) + 1
    bounds = [0, *breaks.tolist(), rows.size]
    # Beyond the last frame there is one more for all that follows.
    bounds = [*bounds[:_MOST_FRAMES], rows.size] if len(bounds) > _MOST_FRAMES + 1 else bounds
    height, width = (side * 72 / DOTS for side in unlike.shape)
    for start, stop in pairwise(bounds):
        top, bottom = rows[start], rows[stop - 1]
        columns = np.flatnonzero(unlike[top : bottom + 1].any(axis=0))
        sides = [float(side) * 72 / DOTS for side in (columns[0], top, columns[-1] + 1, bottom + 1)]
        yield _pad((sides[0], sides[1], sides[2], sides[3]), width, height)


def _turn(box: Frame, size: tuple[float, float]) -> Frame:
    """A box from the lower left corner of a page, as PDF has it, from its upper left; never beyond it."""
    left, bottom, right, top = box
    return _pad((left, size[1] - top, right, size[1] - bottom), *size)


def _pad(frame: Frame, width: float, height: float) -> Frame:
    left, top, right, bottom = frame

    def within(side: float, longest: float) -> float:
        return round(min(max(side, 0.0), longest), 1)

    return (
        within(left - _PADDING, width), within(top - _PADDING, height),
        within(right + _PADDING, width), within(bottom + _PADDING, height),
    )  # fmt: skip


_MOST_WIDTH, _MOST_BYTES = 1000, 600_000
"""Pixels across, which small print is legible with, and the size of a picture."""


def pack(pixels: NDArray[np.uint8]) -> bytes:
    """A page (height, width, 3), blue first, as a PNG file of limited size.

    If it would be larger it has 256 colours, and then fewer and fewer pixels.
    """
    from PIL import Image

    picture = Image.fromarray(pixels[..., ::-1].copy())
    # That is the width of paper in the usual formats, A4 for one; the height limits what is much taller.
    longest = max(picture.width, picture.height * 2 // 3)
    scale = min(1.0, _MOST_WIDTH / longest)
    packed = b""
    # Fewer colours before fewer pixels, in which small print is lost.
    for colours, share in ((None, 1.0), (256, 1.0), (256, 0.5), (64, 0.25)):
        size = [max(round(side * scale * share), 1) for side in picture.size]
        smaller = picture.resize((size[0], size[1]), Image.Resampling.BOX, reducing_gap=None)
        target = io.BytesIO()
        (smaller.quantize(colours) if colours else smaller).save(target, "PNG", compress_level=6)
        packed = target.getvalue()
        if len(packed) <= _MOST_BYTES:
            break
    return packed


def compare_pages(
    submitted: PdfDocument, expected: PdfDocument, collector: SheetCollector | None = None
) -> Iterator[Difference]:
    """What differs of the pages of the PDF: their text, their pictures, and how they look as a whole.

    ``collector`` is given each page with what was found and drawn of it.
    """
    if len(submitted) != len(expected):
        yield Difference(
            "number of pages", "the report has another number", len(submitted), len(expected), "flow"
        )
    # Only where a picture differs: it unpacks those of all pages.
    belongs = cache(lambda: dict(_list_pictures(expected)))
    for page in range(max(len(submitted), len(expected))):
        name = f"page {page + 1}"
        if page >= len(submitted) or page >= len(expected):
            reason = "missing" if page >= len(submitted) else "the report has no such page"
            rows, looks = [Difference(name, reason, kind="flow")], None
        else:
            rows = [
                *compare_words(name, submitted.text(page).split(), expected.text(page).split(), "flow"),
                *_compare_pictures(name, page, submitted, expected, belongs),
            ]
            # Where words or pictures differ, another look is their consequence.
            looks = None if rows else PageImages.draw(page, submitted, expected)
            rows += _compare_looks(name, page, (submitted, expected), looks) if looks else []
        yield from rows
        if collector is not None:
            collector.consider(page, rows, (submitted, expected), looks)


def share_lost(submitted: PdfDocument, expected: PdfDocument) -> float:
    """The share of the words of ``expected``, 0 to 1, that ``submitted`` lacks, wherever they are in it."""
    theirs, ours = (
        Counter(word for page in range(len(pdf)) for word in pdf.text(page).split())
        for pdf in (submitted, expected)
    )
    return (ours - theirs).total() / max(ours.total(), 1)


def _list_pictures(pdf: PdfDocument) -> Iterator[tuple[bytes, str]]:
    # Backwards, so that of equal pictures the first is the one that is named.
    for page in reversed(range(len(pdf))):
        for number, pixels in reversed(list(enumerate(pdf.pictures(page), 1))):
            yield _digest(pixels), f"picture {number} of page {page + 1}"


def _digest(pixels: Any) -> bytes:
    import hashlib

    # With the shape: 2 × 3 and 3 × 2 pixels may have the same bytes.
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).digest()


def _compare_pictures(
    name: str,
    page: int,
    submitted: PdfDocument,
    expected: PdfDocument,
    belongs: Callable[[], Mapping[bytes, str]],
) -> Iterator[Difference]:
    found, wanted = submitted.pictures(page), expected.pictures(page)
    if len(found) != len(wanted):
        yield Difference(name, "another number of pictures", len(found), len(wanted), "flow")
        return
    for number, (one, other) in enumerate(zip(found, wanted, strict=True), 1):
        if not same_pixels(one, other):
            belonging = belongs().get(_digest(one))
            reason = f"it shows {belonging} of the report" if belonging else "it is another picture"
            kind: Kind = "content" if belonging else "picture"
            yield Difference(f"{name}, picture {number}", reason, kind=kind)


def _compare_looks(
    name: str, page: int, pdfs: tuple[PdfDocument, PdfDocument], looks: PageImages
) -> Iterator[Difference]:
    import numpy as np

    one, other = (pdf.size(page) for pdf in pdfs)
    if one != other:
        yield Difference(name, "another size", list(one), list(other))
        return
    if looks.unlike is None or looks.unlike.sum() <= MOST_PIXELS:
        return
    rows, columns = (np.flatnonzero(looks.unlike.any(axis=axis)) * 72 // DOTS for axis in (1, 0))
    location = f"{rows[0]} to {rows[-1]} points from the top, {columns[0]} to {columns[-1]} from the left"
    yield Difference(name, f"text and pictures are the same, but it looks other, {location}", kind="layout")


def compare_figures(
    folder: Path, expected: Mapping[str, bytes], limit: int
) -> Iterator[Finding | Difference]:
    """For each file in ``figures/``, of ``limit`` bytes at most, a row that confirms it or a difference, of
    a picture if that is all; links are not followed.
    """
    known = {data: name for name, data in expected.items()}
    there = {path.name: path for path in sorted(folder.iterdir())} if folder.is_dir() else {}
    for name in [*expected, *(name for name in there if name not in expected)]:
        path = there.get(name)
        if path is None or name not in expected:
            reason = "it is missing" if path is None else "the report has no such figure"
            yield Difference(name, reason)
            continue
        # What is too large to be read, or no file, equals no figure.
        data = path.read_bytes() if path.is_file() and path.stat().st_size <= limit else b""
        if same_picture(data, expected[name]):
            yield Finding("figures", name, "confirmed")
        else:
            other = known.get(data)
            reason = f"it is {other} of the report" if other else "it is another picture"
            yield Difference(name, reason, kind="content" if other or not data else "picture")
