"""What two programs that check PDFs for accessibility find in one, and what a reading program reads."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import outloud
import pdfua
from equipment import find_tool

_CRASHES = {"UA-14-001"}
"""A rule of pdfua 0.1.3 that fails on every PDF with a heading, under pikepdf 10."""


def find_errors(file: Path) -> list[str]:
    """The errors that pdfua and outloud find against PDF/UA-1, but for a missing identifier."""
    report = pdfua.validate(str(file))
    assert {outcome.rule_id for outcome in report.skipped} <= _CRASHES
    errors = [
        f"{found.rule_id} {found.message}"
        for found in report.findings
        if found.severity is pdfua.Severity.ERROR
    ]
    return errors + find_spoken_errors(file, layers=("conformance",))


def find_spoken_errors(file: Path, layers: tuple[str, ...] | None = None) -> list[str]:
    """The errors that outloud finds, but for a missing identifier."""
    result = outloud.check(str(file), layers=layers)
    assert result.error is None
    assert [run for run in result.runs if run.status == "crashed"] == []
    return [
        f"{found.rule} {found.message}"
        for found in result.findings
        if found.severity == "error" and found.rule != "DOC-012"
    ]


def read_roles(file: Path) -> list[str]:
    """The tags of a PDF in reading order; for a long one, of which Poppler takes minutes to say the words."""
    lines = _poppler("pdfinfo", "-struct", str(file)).splitlines()
    return [line.split()[0].rstrip(":") for line in lines if not line.lstrip().startswith("/")]


def read_tags(file: Path) -> list[tuple[str, str]]:
    """The tags of a PDF in reading order, each with the words right in it, as Poppler sees them."""
    lines = _poppler("pdfinfo", "-struct-text", str(file)).splitlines()
    lines = [line for line in lines if not line.lstrip().startswith("/")]
    tags: list[tuple[str, str]] = []
    for line in lines:
        if words := re.findall(r'^ *"(.*)"$', line):
            role, before = tags[-1]
            tags[-1] = role, f"{before} {words[0]}".strip()
        else:
            tags.append((line.split()[0].rstrip(":"), ""))
    return tags


def _poppler(tool: str, *arguments: str) -> str:
    path = find_tool(tool, package="poppler-utils")
    return subprocess.run([path, *arguments], capture_output=True, text=True, check=True).stdout
