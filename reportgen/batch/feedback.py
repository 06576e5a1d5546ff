"""A page for each group, HTML and PDF: its points by criterion with the reasons, and what holds them."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.batch.attempt import GROUPS
from reportgen.batch.contents import folder_name, hash_file
from reportgen.batch.deliveries import Deliveries, pack
from reportgen.batch.examination import GRADES_FILES, JSON_FILE, PAGE_FILE
from reportgen.batch.tables import GroupResult
from reportgen.engine.plan import digest_of
from reportgen.engine.sources import code_of, libraries_of
from reportgen.store.files import read_file, write_atomically, writing
from reportgen.system.libraries import printer_versions
from reportgen.system.packages import versions_for
from reportgen.text import printable

if TYPE_CHECKING:
    from reportgen.document.class_pages import CriterionRow, Difference, FeedbackPage

FEEDBACK_FOLDER = "feedback"

_STATE_FILE = ".feedback.json"

_MOST, _LONGEST = 40, 300
"""Differences that are shown, and letters of one text; the findings page has the rest."""

_SIGNS = {"passed": "✓", "failed": "✗"}


@dataclass(frozen=True)
class Recipient:
    """A group as it is called on its page, with its row as tables have it, and where its files are: None in
    an anonymous run, where reasons and findings, which may name files or people, are left out.
    """

    label: str
    row: GroupResult
    folder: Path | None
    grades: Path


def address(
    rows: Sequence[GroupResult], displayed: Sequence[GroupResult], labels: Mapping[str, str], out: Path
) -> list[Recipient]:
    """The addressees of feedback pages: ``rows`` have the groups' names, ``displayed`` those of tables
    (``labels``).
    """
    named = {row.group.name: row for row in displayed}
    addressees = []
    for row in rows:
        label, folder = labels[row.group.name], out / GROUPS / row.group.slug
        # Only in an anonymous run is a label not the name.
        known = folder if label == row.group.name else None
        addressees.append(Recipient(label, named[label], known, folder / GRADES_FILES["json"]))
    return addressees


def write_feedback(
    addressees: Sequence[Recipient],
    title: str,
    out: Path,
    say: Callable[[str], None] = lambda _line: None,
    deliveries: Deliveries = Deliveries(),  # noqa: B008 - it is frozen
) -> None:
    """Write ``feedback/GROUP.html`` and ``.pdf`` for each group, and the copies for students and for an LMS;
    those that are as they would be stay.

    A page that was changed by hand is kept under another name, which is reported. Raises ``RenderError`` for
    a mistake in the template, ``PangoMissingError`` if nothing can be printed, ``StorageError``.
    """
    # Imported only where pages are asked for: a batch without them prints nothing.
    from reportgen.document.class_pages import render_feedback
    from reportgen.pdf.printer import print_pdf
    from reportgen.templates import open_templates

    folder = out / FEEDBACK_FOLDER
    known, templates = _read_state(folder), open_templates()
    printer, state = _identify_printer(), dict[str, str]()
    with writing(folder):
        folder.mkdir(exist_ok=True)
        for each in addressees:
            html = render_feedback(make_page(each, title), templates)
            name = folder_name(each.label)
            page = html.encode("utf-8", "backslashreplace")
            # What was printed from the same page by the same program would be the same.
            digest = digest_of({"page": hashlib.sha256(page).hexdigest(), "printer": printer})
            files = (folder / f"{name}.html", folder / f"{name}.pdf")
            state[f"{name} page"] = digest
            if known.get(f"{name} page") != digest or any(hash_file(f) != known.get(f.name) for f in files):
                for file, data in zip(files, (page, print_pdf(html)), strict=True):
                    _set_edited_aside(file, known.get(file.name, ""), say)
                    write_atomically(file, data)
            state |= {file.name: hash_file(file) for file in files}
        papers = {each.label: folder / f"{folder_name(each.label)}.pdf" for each in addressees}
        for name, data in _list_copies(deliveries, papers):
            if hash_file(folder / name) != hashlib.sha256(data).hexdigest():
                _set_edited_aside(folder / name, known.get(name, ""), say)
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                write_atomically(folder / name, data)
            state[name] = hash_file(folder / name)
        _remove_old(folder, known, state)
        # Last: pages that are not listed yet are written once more.
        write_atomically(folder / _STATE_FILE, json.dumps(state, indent=1, sort_keys=True).encode())


def _list_copies(deliveries: Deliveries, papers: Mapping[str, Path]) -> Iterator[tuple[str, bytes]]:
    """The files for students and for an LMS, by their names below the folder."""
    for name, group in deliveries.files.items():
        yield name, papers[group].read_bytes()
    for name, members in deliveries.archives.items():
        yield name, pack({member: papers[group].read_bytes() for member, group in members.items()})


def _identify_printer() -> str:
    """One hash over what prints: its code, the packages, and the system's libraries behind them."""
    module = "reportgen.pdf.printer"
    packages = versions_for(libraries_of(module))
    return digest_of({"code": code_of(module), "packages": packages, "system": printer_versions()})


def _read_state(folder: Path) -> Mapping[str, str]:
    try:
        state = json.loads(read_file(folder / _STATE_FILE))
    # Without it, or if it is damaged, every page is written again.
    except (OSError, ValueError):
        return {}
    return state if isinstance(state, dict) else {}


def _set_edited_aside(file: Path, written: str, say: Callable[[str], None]) -> None:
    if file.exists() and hash_file(file) != written:
        names = (file.with_name(f"{file.stem}-edited-{number}{file.suffix}") for number in itertools.count(1))
        target = next(path for path in names if not path.exists())
        file.rename(target)
        say(f"{file} was changed by hand; that version is now {target.name}.")


def _remove_old(folder: Path, known: Mapping[str, str], state: Mapping[str, str]) -> None:
    """Remove pages of groups that now have other names: next to those with numbers they would give them
    away.
    """
    for name, sha256 in known.items():
        file = folder / name
        # A name in a damaged list must not lead out of the folder.
        inside = file.resolve().is_relative_to(folder.resolve())
        if name not in state and inside and file.is_file() and hash_file(file) == sha256:
            file.unlink()
            # The folder of a student who is in no group any more; with a file of somebody's own it stays.
            with contextlib.suppress(OSError):
                file.parent.rmdir()


def make_page(each: Recipient, title: str) -> FeedbackPage:
    """What the page of a group shows. Points that are held are not on it."""
    from reportgen.document.class_pages import FeedbackPage

    row, outcome = each.row, each.row.outcome
    graded = row.status == "done" and each.grades.is_file()
    criteria, left_out = _list_criteria(each) if graded else ([], 0)
    differences, more = [], 0
    findings = ""
    if each.folder is not None and outcome.hold:
        found = _list_differences(each.folder / JSON_FILE)
        differences, more = found[:_MOST], max(len(found) - _MOST, 0)
        page = each.folder / PAGE_FILE
        findings = f"../{GROUPS}/{each.folder.name}/{PAGE_FILE}" if page.is_file() else ""
    has_score = row.status in ("done", "nothing handed in")
    return FeedbackPage(
        group=each.label,
        title=title,
        status=row.status,
        # The page says the status by itself.
        reason=row.reason.removeprefix(f"{row.status}: ")[:_LONGEST],
        score=outcome.score if has_score else "",
        points=outcome.most or "0",
        criteria=criteria,
        left_out=left_out,
        differences=differences,
        more=more,
        notes=outcome.notes if graded else (),
        findings=findings,
    )


def _list_criteria(each: Recipient) -> tuple[list[CriterionRow], int]:
    """The rows, and how many the rubric hides; reasons only where names may be shown."""
    from reportgen.document.class_pages import CriterionRow
    from reportgen.grading.exports.document import read_grades
    from reportgen.grading.exports.table import collect_messages
    from reportgen.grading.report import GradingError

    try:
        criteria = read_grades(each.grades).criteria
    # A stranger's file may have written it; the other groups have their pages all the same.
    except GradingError:
        return [], 0
    # What the rubric hides from students on Gradescope it hides here.
    visible = [item for item in criteria if item.visibility != "hidden"]
    rows = [
        CriterionRow(
            item.name,
            f"{item.score:f}",
            f"{item.points:f}",
            _SIGNS.get(item.status, "–"),
            item.status,
            collect_messages(item)[:_LONGEST] if each.folder is not None else "",
        )
        for item in visible
    ]
    return rows, len(criteria) - len(visible)


def _list_differences(file: Path) -> list[Difference]:
    """Those of a verification; what a stranger wrote is made printable before it is cut."""
    from reportgen.document.class_pages import Difference

    try:
        rows = [row for row in json.loads(read_file(file))["rows"] if row["status"] == "differs"]
        texts = [
            (f"{row['subject']}, {row['pointer']}", row["submitted"], row["recomputed"], row["reason"])
            for row in rows
        ]
    # A report that could not be verified has no such file, and nothing to list.
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return []
    return [Difference(*map(_cut, each)) for each in texts]


def _cut(value: Any) -> str:
    if value is None:
        return ""
    return printable(value if isinstance(value, str) else json.dumps(value))[:_LONGEST]
