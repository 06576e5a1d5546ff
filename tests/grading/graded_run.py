"""Small rubrics run by pytest, in this process or in one of their own, and what they left."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from small_results import write_build as write_build

from reportgen.grading.exports.document import read_grades
from reportgen.grading.score import Grades

CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


EARLIER = json.dumps(
    {"format": "reportgen grades", "version": 1, "score": "1", "points": "1", "gaps": [], "criteria": []}
)
"""A file of grades of an earlier run, as far as such a file is known by its keys."""


@dataclass(frozen=True)
class Ended:
    """A run that is over: its exit code, what it printed, where it ran."""

    code: int
    output: str
    folder: Path

    @property
    def grades(self) -> Grades:
        """What it wrote with ``--grades-json grades.json``."""
        return read_grades(self.folder / "grades.json")

    @property
    def scores(self) -> dict[str, str]:
        """Score and status of each criterion, as in ``{"Shape": "1.33 failed"}``."""
        return {item.name: f"{item.score:f} {item.status}" for item in self.grades.criteria}

    def message(self, criterion: str) -> str:
        """What is said of the first case of a criterion that did not pass."""
        found = next(item for item in self.grades.criteria if item.name == criterion)
        return next(case.message for case in found.cases if case.status != "passed")


def write_tests(folder: Path, **files: str) -> Path:
    """A folder with ``test_<name>.py`` for each of ``files``, which may use ``points`` for the marker."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        # Where the plugin is switched off, a mention of the marker alone would be warned of.
        head = "import pytest\n" + ("points = pytest.mark.points\n" if "points(" in text else "")
        (folder / f"test_{name}.py").write_text(head + text, encoding="utf-8")
    return folder


def run_here(folder: Path, *arguments: str) -> Ended:
    """Run pytest in this process as if called in ``folder``, with no plugin but ours."""
    from reportgen.grading import plugin

    output = io.StringIO()
    common = ["--grades-json=grades.json", "--color=no", "--tb=no", "-p", "no:cacheprovider"]
    # The last of these would collect all garbage of this process five times.
    common += ["-p", "no:faulthandler", "-p", "no:unraisableexception", "-c", os.devnull, "--rootdir=."]
    with _alone(folder), contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        code = pytest.main([*common, *arguments], plugins=[plugin])
    return Ended(int(code), output.getvalue(), folder)


def run_apart(folder: Path, *arguments: str) -> Ended:
    """Run pytest in a process of its own, where the plugin comes from its entry point."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir=."]
    done = subprocess.run(
        [*command, *arguments], cwd=folder, env=CLEAN, capture_output=True, text=True, timeout=120
    )
    return Ended(done.returncode, done.stdout + done.stderr, folder)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    before, path = set(sys.modules), list(sys.path)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("PYTEST_")]:
            patch.delenv(name)
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        patch.chdir(folder)
        try:
            yield
        finally:
            sys.path[:] = path
            for name in set(sys.modules) - before:
                if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
                    del sys.modules[name]
