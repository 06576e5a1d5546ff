"""The folder of a class: whose it is, and how tables and reports are put into it."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from reportgen.batch.accounting import FileRow, write_files
from reportgen.batch.class_file import Class, Group
from reportgen.batch.contents import hash_file
from reportgen.batch.roster import STUDENT_FILES, Student, write_student_grades
from reportgen.batch.tables import GroupResult, write_grades, write_timings
from reportgen.batch.unpacking import UNPACKED
from reportgen.engine.plan import digest_of
from reportgen.engine.sources import code_of, libraries_of
from reportgen.errors import UserError
from reportgen.store.files import read_file, write_atomically, writing
from reportgen.store.lock import locked
from reportgen.store.ownership import is_no_content
from reportgen.system.packages import versions_for
from reportgen.templates import templates_folder

MARK_FILE = ".batch"

_MARK_BEGINNING = b"The output of 'reportgen batch'"

_MARK = _MARK_BEGINNING + b"; what is beside this file may be replaced by the next one.\n"


class OutputFolderError(UserError):
    """The output would get in the way of something."""


@contextlib.contextmanager
def open_output(out: Path, groups: Sequence[Group], say: Callable[[str], None]) -> Iterator[None]:
    """Hold the folder for one batch; another one says so and waits.

    Raises ``OutputFolderError`` if it overlaps with a group's folder or the images of the class, or holds
    files that no batch wrote; ``StorageError`` if it cannot be written.
    """
    refuse_overlap(out, groups)
    output = out.resolve()
    if output.exists() and not output.is_dir():
        raise OutputFolderError(f"--out {out}: is a file.", "Choose a folder.")
    if output.is_dir() and not _is_marked(output):
        others = [path.name for path in output.iterdir() if not is_no_content(path)]
        if others:
            raise OutputFolderError(
                f"--out {out}: holds '{min(others)}', which no batch wrote.",
                "Choose an empty folder, or a new one.",
            )
    with locked(output, say):
        # Asked again: another batch may have had the folder while this one waited.
        if not _is_marked(output):
            with writing(output):
                write_atomically(output / MARK_FILE, _MARK)
        yield


def refuse_overlap(out: Path, groups: Sequence[Group]) -> None:
    """Raise ``OutputFolderError`` if the output and what a group handed in, or its images, overlap."""
    output = out.resolve()
    for group in groups:
        used = [("the folder", path.resolve()) for path in group.roots]
        used += [("the images", group.data.resolve())] if group.data else []
        for what, folder in used:
            # What the batch itself unpacked lies there, and nowhere else.
            within = folder.is_relative_to(output) and not folder.is_relative_to(output / UNPACKED)
            if within or output.is_relative_to(folder):
                raise OutputFolderError(
                    f"--out {out}: overlaps with {what} of the group '{group.name}', {folder}.",
                    "Choose a folder outside of what the groups handed in.",
                )


def _is_marked(folder: Path) -> bool:
    try:
        return read_file(folder / MARK_FILE).startswith(_MARK_BEGINNING)
    # Without the mark it is somebody's own folder.
    except OSError:
        return False


GRADES_FILE, FILES_FILE, OVERVIEW_FILE, TIMINGS_FILE = (
    "grades.csv", "files.csv", "overview.html", "timings.csv",
)  # fmt: skip

_STATE_FILE = ".tables.json"

_MODULES = (__name__, "reportgen.batch.summary", "reportgen.document.class_pages")


@dataclass(frozen=True)
class Tables:
    """What the tables list: groups, files of the input, and students, none without a roster."""

    rows: Sequence[GroupResult]
    files: Sequence[FileRow] = ()
    students: Sequence[Student] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The files that depend on nothing else, in the order in which they are written."""
        return (GRADES_FILE, FILES_FILE, *(STUDENT_FILES if self.students else ()), OVERVIEW_FILE)


def write_tables(
    chosen: Class, tables: Tables, out: Path, say: Callable[[str], None] = lambda _line: None
) -> None:
    """Write ``grades.csv``, ``files.csv``, those for students, ``overview.html`` and ``timings.csv``.

    Raises ``StorageError`` if that fails. The last one has times; the others depend on what came of the
    groups and on nothing else. One of them that was changed by hand stays under another name, which is
    reported.
    """
    with writing(out):
        # Before the rest is looked at, since it is the one with times and no part of the key.
        _write_if_new(out / TIMINGS_FILE, write_timings(tables.rows))
        key = _identify(chosen, tables)
        # Also the hashes: a table that was deleted or changed is written again.
        if _read_state(out) == {"key": key, **_hashes(out, tables.names)}:
            return
        _set_edited_aside(out, say)
        for name, text in zip(tables.names, _render(chosen, tables), strict=True):
            # A file whose name is no UTF-8 is listed, too; Python has halves of surrogate pairs for such
            # bytes.
            write_atomically(out / name, text.encode("utf-8", "backslashreplace"))
        # Last: if the run is stopped before, the tables are written again.
        state = json.dumps({"key": key, **_hashes(out, tables.names)})
        write_atomically(out / _STATE_FILE, state.encode())


def _render(chosen: Class, tables: Tables) -> Iterator[str]:
    """The texts of the files, in the order of their names."""
    # Imported only now: a second run, which changes nothing, draws no page.
    from reportgen.batch.summary import sum_up
    from reportgen.document.class_pages import render_overview
    from reportgen.templates import open_templates

    yield write_grades(tables.rows, chosen.outline.kind)
    yield write_files(tables.files)
    if tables.students:
        assignment = chosen.assignment or chosen.title or "Report"
        yield from write_student_grades(tables.students, tables.rows, assignment).values()
    yield render_overview(sum_up(chosen, tables.rows, tables.files, tables.students), open_templates())


def _set_edited_aside(out: Path, say: Callable[[str], None]) -> None:
    """Keep what was changed by hand, and remove what there will be no newer version of."""
    state = _read_state(out)
    written = state if isinstance(state, dict) else {}
    for name in (GRADES_FILE, FILES_FILE, *STUDENT_FILES, OVERVIEW_FILE):
        file = out / name
        if file.exists() and hash_file(file) != written.get(name):
            candidates = (out / f"{file.stem}-edited-{number}{file.suffix}" for number in itertools.count(1))
            path = next(path for path in candidates if not path.exists())
            file.rename(path)
            say(f"{file} was changed by hand; that version is now {path.name}.")
        elif name in STUDENT_FILES:
            # Without a roster none is written, and an old one would be believed.
            file.unlink(missing_ok=True)


def _identify(chosen: Class, tables: Tables) -> str:
    """A hash over all that the tables depend on."""
    folder = templates_folder()
    templates = [
        *sorted(folder.glob("overview.*")),
        *(folder / name for name in ("palette.css", "pages.css", "sorting.js")),
    ]
    modules = [*_MODULES]
    return digest_of(
        {
            "titles": [chosen.title, chosen.course, chosen.assignment],
            "rows": [
                [
                    *(row.group.name, row.group.slug, asdict(row.outcome), row.images),
                    *(row.earlier, row.report, row.pdf, row.released, row.late),
                ]
                for row in tables.rows
            ],
            "files": [asdict(file) for file in tables.files],
            "students": [asdict(student) for student in tables.students],
            "templates": {file.name: hash_file(file) for file in templates},
            # What renders them, too: another version may word them in another way.
            "code": [code_of(module) for module in modules],
            "versions": versions_for({name for module in modules for name in libraries_of(module)}),
        }
    )


def _hashes(out: Path, names: Sequence[str]) -> dict[str, str]:
    return {name: hash_file(out / name) for name in names}


def _read_state(out: Path) -> object:
    # Missing or damaged: the tables are written again.
    with contextlib.suppress(OSError, ValueError):
        return json.loads((out / _STATE_FILE).read_bytes())
    return None


def _write_if_new(file: Path, text: str) -> None:
    with contextlib.suppress(OSError):
        if file.read_bytes() == text.encode():
            return
    write_atomically(file, text.encode())
