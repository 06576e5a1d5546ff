"""The process that a build asked for in Python runs in, so that what is imported there decides nothing."""

from __future__ import annotations

import math
import os
import signal
import sys
import tempfile
from pathlib import Path

import reportgen
from reportgen.api.relay import Relay
from reportgen.api.request import Answer, Request, parse_answer, request_text
from reportgen.batch.class_file import Limits
from reportgen.batch.messages import parse_message
from reportgen.batch.process import Program, run_program
from reportgen.errors import StoppedError, UserError
from reportgen.faults import TRACEBACK
from reportgen.progress import Progress
from reportgen.store.files import writing

ANSWER_FILE = "answer.json"
_REQUEST_FILE, _LOG_FILE = "request.json", "log.txt"
_COMMAND = ("-P", "-m", "reportgen", "build-worker")
_NO_LIMITS = Limits(math.inf, sys.maxsize)
_PATIENCE_SECONDS = 10.0
_STOPPED = 130
_LOG_END = 4000


class BuildCrashError(RuntimeError):
    """The process that builds ended without an answer: a fault of reportgen's, or of the machine's."""


def run_request(request: Request, progress: Progress) -> Answer:
    """Build in a fresh Python of the same kind, in the current folder; ``progress`` hears how it goes.

    The process ends with this one, and when this call is left by an exception, as that of Ctrl-C. Raises
    ``UserError`` if it was killed from outside, ``BuildCrashError`` with its last words if it crashed.
    """
    with tempfile.TemporaryDirectory(prefix="reportgen-") as folder, Relay(progress) as relay:
        place = Path(folder)
        with writing(place):
            (place / _REQUEST_FILE).write_text(request_text(request), encoding="utf-8")
        program = Program(
            (sys.executable, *_COMMAND, str(place / _REQUEST_FILE)),
            Path.cwd(),
            _environment(),
            place / _LOG_FILE,
            _PATIENCE_SECONDS,
        )

        def on_message(line: str) -> None:
            if message := parse_message(line):
                relay.on_message(message)

        end = run_program(program, _NO_LIMITS, on_message, lambda: False)
        if end.code == _STOPPED:
            raise StoppedError
        answer = place / ANSWER_FILE
        if end.code == 0 and answer.exists():
            return parse_answer(answer.read_text(encoding="utf-8"))
        raise _explain(end.code, place / _LOG_FILE)


def _environment() -> dict[str, str]:
    """The environment of this process, and where reportgen is if a new Python would not find it by itself."""
    environment = {**os.environ, TRACEBACK: "1"}  # whoever writes Python reads traces
    # A notebook may have put its folder into sys.path, or have been started in it.
    folder = Path(reportgen.__file__).resolve().parents[1]
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
