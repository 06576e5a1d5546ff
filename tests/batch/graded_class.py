"""A class of small reports that are really graded, by a rubric with points by hand and a due time."""

from __future__ import annotations

import csv
import io
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from class_scene import Scene

from reportgen.batch.attempt import LocalRunner, Runner
from reportgen.batch.progress_view import SilentView
from reportgen.batch.run import Options, Report, run_batch

COMMAND = (sys.executable, str(Path(__file__).with_name("quick_worker.py")))
SIZE = """
[[check]]
criterion = "Size"
points = 6
pointer = "/transfer/feature_size"
expected = 512
"""
BY_HAND = """
[[check]]
criterion = "=Discussion"
points = 4
manual = true
text = "Are the limits named?"

[[check]]
criterion = "Outlook"
points = 2.5
manual = true
text = "Is there one?"
"""
LATE = "[late]\ndue = 2026-02-01T12:00:00\nper_day = 10\nmost = 50\n"


class Hearing(SilentView):
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, message: str) -> None:
        self.said.append(message)


class GradedClass:
    """Groups of :class:`Scene`; ``rubric`` is what they are graded by, ``view`` hears what is said."""

    def __init__(self, home: Path, *names: str, rubric: str = SIZE + BY_HAND) -> None:
        self.home, self.scene = home, Scene(home, dict.fromkeys(names, "ok"))
        self.out, self.view = self.scene.out, Hearing()
        self.rubric = home / "mine.toml"
        self.rubric.write_text(rubric, encoding="utf-8")

    def run(self, runner: Runner | None = None, out: Path | None = None, **changes: Any) -> Report:
        anonymous = changes.pop("anonymous", False)
        chosen = replace(self.scene.chosen, **{"rubrics": (self.rubric,), **changes})
        self.view = Hearing()
        options = Options(command=COMMAND, anonymous=anonymous)
        return run_batch(chosen, out or self.out, runner or LocalRunner(2), self.view, options)

    def count(self, name: str, kind: str = "examined") -> int:
        """How often the group was recomputed; with ``calls``, how often a process was started for it."""
        file = self.scene.folder(name).with_name(f"{self.scene.folder(name).name}.{kind}")
        return len(file.read_text()) if file.exists() else 0


def read_table(file: Path) -> list[dict[str, str]]:
    """A CSV as a spreadsheet reads it."""
    return list(csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig"), newline="")))


def scores(out: Path) -> dict[str, str]:
    return {row["group"]: row["score"] for row in read_table(out / "grades.csv")}
