"""The difference between two reports as one self-contained HTML page."""

from __future__ import annotations

import base64

from reportgen.diff import Difference, summary
from reportgen.diff.difference import Picture
from reportgen.diff.values import ABSENT, Change, Entry
from reportgen.document.environment import open_environment, render_page
from reportgen.store.ownership import DIFFERENCE_MARKS
from reportgen.templates import Templates

TEMPLATE = "diff.html.j2"
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
    return render_page(environment, TEMPLATE, DIFFERENCE_MARKS[0])


def _source(picture: Picture) -> str:
    kind = _MIME[picture.file.rpartition(".")[2].lower()]
    return f"data:{kind};base64,{base64.b64encode(picture.data).decode()}"


def _cells(entry: Entry) -> dict[str, str]:
    """The cells of a row in the tables of values: old, new, difference, or one ``note`` instead."""
    if not isinstance(entry, Change):
        return {"note": summary.list_text(entry)}
    old, new, difference = summary.value_texts(entry)
    if entry.new is ABSENT:
        difference = "only in A"
    elif entry.old is ABSENT:
        difference = "only in B"
    return {"old": old, "new": new, "difference": difference}
