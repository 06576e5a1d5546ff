"""Builds in a fresh process, so that a Keras that is already imported here has no influence."""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

import reportgen
from reportgen.batch.class_file import Limits
from reportgen.batch.job import Message, parse_message
from reportgen.batch.process import ProcessResult, Program, run_program
from reportgen.errors import Problem, StoppedError, UserError
from reportgen.faults import TRACEBACK
from reportgen.outline.kind import Outline
from reportgen.progress import Advance, Progress
from reportgen.settings import Settings, settings_type
from reportgen.store.files import writing
from reportgen.text import printable


@dataclass(frozen=True)
class Request:
    """A build. ``settings`` are those to use, else ``file`` is read, else ``report.toml`` if there is one.

    ``overrides`` (data, weights, build, as text) win over both.
    """

    settings: Settings | None
    file: Path | None
    overrides: Mapping[str, str]
    fresh: bool = False


def request_text(request: Request) -> str:
    """The request as JSON."""
    settings = request.settings
    return json.dumps(
        {
            # Only what was given: that, too, is asked of settings.
            "settings": settings.model_dump(mode="json", exclude_unset=True) if settings else None,
            "file": str(request.file) if request.file else None,
            "overrides": dict(request.overrides),
            "fresh": request.fresh,
        }
    )


def parse_request(text: str) -> Request:
    """Read what :func:`request_text` wrote.

    The settings have the keys of the sections, also if they were given as plain ``Settings``. Raises
    ``SettingsError`` for a report or section that is not installed.
    """
    table = json.loads(text)
    settings, file, values = None, table["file"], table["settings"]
    if values is not None:
        outline = {key: values[key] for key in ("report", "sections") if key in values}
        kind = Settings.model_validate_json(json.dumps(outline)).kind
        settings = settings_type(kind).model_validate_json(json.dumps(values))
    return Request(settings, Path(file) if file else None, table["overrides"], table["fresh"])


@dataclass(frozen=True)
class Answer:
    """The outcome of a build: its folder and whether anything changed, or the error that ended it.

    With both, there is a report that lacks something, as the PDF. ``outline``: what the report is made of, by
    names from the settings, which the results alone do not contain.
    """

    folder: Path | None = None
    changed: bool = False
    error: UserError | None = None
    outline: Outline = field(default_factory=Outline)


def answer_text(answer: Answer) -> str:
    """The answer as JSON."""
    return json.dumps(
        {
            "folder": str(answer.folder) if answer.folder else None,
            "changed": answer.changed,
            "error": _describe_error(answer.error) if answer.error else None,
            "outline": asdict(answer.outline),
        }
    )


def parse_answer(text: str) -> Answer:
    """Read what :func:`answer_text` wrote."""
    table = json.loads(text)
    folder, error, outline = table["folder"], table["error"], table["outline"]
    sections = outline["sections"]
    return Answer(
        Path(folder) if folder else None,
        table["changed"],
        _make_error(error) if error else None,
        Outline(outline["report"], None if sections is None else tuple(sections)),
    )


def _describe_error(error: UserError) -> dict[str, Any]:
    kind = type(error)
    return {
        "module": kind.__module__,
        "kind": kind.__qualname__,
        "problem": error.problem,
        "remedy": error.remedy,
        "problems": [asdict(each) if is_dataclass(each) else each for each in getattr(error, "problems", ())],  # type: ignore[arg-type]
    }


def _make_error(table: Mapping[str, Any]) -> UserError:
    """The error again, of its own class, so that it can be caught by it."""
    # Nobody but our own child process writes this answer.
    kind: Any = getattr(importlib.import_module(table["module"]), table["kind"])
    error: UserError = kind.__new__(kind)
    # Each class puts its words together in its own way; here they come ready.
    UserError.__init__(error, table["problem"], table["remedy"])
    problems = tuple(Problem(**each) if isinstance(each, dict) else each for each in table["problems"])
    if problems:
        error.problems = problems  # type: ignore[attr-defined]
    return error


class Relay:
    """Turns messages into the calls of a listener (see ``reportgen.progress``).

    The end of a stage is not reported: it lasts to the next, and one that another came into goes on
    afterwards.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._stage = contextlib.ExitStack()
        self._advance: Advance = lambda _count: None
        self._title = ""
        self._done = 0

    def on_message(self, message: Message) -> None:
        """Pass on one message."""
        if message.kind == "stage":
            self._open(message)
        elif message.kind == "advanced":
            # Another stage came in between; this one goes on.
            if message.text != self._title:
                self._open(message)
            self._advance(message.count - self._done)
            self._done = message.count
        elif message.kind == "said":
            self._progress.say(printable(message.text))

    def _open(self, message: Message) -> None:
        self._stage.close()
        self._title, self._done = message.text, 0
        # A stranger's file may have taken over who says it.
        title = printable(message.text)
        self._advance = self._stage.enter_context(self._progress.stage(title, message.total or None))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stage.__exit__(kind, error, trace)


ANSWER_FILE = "answer.json"

_REQUEST_FILE, LOG_FILE = "request.json", "log.txt"

# -P: a file next to the notebook must not shadow a module.
_COMMAND = ("-P", "-m", "reportgen", "build-worker")

# One's own build may take as long and as much as it needs.
_NO_LIMITS = Limits(math.inf, sys.maxsize)

_PATIENCE_SECONDS = 10.0

# As INTERRUPTED of cli.program, which is in a layer above this one.
_STOPPED = 130

_LOG_END = 4000


class BuildCrashError(RuntimeError):
    """The process that builds ended without an answer: a fault of reportgen's, or of the machine's."""


def run_request(request: Request, progress: Progress) -> Answer:
    """Build in a new process of the same Python, in the current folder; ``progress`` follows it.

    The process ends with this one, and when this call is left by an exception, as that of Ctrl-C. Raises
    ``UserError`` if it was killed from outside, ``BuildCrashError`` with its last words if it crashed.
    """
    with tempfile.TemporaryDirectory(prefix="reportgen-") as name:
        folder = Path(name)
        with writing(folder):
            # By file: the standard input is the pipe by whose end the process learns that this one is gone.
            (folder / _REQUEST_FILE).write_text(request_text(request), encoding="utf-8")
        # Whoever writes Python reads traces.
        command, environment = (*_COMMAND, str(folder / _REQUEST_FILE)), {TRACEBACK: "1"}
        # And not by multiprocessing, which forks this process with the Keras in it, or sends pickles.
        end = run_child(command, folder / LOG_FILE, _NO_LIMITS, progress, environment)
        answer = folder / ANSWER_FILE
        # Not by the answer alone, behind which the process may still have crashed.
        if end.code == 0 and answer.exists():
            return parse_answer(answer.read_text(encoding="utf-8"))
        raise _explain(end.code, folder / LOG_FILE)


def run_child(
    command: Sequence[str],
    log: Path,
    limits: Limits,
    progress: Progress,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> ProcessResult:
    """Run a hidden command of reportgen in a new process of the same Python, in the current folder.

    ``progress`` follows it; what it prints goes to ``log``. ``environment`` is added to that of this process.
    Raises ``StoppedError`` if it was stopped as by Ctrl-C.
    """
    with Relay(progress) as relay:

        def on_message(line: str) -> None:
            if message := parse_message(line):
                relay.on_message(message)

        known = {**_environment(), **environment}
        program = Program((sys.executable, *command), Path.cwd(), known, log, _PATIENCE_SECONDS)
        # Nothing stops it from here but an exception, as that of Ctrl-C, which leaves the call.
        end = run_program(program, limits, on_message, lambda: False)
    if end.code == _STOPPED:
        raise StoppedError
    return end


def _environment() -> dict[str, str]:
    """The environment of this process, and where reportgen is if a new Python would not find it by itself."""
    environment = dict(os.environ)
    # A notebook may have put its folder into sys.path, or have been started in it.
    folder = Path(reportgen.__file__).resolve().parents[1]
    # Installed, it is found anyway, and naming the folder would put its packages before all others.
    if folder.name not in ("site-packages", "dist-packages"):
        known = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = os.pathsep.join([str(folder), *([known] if known else [])])
    return environment


def _explain(code: int, log: Path) -> Exception:
    words = log.read_bytes()[-_LOG_END:].decode("utf-8", "replace").strip()
    if -code in (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP):
        return UserError(
            f"The process that builds was killed from outside ({signal.Signals(-code).name}), as when memory "
            "runs out.",
            "Close other programs or notebooks, and build again; what was finished is kept.",
        )
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return BuildCrashError(f"The process that builds ended with {how}.\n{words}".rstrip())
