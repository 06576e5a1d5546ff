"""A verification as an HTML page that shows each finding at its location."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from reportgen.document.verification import FindingsPage, Group, Row, Sheets, render_verification
from reportgen.templates import Templates
from reportgen.text import printable
from reportgen.verify.description import LABELS, SUBJECTS, cut
from reportgen.verify.sheets import page_in
from reportgen.verify.tolerances import Finding, Subject, Verification

_MOST_ROWS = 300
"""Rows of a subject and status that are shown; the JSON has them all."""

_LONGEST_PLACE, _LONGEST_VALUE, _LONGEST_REASON = 300, 400, 600

_HANDED_IN = ("handed in", "recomputed")


def render_findings(verification: Verification, templates: Templates) -> str:
    """The page, by ``verification.html.j2`` of ``templates``.

    Raises ``RenderError`` for a mistake in the template.
    """
    return render_verification(make_page(verification), templates)


def make_page(verification: Verification) -> FindingsPage:
    """What the page shows. What a stranger wrote is made printable before it is cut."""
    sheets = verification.sheets or Sheets()
    verdict = (
        "Not confirmed"
        if not verification.confirmed
        else "Confirmed"
        if verification.complete
        else "Nothing differs"
    )
    groups = tuple(_list_groups(verification, {sheet.number for sheet in sheets.shown}))
    return FindingsPage(
        verdict, verification.submission, verification.data, groups, sheets, verification.notes
    )


def _list_groups(verification: Verification, shown: set[int]) -> Iterator[Group]:
    by_subject: dict[Subject, list[Finding]] = {}
    for row in verification.rows:
        by_subject.setdefault(row.subject, []).append(row)
    for subject, title in SUBJECTS.items():
        rows = by_subject.get(subject, [])
        if not rows:
            continue
        differing = [row for row in rows if row.status == "differs"]
        missing = [row for row in rows if row.status == "not recomputable"]
        yield Group(
            subject,
            title,
            LABELS.get(subject, _HANDED_IN),
            len(rows) - len(differing) - len(missing),
            tuple(_make_rows(differing, shown)),
            tuple(_make_rows(missing, shown)),
            len(differing),
            len(missing),
        )


def _make_rows(findings: Sequence[Finding], shown: set[int]) -> Iterator[Row]:
    for each in findings[:_MOST_ROWS]:
        number = page_in(each.pointer) if each.subject == "pages" else 0
        yield Row(
            cut(printable(each.pointer), _LONGEST_PLACE),
            # Of images the values are hashes, and the reason says what there is to say.
            "" if each.subject == "images" else _show(each.submitted),
            "" if each.subject == "images" else _show(each.recomputed),
            cut(printable(each.reason), _LONGEST_REASON),
            number if number in shown else 0,
        )


def _show(value: Any) -> str:
    """A value in words; a text stands as it is, since markup in the quotes of JSON is hard to read."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return cut(printable(text), _LONGEST_VALUE)
