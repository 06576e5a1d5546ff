"""Grade exports. Each format is a function from grades to text; none of them computes points."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reportgen.grading.score import Grades
    from reportgen.store.output import Recognise


@dataclass(frozen=True)
class Exports:
    """The files that grades are written to; None for those that are not wanted."""

    gradescope: Path | None = None
    junit: Path | None = None
    csv: Path | None = None
    json: Path | None = None
    markdown: Path | None = None

    def __iter__(self) -> Iterator[Path]:
        """The files that are wanted."""
        return (file for file in vars(self).values() if file is not None)


def write_exports(grades: Grades, exports: Exports) -> None:
    """Write each of the files that are wanted, whole or not at all; JUnit is pytest's to write.

    Raises ``StorageError`` naming the file that cannot be written.
    """
    from reportgen.grading.exports.document import write_gradescope, write_json
    from reportgen.grading.exports.table import write_csv, write_markdown
    from reportgen.store.files import write_atomically, writing

    writers: list[tuple[Path | None, Callable[[Grades], str]]] = [
        (exports.gradescope, write_gradescope),
        (exports.csv, write_csv),
        (exports.json, write_json),
        (exports.markdown, write_markdown),
    ]
    for file, write in writers:
        if file is not None:
            with writing(file):
                write_atomically(file, write(grades).encode("utf-8"))


def remove_exports(exports: Exports) -> None:
    """Remove what an earlier run wrote, so that a run that dies leaves no grades that look like its own.

    Raises ``TakenError`` naming a file that is something else, before any is removed; ``StorageError`` naming
    one that cannot be removed.
    """
    from reportgen.store.files import writing
    from reportgen.store.output import check_output

    for kind, file in vars(exports).items():
        if file is not None:
            check_output(file, recognise(kind))
    for file in exports:
        with writing(file):
            # /dev/stdout may be a file, which is not ours to remove.
            if file.is_file() and not str(file).startswith("/dev/"):
                file.unlink()


def recognise(kind: str) -> Recognise:
    """Tells a file that an export of this kind wrote from any other."""
    from reportgen.grading.exports.table import FIRST_COLUMNS, HEADING, PREFIX, TOTALS
    from reportgen.store.output import is_json_with, is_text_with

    return {
        "gradescope": is_json_with("score", "stdout_visibility", "tests"),
        "junit": is_text_with(f'"{PREFIX}{TOTALS[0]}"'),
        "csv": is_text_with(",".join(FIRST_COLUMNS)),
        "json": is_json_with("format", "version", "score", "points", "gaps", "criteria"),
        "markdown": is_text_with(HEADING),
    }[kind]
