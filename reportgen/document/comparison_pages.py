"""Self-contained HTML pages about two reports: what changed between them, and what verify found in one."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from reportgen.diff import Difference, summary
from reportgen.diff.difference import Picture
from reportgen.diff.values import ABSENT, Change, Entry
from reportgen.document.environment import open_environment, render_page
from reportgen.store.ownership import DIFFERENCE_MARKS, VERIFICATION_MARK
from reportgen.templates import Templates

DIFFERENCE_TEMPLATE = "diff.html.j2"
OPEN_ROWS = 25
"""A table with more rows than these is folded on the screen; on paper it is whole."""

_MIME = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "svg": "image/svg+xml"}


def render_difference(difference: Difference, templates: Templates) -> str:
    """Render ``diff.html.j2`` of ``templates``, with the figures that changed side by side.

    The page fetches and runs nothing. Whatever the reports say is escaped, and an SVG is only ever the
    source of an ``<img>``, where it cannot act. Raises ``RenderError`` for a mistake in the template.
    """
    environment = open_environment(templates)
    environment.filters.update(
        count=summary.count_text,
        percent=lambda count: summary.share_in_percent(count.share if count else None),
        points=summary.points_text,
        pair=summary.pair_texts,
        source=_source,
        cells=_cells,
    )
    environment.globals.update(
        summary=summary,
        verdict=lambda flip: summary.verdict_text(flip.old.right, flip.new.right),
        open_rows=OPEN_ROWS,
        d=difference,
    )
    return render_page(environment, DIFFERENCE_TEMPLATE, DIFFERENCE_MARKS[0])


def _source(picture: Picture) -> str:
    # A table and not a guess: a stranger's file must not become a type that acts.
    kind = _MIME[picture.file.rpartition(".")[2].lower()]
    return f"data:{kind};base64,{base64.b64encode(picture.data).decode()}"


def _cells(entry: Entry) -> dict[str, str]:
    """The cells of a row in the tables of values: old, new, difference, or one ``note`` instead."""
    if not isinstance(entry, Change):
        return {"note": summary.list_text(entry)}
    old, new, difference = summary.value_texts(entry)
    # Not None, which is a value that results may have.
    if entry.new is ABSENT:
        difference = "only in A"
    elif entry.old is ABSENT:
        difference = "only in B"
    return {"old": old, "new": new, "difference": difference}


VERIFICATION_TEMPLATE = "verification.html.j2"


Frame = tuple[float, float, float, float]
"""Left, top, right, bottom, in points from the upper left corner of a page."""


@dataclass(frozen=True)
class Drawing:
    """A page as PDFium draws it: a PNG file, and the width and height of the page in points."""

    png: bytes
    width: float
    height: float

    @property
    def address(self) -> str:
        """The picture itself, as a ``data:`` address."""
        return f"data:image/png;base64,{base64.b64encode(self.png).decode()}"


@dataclass(frozen=True)
class Sheet:
    """A page of the PDF that differs, None for the side that has no such page; ``number`` counts from 1.

    ``frames`` are around what differs, as far as that is known. ``excused``: a person has to judge it.
    """

    number: int
    submitted: Drawing | None
    recomputed: Drawing | None
    frames: tuple[Frame, ...]
    excused: bool = False


@dataclass(frozen=True)
class Sheets:
    """The pages that are shown, and the numbers of further ones that differ."""

    displayed: tuple[Sheet, ...] = ()
    left_out: tuple[int, ...] = ()


@dataclass(frozen=True)
class FindingRow:
    """A finding: its location, the two values as text, and why it is one. ``sheet``: the page that shows it,
    0 without one.
    """

    location: str
    submitted: str
    recomputed: str
    reason: str
    sheet: int = 0


@dataclass(frozen=True)
class Group:
    """The findings on one subject: how many have each status, and those that are not confirmed.

    ``labels`` are the headings of the two values, ``left_out`` counts the rows that are not shown.
    """

    name: str
    title: str
    labels: tuple[str, str]
    confirmed: int
    differing: tuple[FindingRow, ...]
    missing: tuple[FindingRow, ...]
    differing_count: int
    missing_count: int

    @property
    def left_out(self) -> int:
        """How many rows are not shown."""
        return self.differing_count + self.missing_count - len(self.differing) - len(self.missing)

    @property
    def noteworthy(self) -> bool:
        """Whether there is something to look at."""
        return bool(self.differing or self.missing)


@dataclass(frozen=True)
class FindingsPage:
    """All that the page shows. ``verdict`` is one of “Not confirmed”, “Nothing differs” and “Confirmed”."""

    verdict: str
    submission: str
    data: str
    groups: Sequence[Group]
    sheets: Sheets
    notes: Sequence[str]

    @property
    def confirmed(self) -> int:
        """How many checks passed."""
        return sum(group.confirmed for group in self.groups)

    @property
    def differing(self) -> int:
        """How many found a difference."""
        return sum(group.differing_count for group in self.groups)

    @property
    def missing(self) -> int:
        """How many could not be made."""
        return sum(group.missing_count for group in self.groups)


def render_verification(page: FindingsPage, templates: Templates) -> str:
    """Render ``verification.html.j2`` of ``templates``. The page fetches and runs nothing.

    Whatever the report says is escaped, and its pages are pictures that were drawn here. Raises
    ``RenderError`` for a mistake in the template.
    """
    environment = open_environment(templates)
    environment.globals.update(
        p=page,
        open_rows=OPEN_ROWS,
    )
    return render_page(environment, VERIFICATION_TEMPLATE, VERIFICATION_MARK)
