"""What is said of a group, the same wherever and whenever it is worked on."""

from __future__ import annotations

from pathlib import Path

from reportgen.batch.job import Job
from reportgen.errors import DataError, UserError
from reportgen.grading.exports.text import one_line

_LONGEST = 400
_LISTED = 3


def describe_problem(error: UserError, job: Job, place: Path) -> str:
    """What an error says, on one line and without any path of this machine."""
    lines = list(error.problems) if isinstance(error, DataError) else error.problem.splitlines()
    shown = [one_line(localise(line, job, place)).rstrip(".") for line in lines[:_LISTED]]
    more = len(lines) - len(shown)
    text = "; ".join(shown) + (f"; and {more} more" if more else "")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def localise(text: str, job: Job, place: Path) -> str:
    """The text with the paths of a group's folder and of its report named as from inside."""
    return name_inside(name_inside(text, place), Path(job.folder))


def name_inside(text: str, folder: Path) -> str:
    """The text with the paths of files in ``folder`` relative to it."""
    for form in dict.fromkeys((str(folder), str(folder.resolve()))):
        text = text.replace(f"{form}/", "").replace(form, "the folder")
    return text
