"""Grades as a table in Markdown (GitHub's)."""

from __future__ import annotations

import re

from reportgen.grading.exports.table import collect_messages
from reportgen.grading.exports.text import one_line
from reportgen.grading.score import Grades

HEADING = "| Criterion | Points | Of | Status | Message |"
_LONGEST = 500
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def write_markdown(grades: Grades) -> str:
    """A heading, the total, what is missing, and one row a criterion; nothing in it acts as mark-up."""
    lines = [f"# {escape(grades.title or grades.subject or 'Points')}", ""]
    if grades.title and grades.subject:
        lines += [escape(grades.subject), ""]
    lines += [f"**{grades.score:f} of {grades.points:f} points**", ""]
    if not grades.complete:
        lines += ["The grading is incomplete; what is missing counts zero:", ""]
        lines += [f"- {escape(gap)}" for gap in grades.gaps] + [""]
    lines += [HEADING, "|---|---:|---:|---|---|"]
    for item in grades.criteria:
        message = collect_messages(item)
        cut = message if len(message) <= _LONGEST else message[: _LONGEST - 1] + "…"
        lines.append(
            f"| {escape(item.name)} | {item.score:f} | {item.points:f} | {item.status} | {escape(cut)} |"
        )
    lines.append(f"| **Total** | **{grades.score:f}** | **{grades.points:f}** | | |")
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """``text`` on one line so that Markdown shows each of its characters."""
    line = one_line(text)
    # Every other mark is escaped by a backslash; dots and colons too, or addresses would become links.
    escaped = re.sub(r"[\\`*_{}\[\]()#+\-.!|~:@$^=\"']", r"\\\g<0>", line)
    return re.sub(r"[&<>]", lambda mark: _ENTITIES[mark[0]], escaped)
