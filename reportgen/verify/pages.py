"""Compares the submitted document with the one rendered and printed again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reportgen.text import printable
from reportgen.verify.differences import Difference, Kind, compare_words
from reportgen.verify.pdf_document import DOTS, PdfDocument
from reportgen.verify.pictures import same_picture, same_pixels
from reportgen.verify.sheets import MOST_PIXELS, Looks, SheetCollector
from reportgen.verify.tolerances import Finding, Findings


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
    belongs = dict(_list_pictures(expected))
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
            looks = None if rows else Looks.draw(page, submitted, expected)
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
    name: str, page: int, submitted: PdfDocument, expected: PdfDocument, belongs: Mapping[bytes, str]
) -> Iterator[Difference]:
    found, wanted = submitted.pictures(page), expected.pictures(page)
    if len(found) != len(wanted):
        yield Difference(name, "another number of pictures", len(found), len(wanted), "flow")
        return
    for number, (one, other) in enumerate(zip(found, wanted, strict=True), 1):
        if not same_pixels(one, other):
            belonging = belongs.get(_digest(one))
            reason = f"it shows {belonging} of the report" if belonging else "it is another picture"
            kind: Kind = "content" if belonging else "picture"
            yield Difference(f"{name}, picture {number}", reason, kind=kind)


def _compare_looks(
    name: str, page: int, papers: tuple[PdfDocument, PdfDocument], looks: Looks
) -> Iterator[Difference]:
    import numpy as np

    one, other = (paper.size(page) for paper in papers)
    if one != other:
        yield Difference(name, "another size", list(one), list(other))
        return
    if looks.unlike is None or looks.unlike.sum() <= MOST_PIXELS:
        return
    rows, columns = (np.flatnonzero(looks.unlike.any(axis=axis)) * 72 // DOTS for axis in (1, 0))
    location = f"{rows[0]} to {rows[-1]} points from the top, {columns[0]} to {columns[-1]} from the left"
    yield Difference(name, f"text and pictures are the same, but it looks other, {location}", kind="layout")


def compare_figures(folder: Path, expected: Mapping[str, bytes], limit: int) -> Findings:
    """A row for each file in ``figures/``, of ``limit`` bytes at most; links are not followed."""
    known = {data: name for name, data in expected.items()}
    there = {path.name: path for path in sorted(folder.iterdir())} if folder.is_dir() else {}
    for name in [*expected, *(name for name in there if name not in expected)]:
        path = there.get(name)
        if path is None or name not in expected:
            reason = "it is missing" if path is None else "the report has no such figure"
            yield Finding("figures", printable(name), "differs", reason=reason)
            continue
        # What is too large to be read, or no file, equals no figure.
        data = path.read_bytes() if path.is_file() and path.stat().st_size <= limit else b""
        if same_picture(data, expected[name]):
            yield Finding("figures", name, "confirmed")
        else:
            other = known.get(data)
            reason = f"it is {other} of the report" if other else "it is another picture"
            yield Finding("figures", name, "differs", reason=reason)
