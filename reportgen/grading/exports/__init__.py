"""Grades for other programs: each format a function from grades to text, none of them counting anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reportgen.grading.score import Grades


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
    from reportgen.grading.exports.document import write_json
    from reportgen.grading.exports.gradescope import write_gradescope
    from reportgen.grading.exports.markdown import write_markdown
    from reportgen.grading.exports.table import write_csv
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

    Raises ``StorageError`` naming the file that cannot be removed.
    """
    from reportgen.store.files import writing

    for file in exports:
        with writing(file):
            file.unlink(missing_ok=True)
