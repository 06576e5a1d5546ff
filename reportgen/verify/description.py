"""The verdict in words, and every row as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from reportgen.text import plural, printable
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
        from reportgen.grading.exports.terminal import describe_grades

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
        section = (
            row.pointer.split("/")[1] if row.pointer.startswith("/") and row.subject == "numbers" else ""
        )
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
            "score": f"{grades.score:f}",
            "points": f"{grades.points:f}",
            "checked": f"{grades.checked:f}",
            "not_checkable": f"{grades.not_checkable:f}",
            "not_graded": f"{grades.not_graded:f}",
        }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
