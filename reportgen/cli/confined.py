"""Verifying in a process of its own, which has no right but to read what it needs and to write beside that.

A file that takes over a parser could do there what the process may do: nothing in the home folder, nothing
on the network, no more memory and time than is allowed; as with the groups of ``reportgen.batch.worker``.
"""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

from reportgen.api.child import LOG_FILE, run_child
from reportgen.batch.class_file import Limits
from reportgen.batch.job import PipeProgress
from reportgen.batch.process import follow_parent, refuse_network
from reportgen.errors import UserError
from reportgen.progress import Progress
from reportgen.store.files import writing
from reportgen.system.confinement import MEGABYTE, Confinement, confine


@dataclass(frozen=True)
class Task:
    """What is to be verified and how; see the options of ``reportgen verify``.

    ``cache`` None: nothing that was computed before is used. ``table`` and ``page``: whether the rows are
    wanted as JSON, and the page of differences.
    """

    submission: str
    data: str
    rubrics: tuple[str, ...] = ()
    weights: str | None = None
    sections: tuple[str, ...] | None = None
    templates: str | None = None
    cache: str | None = None
    table: bool = False
    page: bool = False


@dataclass(frozen=True)
class Said:
    """What is to be told: lines for the terminal, the exit code, the rows as JSON and the page, if wanted."""

    lines: tuple[str, ...]
    code: int
    table: bytes | None = None
    page: bytes | None = None


CarryOut = Callable[[Task, Progress], Said]

_COMMAND = ("-P", "-m", "reportgen", "verify-worker")
_TASK, _SAID, _TABLE, _PAGE = "task.json", "said.json", "rows.json", "page.html"
_CACHE, _SCRATCH = "cache", "scratch"

_SECONDS_AN_IMAGE = 2.0
"""Ten times what an image takes, so that large data need no option."""


def choose_limits(data: Path, seconds: float | None, megabytes: int | None) -> Limits:
    """The limits that were asked for, else those of a group, and more time where there are many images."""
    usual = Limits()
    images = sum(1 for path in data.rglob("*") if path.suffix) if seconds is None else 0
    return Limits(
        usual.seconds + _SECONDS_AN_IMAGE * images if seconds is None else seconds,
        usual.megabytes if megabytes is None else megabytes,
    )


def verify_confined(task: Task, limits: Limits, progress: Progress) -> Said:
    """Carry out a task in a confined process; whatever it writes goes through this one.

    Raises ``UserError`` as the task does, and if it was killed at a limit.
    """
    with tempfile.TemporaryDirectory(prefix="reportgen-verify-") as name:
        folder = Path(name)
        # The limit of the processor is set by the process itself, before it reads anything.
        content = json.dumps({"task": asdict(task), "limits": asdict(limits)})
        with writing(folder):
            (folder / _TASK).write_text(content, encoding="utf-8")
        end = run_child((*_COMMAND, str(folder / _TASK)), folder / LOG_FILE, limits, progress)
        over = "time" if end.code == -signal.SIGXCPU else end.over
        if over in ("time", "memory"):
            raise _exceeded(task, over, limits)
        if end.code == 0 and (folder / _SAID).exists():
            return _read_said(task, folder, limits)
        if end.code < 0:
            raise _killed(task, signal.Signals(-end.code))
        # Its last words are those of a fault, which stays one.
        typer.echo((folder / LOG_FILE).read_text(encoding="utf-8", errors="replace").rstrip(), err=True)
        raise typer.Exit(end.code)


def _exceeded(task: Task, over: str, limits: Limits) -> UserError:
    most = f"{limits.seconds:g} s" if over == "time" else f"{limits.megabytes} MB of memory"
    option = "--seconds" if over == "time" else "--megabytes"
    return UserError(
        f"{task.submission}: verifying it took more than the {most} that are allowed, and was stopped.",
        f"A file that was made to take so much is no honest one; otherwise allow more with {option}.",
    )


def _killed(task: Task, by: signal.Signals) -> UserError:
    return UserError(
        f"{task.submission}: the process that verifies it was ended by {by.name}, as when memory runs out or "
        "a file breaks what reads it.",
        "Close other programs, and verify again; if it happens once more, have a person look at the file.",
    )


def _read_said(task: Task, folder: Path, limits: Limits) -> Said:
    """What the other process wrote: texts, numbers and bytes only, whoever may have taken it over."""
    table = json.loads((folder / _SAID).read_text(encoding="utf-8"))
    if table["over"]:
        raise _exceeded(task, "memory", limits)
    if table["error"]:
        problem, remedy, code = table["error"]
        error = UserError(str(problem), str(remedy))
        error.exit_code = int(code)
        raise error
    parts = [(folder / name).read_bytes() if (folder / name).exists() else None for name in (_TABLE, _PAGE)]
    return Said(tuple(map(str, table["lines"])), int(table["code"]), *parts)


def work(task_file: Path, progress_handle: int, carry_out: CarryOut) -> None:
    """Carry out the task in a file, in this process, which gives away all other rights before it reads on."""
    given = json.loads(task_file.read_text(encoding="utf-8"))
    folder = task_file.parent
    options: dict[str, Any] = {
        key: tuple(each) if isinstance(each, list) else each for key, each in given["task"].items()
    }
    task = Task(**options | {"cache": options["cache"] or str(folder / _CACHE)})
    # First of all: what binds this thread does not bind those that are there already.
    _confine(task, folder, Limits(**given["limits"]))
    follow_parent()
    refuse_network()
    os.set_inheritable(progress_handle, False)
    told: dict[str, Any] = {"over": False, "error": None}
    try:
        said = carry_out(task, PipeProgress(progress_handle))
    except UserError as error:
        told["error"] = [error.problem, error.remedy, error.exit_code]
    except MemoryError:
        told["over"] = True
    else:
        told |= {"lines": said.lines, "code": said.code}
        for name, content in ((_TABLE, said.table), (_PAGE, said.page)):
            if content is not None:
                (folder / name).write_bytes(content)
    (folder / _SAID).write_text(json.dumps(told), encoding="utf-8")


def _confine(task: Task, folder: Path, limits: Limits) -> None:
    scratch, cache = folder / _SCRATCH, Path(task.cache or folder / _CACHE)
    # A folder that is not there cannot be allowed.
    for each in (scratch, cache):
        each.mkdir(parents=True, exist_ok=True)
    os.environ["TMPDIR"], tempfile.tempdir = str(scratch), None
    readable = [Path(path) for path in (task.data, task.weights, task.templates) if path]
    submission = Path(task.submission)
    # Its arrays and figures lie beside a results.json.
    readable.append(submission.parent if submission.suffix == ".json" else submission)
    # Tests may import what lies beside them.
    readable += [rubric.parent if rubric.suffix == ".py" else rubric for rubric in map(Path, task.rubrics)]
    seconds = limits.seconds * (os.cpu_count() or 1)
    confine(Confinement(tuple(readable), (folder, cache), seconds, limits.megabytes * MEGABYTE))
