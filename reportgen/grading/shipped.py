"""The rubrics that come with reportgen and with its sections; to find them loads none of their checks."""

from __future__ import annotations

import json
from pathlib import Path

from reportgen.outline.declaration import RUBRIC_FILE as RUBRIC_FILE
from reportgen.outline.kind import DEFAULT, ReportKind, find_kind

_ASSIGNMENT = "Convolution, transfer learning and guided backpropagation"

_HEAD = """\
# The rubric of this report. Change it, and grade with: reportgen grade --rubric rubric.toml

title = {title}

# Rows also have score bands, deductions, bonus, the best of a group, points that a person gives, and counts
# of commentary: see docs/graders.md. Late submissions, graded with --submitted 2026-02-02T10:00:00:
# [late]
# due = 2026-02-01T23:59:00
# per_day = 10    # per cent of the points reached, for each day that has begun
# most = 50
"""


def shipped_rubrics(kind: ReportKind | None = None) -> list[Path]:
    """The rubrics of all sections of a kind of report that have one, and the one for every report."""
    sections = (kind or find_kind()).sections
    files = [section.folder / RUBRIC_FILE for section in sections]
    return [*(file for file in files if file.is_file()), Path(__file__).with_name("report.rubric.toml")]


def write_rubric(kind: ReportKind | None = None) -> str:
    """The text of all shipped rubrics as one file, to be copied and changed."""
    texts = [file.read_text(encoding="utf-8") for file in shipped_rubrics(kind)]
    # JSON's strings are TOML's, too.
    title = json.dumps(_entitle(kind or find_kind()), ensure_ascii=False)
    return "\n".join([_HEAD.replace("{title}", title), *texts])


def _entitle(kind: ReportKind) -> str:
    """What reports of this kind are about: what their title page says unless the authors say another."""
    about = _ASSIGNMENT if kind.name == DEFAULT else kind.name
    return str(dict(kind.defaults).get("assignment", about))
