"""Fills the output of a class with reports that are copies: ``copying.py CLASS OUT BUILD``.

As its own worker (``copying.py JOB --progress-fd N``) it copies the report for one group.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

_NAMES = 29
"""Criteria of the shipped rubric, so that the outcomes are as long as real ones."""


def fill(class_file: Path, out: Path, build: Path) -> None:
    """A whole batch as ``reportgen batch`` runs it, but for the program that works on a group."""
    from reportgen.batch import attempt
    from reportgen.batch.attempt import LocalRunner
    from reportgen.batch.class_file import read_class
    from reportgen.batch.progress_view import SilentView
    from reportgen.batch.run import run_batch

    # Not through the options, which count in the keys: the command line must find all as it left it.
    vars(attempt)["_OWN"] = (sys.executable, __file__)
    (class_file.parent / "template").symlink_to(build)
    report = run_batch(read_class(class_file), out, LocalRunner(2), SilentView())
    if report.failed:
        raise RuntimeError(report.failed[0].outcome.reason)


def work(job_file: Path) -> None:
    """Copy the report, and claim full points for it."""
    job = json.loads(job_file.read_text(encoding="utf-8"))
    template = Path(job["folder"]).parents[1] / "template"
    shutil.copytree(template, job_file.parent / "build", ignore=shutil.ignore_patterns(".*", "previous"))
    marks = [
        {"criterion": f"Criterion {number}", "score": "1", "points": "1", "status": "passed"}
        for number in range(_NAMES)
    ]
    from reportgen.batch.outcome import Mark, Outcome, outcome_text

    made = Outcome(
        score=str(_NAMES),
        points=str(_NAMES),
        marks=tuple(Mark(**mark) for mark in marks),
        correct=3,
        total=4,
    )
    job_file.with_name("made.json").write_text(outcome_text(made), encoding="utf-8")


if __name__ == "__main__":
    if "--progress-fd" in sys.argv:
        work(Path(sys.argv[1]))
    else:
        fill(*map(Path, sys.argv[1:]))
