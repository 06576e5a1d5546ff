"""Reading a stranger's report in a process of its own, which has no right but to read what it needs and to
write beside that.

A file that takes over a parser could do there what the process may do: nothing in the home folder, nothing
on the network, no more memory and time than is allowed; as with the groups of ``reportgen.batch.worker``.
"""

from __future__ import annotations

import json
import os
import signal
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from reportgen.api.child import LOG_FILE, run_child
from reportgen.batch.class_file import Limits
from reportgen.batch.job import PipeProgress
from reportgen.batch.process import follow_parent, name_signal, refuse_network
from reportgen.cli.task import T, Task, TaskHandler, TaskResult
from reportgen.errors import UserError
from reportgen.faults import FAULT
from reportgen.grading.run import list_read
from reportgen.progress import Progress
from reportgen.store.files import MEGABYTE, read_plain, writing
from reportgen.system.confinement import Confinement, confine
from reportgen.text import printable_lines

# -P: the current folder may be that of the submission, whose files must not shadow modules.
_COMMAND = ("-P", "-m", "reportgen")
_TASK, _SAID, _WANTED = "task.json", "said.json", "wanted-{}"
_CACHE, _SCRATCH = "cache", "scratch"

_MOST_BYTES = 500 * MEGABYTE
"""Of one file that is passed on; a page of differences has some."""

_SECONDS_AN_IMAGE = 2.0
"""Ten times what an image takes, so that large data need no option."""


def choose_limits(data: Path | None, seconds: float | None, megabytes: int | None) -> Limits:
    """The limits that were asked for, else those of a group, and more time where there are many images."""
    usual = Limits()
    counted = data.rglob("*") if data is not None and seconds is None else ()
    images = sum(1 for path in counted if path.suffix)
    return Limits(
        usual.seconds + _SECONDS_AN_IMAGE * images if seconds is None else seconds,
        usual.megabytes if megabytes is None else megabytes,
    )


def run_confined(duty: TaskHandler[T], task: T, limits: Limits, progress: Progress) -> TaskResult:
    """Carry out a task in a confined process; whatever it writes goes through this one.

    Raises ``UserError`` if it was killed at a limit or from outside.
    """
    with tempfile.TemporaryDirectory(prefix=f"reportgen-{duty.verb}-") as name:
        folder = Path(name)
        # The limit of the processor is set by the process itself, before it reads anything.
        content = json.dumps({"task": asdict(task), "limits": asdict(limits)})
        with writing(folder):
            (folder / _TASK).write_text(content, encoding="utf-8")
        command = (*_COMMAND, f"{duty.verb}-worker", str(folder / _TASK))
        end = run_child(command, folder / LOG_FILE, limits, progress)
        # By this signal the kernel ends what has used up its processor time.
        over = "time" if end.code == -signal.SIGXCPU else end.over
        if over in ("time", "memory"):
            raise _exceeded(duty, task, over, limits)
        if end.code == 0 and (folder / _SAID).exists():
            return _read_said(duty, task, folder, limits)
        if end.code < 0:
            raise _killed(duty, task, name_signal(-end.code))
        raise _failed(duty, end.code, _read_log(folder))


def _exceeded(duty: TaskHandler[T], task: Task, over: str, limits: Limits) -> UserError:
    most = f"{limits.seconds:g} s" if over == "time" else f"{limits.megabytes} MB of memory"
    option = "--seconds" if over == "time" else "--megabytes"
    return UserError(
        f"{task.submission}: {duty.doing} it took more than the {most} that are allowed, and was stopped.",
        f"A file that was made to take so much is no honest one; otherwise allow more with {option}.",
    )


def _killed(duty: TaskHandler[T], task: Task, by: str) -> UserError:
    return UserError(
        f"{task.submission}: the process that {duty.does} it was ended by {by}, as when memory runs out "
        "or a file breaks what reads it.",
        f"Close other programs, and {duty.verb} again; if it happens once more, have a person look at the "
        "file.",
    )


def _failed(duty: TaskHandler[T], code: int, log: bytes) -> Exception:
    """What to raise of a process that ended by itself and gave no answer: it is never a verdict."""
    words = printable_lines(log.decode("utf-8", "replace").rstrip())
    # Its last words are those of a fault, which stays one, or that the machine has no memory left.
    if code in (FAULT, UserError.exit_code):
        typer.echo(words, err=True)
        return typer.Exit(code)
    ended = f"The process that {duty.does} a report ended with exit code {code} and gave no answer."
    return RuntimeError(f"{ended}\n{words}".rstrip())


def _read_said(duty: TaskHandler[T], task: Task, folder: Path, limits: Limits) -> TaskResult:
    """What the other process wrote: texts, numbers and bytes only, whoever may have taken it over."""
    table = json.loads(_read_plain(folder / _SAID) or b"")
    if table["over"]:
        raise _exceeded(duty, task, "memory", limits)
    error = None
    if table["error"]:
        problem, remedy, code = table["error"]
        error = UserError(printable_lines(str(problem)), printable_lines(str(remedy)))
        error.exit_code = _exit_code(code)
    # By the names that were asked for here, and by no others.
    contents = {name: _read_plain(folder / _WANTED.format(name)) for name in task.wanted}
    files = {name: content for name, content in contents.items() if content is not None}
    lines = tuple(printable_lines(str(line)) for line in table["lines"])
    return TaskResult(lines, _exit_code(table["code"]), files, error)


def _exit_code(value: object) -> int:
    if type(value) is not int or not 0 <= value < 256:
        raise ValueError(f"no exit code: {value!r}")
    return value


def _read_log(folder: Path) -> bytes:
    """What it printed; nothing if it put something else in that place."""
    try:
        return _read_plain(folder / LOG_FILE) or b""
    except OSError:
        return b""


def _read_plain(path: Path) -> bytes | None:
    """The content of a file, None if there is none."""
    try:
        return read_plain(path, _MOST_BYTES)
    except FileNotFoundError:
        return None


def work(duty: TaskHandler[T], task_file: Path, progress_handle: int) -> None:
    """Carry out the task in a file, in this process, which gives away all other rights before it reads on."""
    request = json.loads(task_file.read_text(encoding="utf-8"))
    folder = task_file.parent
    options: dict[str, Any] = {
        key: tuple(each) if isinstance(each, list) else each for key, each in request["task"].items()
    }
    task = duty.task(**options | {"cache": options["cache"] or str(folder / _CACHE)})
    # First of all: what binds this thread does not bind those that are there already.
    _confine(task, folder, Limits(**request["limits"]))
    follow_parent()
    refuse_network()
    # Programs that are started from here, and may outlive this process, must not hold the pipe open.
    os.set_inheritable(progress_handle, False)
    said, over = TaskResult(), False
    try:
        said = duty.perform(task, PipeProgress(progress_handle))
    except UserError as error:
        said = TaskResult(error=error)
    # At its limit the kernel refuses memory instead of ending the process.
    except MemoryError:
        over = True
    for name, content in said.files.items():
        (folder / _WANTED.format(name)).write_bytes(content)
    ended = [said.error.problem, said.error.remedy, said.error.exit_code] if said.error else None
    answer = {"over": over, "lines": said.lines, "code": said.code, "error": ended}
    (folder / _SAID).write_text(json.dumps(answer), encoding="utf-8")


def _confine(task: Task, folder: Path, limits: Limits) -> None:
    scratch, cache = folder / _SCRATCH, Path(task.cache or folder / _CACHE)
    # A folder that is not there cannot be allowed.
    for each in (scratch, cache):
        each.mkdir(parents=True, exist_ok=True)
    # tempfile remembers the folder it chose first, which this process may not write to from now on.
    os.environ["TMPDIR"], tempfile.tempdir = str(scratch), None
    # Of the processor, of which all cores together may use so much within the time on the clock.
    seconds = limits.seconds * (os.cpu_count() or 1)
    readable = tuple(_list_readable(task))
    confine(Confinement(readable, (folder, cache), seconds, limits.megabytes * MEGABYTE))


def _list_readable(task: Task) -> Iterator[Path]:
    submission = Path(task.submission)
    # Its arrays and figures lie beside a results.json.
    yield submission.parent if submission.suffix == ".json" else submission
    yield from (Path(path) for path in task.beside if path)
    yield from list_read([Path(rubric) for rubric in task.rubrics])
