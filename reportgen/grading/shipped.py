"""The rubrics that come with reportgen and with its sections; to find them loads none of their checks."""

from __future__ import annotations

from pathlib import Path

from reportgen.outline.kind import ReportKind, find_kind

RUBRIC_FILE = "rubric.toml"


def shipped_rubrics(kind: ReportKind | None = None) -> list[Path]:
    """The rubrics of all sections of a kind of report that have one, and the one for every report."""
    sections = (kind or find_kind()).sections
    files = [section.folder / RUBRIC_FILE for section in sections]
    return [*(file for file in files if file.is_file()), Path(__file__).with_name("report.rubric.toml")]
