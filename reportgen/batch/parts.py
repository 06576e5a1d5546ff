"""Finds the report and the images in a submission, at any depth and in any spelling of case."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reportgen.batch.contents import hash_file
from reportgen.batch.outcome import Outcome
from reportgen.dataset.names import escaped, find_splits, is_ignored
from reportgen.dataset.signature import IMAGE_SUFFIXES
from reportgen.intake import FOLDER_LIMITS
from reportgen.submission import RESULTS_FILE

DATA_FOLDER, BUILD_FOLDER, PDF_FILE = "data", "build", "report.pdf"

_NAMED = 4

_DOCUMENTS = (
    *(".doc", ".docx", ".odt", ".rtf", ".pages", ".ipynb", ".html", ".htm", ".tex", ".ps", ".djvu"),
    *(".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".pdf"),
)

_NUMBERED = re.compile(r"[-(](\d+)\)?$")
"""How Canvas and browsers number a file that was handed in again: ``report-1``, ``report (1)``."""


@dataclass(frozen=True)
class Parts:
    """Where the parts of a submission are.

    ``submission``: the report, as a build folder or as a PDF, None without any; ``rivals`` are further ones,
    which are not graded. If there is nothing but several PDFs of equal rank, they are the rivals, and
    none of them is the submission. ``data``: the folder that holds the images, by splits or classes, None
    without any; ``mixed``: other files may be in it, too.
    """

    submission: Path | None = None
    rivals: tuple[Path, ...] = ()
    data: Path | None = None
    mixed: bool = False

    @property
    def pdf(self) -> Path | None:
        """The PDF of the submission, None without any."""
        if self.submission is None or not self.submission.is_dir():
            return self.submission
        inside = self.submission / PDF_FILE
        return inside if inside.is_file() else None


def find_parts(roots: Sequence[Path]) -> Parts:
    """Look for a report and for images in folders that were checked before; no file is opened."""
    builds: list[_Placed] = []
    papers: list[_Placed] = []
    named: list[_Placed] = []
    pictures: set[Path] = set()
    for root in roots:
        for depth, folder, folders, files in _walk(root):
            if RESULTS_FILE in files:
                builds.append((depth, folder))
                # A folder handed in that is one itself may have the images in it, so that one is searched on.
                if depth:
                    # What lies in a build folder is its own, as the results of earlier builds are.
                    folders.clear()
                    continue
            named += [(depth, folder / name) for name in folders if name.casefold() == DATA_FOLDER]
            papers += [(depth, folder / name) for name in files if name.casefold().endswith(".pdf")]
            # Images that lie loose in the root have no folder that would say their class.
            if depth and any(map(_is_image, files)):
                pictures.add(folder)
    submission, rivals = _choose(builds, papers)
    data = _find_data(named, pictures)
    return Parts(submission, rivals, data, mixed=data not in [path for _, path in named])


_Placed = tuple[int, Path]
"""How many folders below the root something lies, and where."""


def _walk(root: Path) -> Iterator[tuple[int, Path, list[str], list[str]]]:
    """Folders with what is in them, but for what systems leave there; folders taken out are not entered."""
    for folder, folders, files in os.walk(root):
        depth = len(Path(folder).relative_to(root).parts)
        folders[:] = (
            sorted(name for name in folders if not is_ignored(name)) if depth < FOLDER_LIMITS.depth else []
        )
        yield depth, Path(folder), folders, sorted(name for name in files if not is_ignored(name))


def _choose(builds: Sequence[_Placed], papers: Sequence[_Placed]) -> tuple[Path | None, tuple[Path, ...]]:
    """The report that is graded, and the others: a build folder before a PDF, what is called as a report is
    before what is not, the outer one before the inner, of equal names the latest.
    """
    if builds:
        folders = sorted(builds, key=lambda each: (each[1].name.casefold() != BUILD_FOLDER, each))
        (_, first), *others = folders
        left = [path for _, path in papers if path.parent != first]
        return first, (*(path for _, path in others), *left)
    ranks = sorted((_rank(depth, path), path) for depth, path in papers)
    if not ranks:
        return None, ()
    equals = [path for rank, path in ranks if rank == ranks[0][0]]
    # Two members of a group may have handed in the same file.
    if len({hash_file(path) for path in equals} if len(equals) > 1 else equals) > 1:
        return None, tuple(path for _, path in ranks)
    return ranks[0][1], tuple(path for _, path in ranks[1:])


def _rank(depth: int, pdf: Path) -> tuple[int, int, int]:
    name = pdf.name.casefold()
    standing = 0 if name == PDF_FILE else 1 if "report" in name else 2
    number = _NUMBERED.search(pdf.stem)
    return standing, depth, -int(number[1]) if number else 0


def _find_data(named: Sequence[_Placed], pictures: set[Path]) -> Path | None:
    """The outermost folder called data, or else the one that contains all folders of images."""
    used = [each for each in named if any(picture.is_relative_to(each[1]) for picture in pictures)]
    if used:
        return min(used)[1]
    if not pictures:
        return None
    # A folder of images is a class: what contains it is the data, or one of its splits.
    around = Path(os.path.commonpath([picture.parent for picture in pictures]))
    # With the images of one split only, what they have in common is that split.
    return around.parent if find_splits([around.name]) else around


def find_obstacle(parts: Parts, *, data_given: bool) -> Outcome | None:
    """Why a group is not graded, if that can be seen without a look into any file; ``data_given``:
    there are images of the instructor's for it.
    """
    if parts.submission is None and parts.rivals:
        names = ", ".join(escaped(path.name) for path in parts.rivals[:_NAMED])
        return Outcome("data", f"several PDFs, and it is not clear which is the report: {names}; keep one")
    if parts.submission is None:
        return Outcome("absent", "nothing handed in, so no points", score="0")
    if parts.data is None and not data_given:
        return Outcome("unchecked", "not checkable: no images")
    return None


def is_document(name: str) -> bool:
    """Whether a file may have been meant as a report, though none is read from it."""
    return name.casefold().endswith(_DOCUMENTS)


def _is_image(name: str) -> bool:
    return f".{name.rpartition('.')[2].casefold()}" in IMAGE_SUFFIXES


def class_folders(folder: Path) -> Iterator[Path]:
    """The folders in a group's folder that may hold images: all but hidden ones, and those of a report."""
    for path in sorted(folder.iterdir()):
        hidden = is_ignored(path.name) or path.name.casefold() == BUILD_FOLDER
        if path.is_dir() and not hidden and not (path / RESULTS_FILE).is_file():
            yield path
