"""A class on disk whose groups are worked on by ``pretend_worker.py``."""

from __future__ import annotations

import csv
import hashlib
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reportgen.batch.attempt import LocalRunner, Runner
from reportgen.batch.class_file import Class, Group, Limits
from reportgen.batch.contents import folder_name
from reportgen.batch.progress_view import SilentView
from reportgen.batch.run import Options, Report, run_batch

WORKER = Path(__file__).with_name("pretend_worker.py")
COMMAND = (sys.executable, str(WORKER))
LIMITS = Limits(60, 2000)
NOT_COMPARED = {"timings.csv", "costs.json", "log.txt", ".lock"}


@dataclass
class Scene:
    """Groups by name, in ``home``, each with an act; the output goes to ``out``."""

    home: Path
    acts: dict[str, str]
    limits: Limits = LIMITS
    out: Path = field(init=False)

    def __post_init__(self) -> None:
        self.out = self.home / "out"
        for name, act in self.acts.items():
            self.set_act(name, act)

    def folder(self, name: str) -> Path:
        return self.home / "class" / folder_name(name)

    def set_act(self, name: str, act: str) -> None:
        self.folder(name).mkdir(parents=True, exist_ok=True)
        (self.folder(name) / "act").write_text(act, encoding="utf-8")
        # What every group needs to be looked at: a report, and images of its own.
        (self.folder(name) / "report.pdf").write_text(f"%PDF- {name}", encoding="utf-8")
        (self.folder(name) / "data/cat").mkdir(parents=True, exist_ok=True)
        (self.folder(name) / "data/cat/a.png").write_text(name, encoding="utf-8")

    @property
    def chosen(self) -> Class:
        groups = [Group(name, self.folder(name), folder_name(name)) for name in self.acts]
        return Class(tuple(groups), (), title="Test class", weights="embedded", limits=self.limits)

    def run(self, runner: Runner | None = None, out: Path | None = None, **changes: Any) -> Report:
        options = Options(command=COMMAND, retry_failed=changes.pop("retry_failed", False))
        view = changes.pop("view", SilentView())
        chosen = replace(self.chosen, **changes)
        return run_batch(chosen, out or self.out, runner or LocalRunner(4), view, options)

    def calls(self, name: str) -> int:
        """How often a process was started for the group."""
        file = self.folder(name).with_name(f"{self.folder(name).name}.calls")
        return len(file.read_text()) if file.exists() else 0


def read_rows(out: Path) -> list[dict[str, str]]:
    """``grades.csv`` as a spreadsheet reads it."""
    text = (out / "grades.csv").read_bytes().decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def reasons(report: Report) -> dict[str, str]:
    return {row.group.name: row.outcome.reason for row in report.rows}


def files_of(out: Path, leave_out: Sequence[str] = ()) -> dict[str, str]:
    """The hashes of all files that must be equal wherever and however a batch ran."""
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
        and path.name not in NOT_COMPARED
        and not path.relative_to(out).as_posix().startswith((".", *leave_out))
    }
