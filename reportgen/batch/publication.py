"""The folder of a class: whose it is, and how tables and reports are put into it."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from reportgen.batch.accounting import FileRow, write_files
from reportgen.batch.class_file import Class, Group
from reportgen.batch.contents import hash_file
from reportgen.batch.desk import UNPACKED
from reportgen.batch.tables import GroupResult, write_grades, write_timings
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
    except OSError:
        return False


GRADES_FILE, FILES_FILE, OVERVIEW_FILE, TIMINGS_FILE = (
    "grades.csv", "files.csv", "overview.html", "timings.csv",
)  # fmt: skip

_KEPT = (GRADES_FILE, FILES_FILE, OVERVIEW_FILE)

_STATE_FILE = ".tables.json"

_MODULES = (__name__, "reportgen.batch.summary", "reportgen.document.overview")


def write_tables(
    chosen: Class,
    rows: Sequence[GroupResult],
    files: Sequence[FileRow],
    out: Path,
    say: Callable[[str], None] = lambda _line: None,
) -> None:
    """Write ``grades.csv``, ``files.csv``, ``overview.html`` and ``timings.csv``.

    Raises ``StorageError`` if that fails. The last one has times; the others depend on what came of the
    groups and on nothing else. One of them that was changed by hand stays under another name, which is
    reported.
    """
    with writing(out):
        _write_if_new(out / TIMINGS_FILE, write_timings(rows))
        key = _identify(chosen, rows, files)
        if _read_state(out) == {"key": key, **_hashes(out)}:
            return
        # Imported only now: a second run, which changes nothing, draws no page.
        from reportgen.batch.summary import sum_up
        from reportgen.document.overview import render_overview
        from reportgen.templates import open_templates

        _set_edited_aside(out, say)
        write_atomically(out / GRADES_FILE, write_grades(rows, chosen.outline.kind).encode())
        write_atomically(out / FILES_FILE, write_files(files).encode("utf-8", "backslashreplace"))
        page = render_overview(sum_up(chosen, rows, files), open_templates())
        write_atomically(out / OVERVIEW_FILE, page.encode())
        # Last: if the run is stopped before, the tables are written again.
        state = json.dumps({"key": key, **_hashes(out)})
        write_atomically(out / _STATE_FILE, state.encode())


def _set_edited_aside(out: Path, say: Callable[[str], None]) -> None:
    state = _read_state(out)
    written = state if isinstance(state, dict) else {}
    for name in _KEPT:
        file = out / name
        if file.exists() and hash_file(file) != written.get(name):
            candidates = (out / f"{file.stem}-edited-{number}{file.suffix}" for number in itertools.count(1))
            path = next(path for path in candidates if not path.exists())
            file.rename(path)
            say(f"{file} was changed by hand; that version is now {path.name}.")


def _identify(chosen: Class, rows: Sequence[GroupResult], files: Sequence[FileRow]) -> str:
    """A hash over all that the tables depend on."""
    folder = templates_folder()
    templates = [*sorted(folder.glob("overview.*")), folder / "palette.css", folder / "sorting.js"]
    modules = [*_MODULES]
    return digest_of(
        {
            "titles": [chosen.title, chosen.course, chosen.assignment],
            "rows": [
                [
                    *(row.group.name, row.group.slug, asdict(row.outcome), row.images),
                    *(row.earlier, row.report, row.pdf, row.released),
                ]
                for row in rows
            ],
            "files": [asdict(file) for file in files],
            "templates": {file.name: hash_file(file) for file in templates},
            "code": [code_of(module) for module in modules],
            "versions": versions_for({name for module in modules for name in libraries_of(module)}),
        }
    )


def _hashes(out: Path) -> dict[str, str]:
    return {name: hash_file(out / name) for name in _KEPT}


def _read_state(out: Path) -> object:
    with contextlib.suppress(OSError, ValueError):
        return json.loads((out / _STATE_FILE).read_bytes())
    return None


def _write_if_new(file: Path, text: str) -> None:
    with contextlib.suppress(OSError):
        if file.read_bytes() == text.encode():
            return
    write_atomically(file, text.encode())
