"""Feedback files for each student, and as the uploads of Moodle and Canvas want them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from reportgen.batch.contents import folder_name
from reportgen.batch.roster import Student, read_name, simplify
from reportgen.batch.tables import GroupResult

STUDENTS_FOLDER, FILE = "students", "feedback.pdf"

MOODLE_ZIP, CANVAS_ZIP = "feedback-moodle.zip", "feedback-canvas.zip"

# The first that a zip can have: the same feedback is to give the same bytes.
_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Deliveries:
    """What goes where, with the name of the group whose feedback it is: ``files`` below the feedback's
    folder, ``archives`` the members of each zip there.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    archives: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def list_deliveries(
    rows: Sequence[GroupResult], students: Sequence[Student], downloaded: Mapping[str, Sequence[str]]
) -> Deliveries:
    """Where the feedback of each group goes whose points are decided: of the others there is none to give.

    ``downloaded``: what an LMS called the group's folders and files in its own download, by slug. Its upload
    knows a student by that and by nothing else, so that a zip is made only of what is known.
    """
    decided = [row for row in rows if row.decided]
    names = {simplify(row.group.name): row.group.name for row in decided}
    files = {
        f"{STUDENTS_FOLDER}/{folder_name(f'{each.name} {each.ident or each.email}')}/{FILE}": names[group]
        for each in students
        if (group := simplify(each.group)) in names
    }
    members: dict[str, dict[str, str]] = {MOODLE_ZIP: {}, CANVAS_ZIP: {}}
    for row in decided:
        for archive, member in _name_members(downloaded.get(row.group.slug, ())):
            members[archive][member] = row.group.name
    return Deliveries(files, {name: dict(sorted(each.items())) for name, each in members.items() if each})


def _name_members(downloaded: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The zip and the name in it of each student's feedback, by what the LMS called what they handed in."""
    seen: set[tuple[str, str]] = set()
    # Of several files of a student the PDF: Canvas knows it by its name, which stays as it is.
    for name in sorted(downloaded, key=lambda each: (not each.casefold().endswith(".pdf"), each)):
        beginning, moodle, _ = name.partition("_assignsubmission_")
        archive = MOODLE_ZIP if moodle else CANVAS_ZIP
        ident = read_name(name, folder=bool(moodle)).ident
        if not ident or (archive, ident) in seen or not _is_writable(name):
            continue
        seen.add((archive, ident))
        # Moodle: Name_ID_assignsubmission_file_, and any file in it.
        folder = f"{beginning}_assignsubmission_file_/{FILE}"
        yield archive, folder if moodle else f"{PurePosixPath(name).stem}.pdf"


def _is_writable(name: str) -> bool:
    """Whether a zip can have the name: of bytes that are not UTF-8 Python makes what nothing else reads."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def pack(members: Mapping[str, bytes]) -> bytes:
    """A zip of these files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name, _DATE)
            # An entry made by hand does not take over how its archive packs, and is for its owner alone.
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, data)
    return stream.getvalue()
