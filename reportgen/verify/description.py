"""The verdict in words, every row as JSON, and a page that shows each finding at its location."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from reportgen.document.comparison_pages import FindingRow, FindingsPage, Group, Sheets, render_verification
from reportgen.templates import Templates
from reportgen.text import plural, printable
from reportgen.verify.sheets import page_in
from reportgen.verify.tolerances import Finding, Subject, Verification

_MOST_DIFFERING, _MOST_OTHERS = 12, 6
"""Rows of one subject that are shown; the JSON has them all."""

_LONGEST_VALUE, _LONGEST_REASON = 60, 240

SUBJECTS: Mapping[Subject, str] = {
    "attachment": "Attachments of the PDF",
    "settings": "Settings",
    "images": "Images",
    "numbers": "Numbers of results.json",
    "arrays": "Arrays",
    "text": "Numbers printed in the text",
    "pages": "Pages of report.pdf",
    "page": "report.html",
    "figures": "Figures",
}

LABELS = {
    "attachment": ("in the folder", "attached"),
    "settings": ("results.json says", "report.toml says"),
    "text": ("printed", "results.json says"),
    "pages": ("handed in", "rendered again"),
    "page": ("handed in", "rendered again"),
}
"""The labels of a row's two values, if not submitted and recomputed."""


def describe(verification: Verification) -> list[str]:
    """The lines for a grader, the most important first. Texts of the submission are escaped."""
    differing, missing = verification.of("differs"), verification.of("not recomputable")
    lines = [judge_in_words(verification), ""]
    totals = Counter(row.subject for row in verification.rows)
    if differing:
        lines += ["What differs:", *_list(differing, _MOST_DIFFERING, totals), ""]
    if missing:
        lines += ["What could not be recomputed:", *_list(missing, _MOST_OTHERS, totals), ""]
    lines += ["Confirmed:", *_count(verification.of("confirmed"))]
    lines += ["", *verification.notes] if verification.notes else []
    if verification.grades is not None:
        from reportgen.grading.exports.table import describe_grades

        lines += ["", *(line.text for line in describe_grades(verification.grades))]
    return lines


def judge_in_words(verification: Verification) -> str:
    differing, missing = verification.of("differs"), verification.of("not recomputable")
    passed = f"{plural(len(verification.of('confirmed')), 'check', 'checks')} passed"
    rest = f"{len(missing)} could not be recomputed" if missing else ""
    name = printable(verification.submission)
    if differing:
        subjects = ", ".join(SUBJECTS[row].lower() for row in dict.fromkeys(row.subject for row in differing))
        verdict = f"NOT CONFIRMED: {name}: {plural(len(differing), 'differs', 'differ')} ({subjects})"
        return f"{verdict}; {passed}{'; ' + rest if rest else ''}."
    if missing:
        return f"NOTHING DIFFERS: {name}: {passed}, but {rest}."
    return f"CONFIRMED: {name}: {passed}."


def _list(rows: Sequence[Finding], most: int, totals: Mapping[Subject, int]) -> list[str]:
    lines = []
    for subject, title in SUBJECTS.items():
        of_subject = [row for row in rows if row.subject == subject]
        if of_subject:
            lines.append(f"  {title}: {len(of_subject)} of {totals[subject]}")
            lines += [f"    {_line(row)}" for row in of_subject[:most]]
        if len(of_subject) > most:
            lines.append(f"    … and {len(of_subject) - most} more")
    return lines


def _line(row: Finding) -> str:
    parts = [printable(row.pointer)]
    known = row.submitted is not None or row.recomputed is not None
    # Of images the values are hashes, and the reason says what there is to say.
    if known and row.subject != "images":
        submitted, recomputed = LABELS.get(row.subject, ("submitted", "recomputed"))
        parts.append(f"{submitted} {_show(row.submitted)}, {recomputed} {_show(row.recomputed)}")
    if row.reason:
        parts.append(cut(printable(row.reason), _LONGEST_REASON))
    return ": ".join(parts[:2]) + (f"; {parts[2]}" if len(parts) > 2 else "")


def _show(value: Any) -> str:
    if value is None:
        return "nothing"
    return cut(printable(json.dumps(value, ensure_ascii=False)), _LONGEST_VALUE)


def cut(text: str, longest: int) -> str:
    """The beginning of a text that is too long."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def _count(rows: Sequence[Finding]) -> list[str]:
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        # Of numbers by section.
        section = row.section if row.subject == "numbers" else ""
        counts.setdefault(row.subject, Counter())[section] += 1
    lines = []
    for subject, title in SUBJECTS.items():
        found = counts.get(subject)
        if found:
            parts = [f"{section} {count}" for section, count in found.items() if section]
            lines.append(f"  {title}: {sum(found.values())}" + (f" ({', '.join(parts)})" if parts else ""))
    return lines or ["  nothing"]


FORMAT = 1


def write_json(verification: Verification) -> str:
    """The verdict, a list of all rows, the notes, and the points if there are any."""
    content = {
        "format": FORMAT,
        "submission": verification.submission,
        "data": verification.data,
        "confirmed": verification.confirmed,
        "complete": verification.complete,
        "rows": [asdict(row) for row in verification.rows],
        "notes": list(verification.notes),
    }
    if verification.grades is not None:
        grades = verification.grades
        content["grades"] = {
            # As text, for points are exact decimals, and JSON's numbers are read as floats.
            "score": f"{grades.score:f}",
            "points": f"{grades.points:f}",
            "checked": f"{grades.checked:f}",
            "not_checkable": f"{grades.not_checkable:f}",
            "not_graded": f"{grades.not_graded:f}",
        }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


_MOST_ROWS = 300
"""Rows of a subject and status that are shown; the JSON has them all."""

_LONGEST_PLACE, _LONGEST_CELL, _LONGEST_NOTE = 300, 400, 600

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
    groups = tuple(_list_groups(verification, {sheet.number for sheet in sheets.displayed}))
    return FindingsPage(
        verdict, verification.submission, verification.data, groups, sheets, verification.notes
    )


def _list_groups(verification: Verification, displayed: set[int]) -> Iterator[Group]:
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
            tuple(_make_rows(differing, displayed)),
            tuple(_make_rows(missing, displayed)),
            len(differing),
            len(missing),
        )


def _make_rows(findings: Sequence[Finding], displayed: set[int]) -> Iterator[FindingRow]:
    for each in findings[:_MOST_ROWS]:
        number = page_in(each.pointer) if each.subject == "pages" else 0
        yield FindingRow(
            cut(printable(each.pointer), _LONGEST_PLACE),
            # Of images the values are hashes, and the reason says what there is to say.
            "" if each.subject == "images" else _show_on_page(each.submitted),
            "" if each.subject == "images" else _show_on_page(each.recomputed),
            cut(printable(each.reason), _LONGEST_NOTE),
            number if number in displayed else 0,
        )


def _show_on_page(value: Any) -> str:
    """A value in words; a text stays as it is, since markup in the quotes of JSON is hard to read."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return cut(printable(text), _LONGEST_CELL)
