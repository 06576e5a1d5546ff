"""A user's project folder, and the changes that a user makes in it between two builds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

SECTIONS = ("convolution", "conv_stack", "transfer", "neurons", "guided_backprop")
"""What the assignment asks for; the floors are those of these."""

NEURONS: tuple[Any, ...] = (*("zero", "percentile:10", "median", "top:1", "unusual:1"),)
"""What the tables show by default."""

_IMAGES = frozenset({".jpg", ".jpeg", ".png"})


@dataclass(frozen=True)
class Home:
    """A folder with ``data/`` and ``report.toml``, in which ``reportgen build`` needs no option."""

    folder: Path

    @classmethod
    def made(cls, folder: Path, data: Path) -> Home:
        """A new home in an empty folder with a copy of ``data``."""
        shutil.copytree(data, folder / "data")
        home = cls(folder)
        home.write_settings()
        return home

    @property
    def data(self) -> Path:
        """The images."""
        return self.folder / "data"

    @property
    def build(self) -> Path:
        """Where the report is."""
        return self.folder / "build"

    @property
    def html(self) -> Path:
        """The report as one file."""
        return self.build / "report.html"

    def write_settings(self, neurons: Sequence[Any] = NEURONS, words: str = "") -> None:
        """Write ``report.toml`` with the embedded weights, the rows of the tables, and commentary."""
        lines = [
            'weights = "embedded"',
            f"sections = {json.dumps(SECTIONS)}",
            "[guided_backprop]",
            f"neurons = {json.dumps(list(neurons))}",
            "[commentary]",
            f"introduction = {json.dumps(words)}",
        ]
        (self.folder / "report.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def add_image(self, number: int) -> None:
        """Add a training image: the first one without its ``number`` leftmost columns of pixels."""
        first = next(file for file in sorted(self.data.glob("train/*/*")) if file.suffix.lower() in _IMAGES)
        with Image.open(first) as image:
            cropped = image.crop((number, 0, image.width, image.height))
            cropped.save(first.with_name(f"added-{number}{first.suffix}"))

    def results(self) -> dict[str, Any]:
        """``results.json``."""
        document: dict[str, Any] = json.loads((self.build / "results.json").read_bytes())
        return document

    @property
    def images(self) -> int:
        """How many images the report is about."""
        return len(self.results()["dataset"]["images"])

    def built_files(self) -> list[Path]:
        """The files of the report, without what reportgen keeps there for itself."""
        return [
            file
            for file in sorted(self.build.rglob("*"))
            if file.is_file() and not _is_own(file.relative_to(self.build))
        ]

    def state(self) -> dict[str, tuple[int, int]]:
        """Inode and time of every file of the report: equal if none was written again."""
        return {
            str(file): (status.st_ino, status.st_mtime_ns)
            for file, status in ((file, file.stat()) for file in self.built_files())
        }


def _is_own(file: Path) -> bool:
    return file.parts[0] == "previous" or any(part.startswith(".") for part in file.parts)


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(file.stat().st_size for file in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.is_file())
