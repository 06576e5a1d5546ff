"""Builds in processes of their own, forked from one that has imported everything: ``build_server.py``.

Reads a list of jobs a line from standard input, each ``{"home", "harm", "at"}``, builds all these projects
at the same time with the stand-in network, and answers with a line: how each build ended. ``harm`` happens
before the ``at``-th change of a file under ``home``: ``kill`` (SIGKILL), ``interrupt`` (as by Ctrl-C),
or at none with ``""``. A write that is to be harmed is half done.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from reportgen.runtime import configure_environment

configure_environment()

CHANGES = ("os.rename", "os.link", "os.remove", "os.rmdir", "os.truncate")


class Changes:
    """Counts the changes of files under a folder, and does harm before one of them."""

    def __init__(self, home: Path, harm: str, at: int) -> None:
        self._home = str(home)
        self._harm = harm
        self._at = at
        self.seen: list[str] = []
        self._open = os.fdopen
        sys.addaudithook(self._hear)
        os.fdopen = self._fdopen  # type: ignore[assignment]

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        path = str(args[0]) if args else ""
        if not path.startswith(self._home):
            return
        creates = event == "open" and isinstance(args[2], int) and args[2] & os.O_CREAT
        if creates or event in CHANGES:
            self._count(f"{event} {path}", lambda: None)

    def _count(self, what: str, half: Callable[[], object]) -> None:
        self.seen.append(what)
        if len(self.seen) == self._at:
            half()
            if self._harm == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            elif self._harm == "interrupt":
                raise KeyboardInterrupt

    def _fdopen(self, handle: int, *args: Any, **options: Any) -> IO[Any]:
        stream = self._open(handle, *args, **options)
        real, changes = stream.write, self

        class Half:
            def __getattr__(self, name: str) -> Any:
                return getattr(stream, name)

            def __enter__(self) -> Half:
                return self

            def __exit__(self, *_: object) -> None:
                stream.close()

            def write(self, data: bytes) -> int:
                def half() -> None:
                    real(data[: len(data) // 2])
                    stream.flush()

                changes._count(f"write {handle}", half)
                return int(real(data))

        return Half()  # type: ignore[return-value]


class Listener:
    """Keeps what a build says."""

    def __init__(self) -> None:
        from reportgen.progress import Silent

        self.said: list[str] = []
        self.stage = Silent().stage

    def say(self, message: str) -> None:
        self.said.append(message)


def build(job: dict[str, Any]) -> dict[str, Any]:
    from stand_in import counting, print_nothing

    from reportgen.engine import pipeline
    from reportgen.engine.stages import pdf
    from reportgen.errors import UserError
    from reportgen.settings import load_settings

    # Where and when a build dies does not hang on how its pages are printed.
    vars(pdf)["print_pdf"] = print_nothing
    home = Path(job["home"])
    listener = Listener()
    with counting() as passes:
        changes = Changes(home, job["harm"], job["at"])
        try:
            built = pipeline.build(load_settings(folder=home), home / "data", listener)
        except UserError as error:
            return {"end": "error", "problem": error.problem, "remedy": error.remedy, "said": listener.said}
        except KeyboardInterrupt:
            return {"end": "interrupted", "said": listener.said}
    end = "changed" if built.changed else "unchanged"
    return {"end": end, "said": listener.said, "seen": changes.seen, "passes": dict(passes), "ran": built.ran}


def fork_build(job: dict[str, Any], answer: Path) -> int:
    child = os.fork()
    if child == 0:
        try:
            answer.write_text(json.dumps(build(job)))
        except BaseException as error:  # the parent only learns of it through the file
            answer.write_text(json.dumps({"end": "crash", "problem": repr(error)}))
        finally:
            os._exit(0)
    return child


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    import jsonschema  # noqa: F401
    import keras  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import sklearn.metrics  # noqa: F401
    import stand_in  # noqa: F401

    from reportgen.document import html  # noqa: F401
    from reportgen.engine import pipeline  # noqa: F401

    # What all builds share is never garbage, and looking at it would copy it into each of them.
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    answers = Path(sys.argv[1])
    say("ready")
    running: dict[int, Path] = {}
    for number, line in enumerate(sys.stdin):
        jobs = json.loads(line)
        running = {}
        for location, job in enumerate(jobs):
            answer = answers / f"{number}-{location}.json"
            running[fork_build(job, answer)] = answer
            time.sleep(job.get("delay", 0))
        ends = {}
        while running:
            child, status = os.wait()
            answer = running.pop(child)
            killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
            ends[answer.name] = {"end": "killed"} if killed else json.loads(answer.read_text())
        say(json.dumps([ends[f"{number}-{location}.json"] for location in range(len(jobs))]))


if __name__ == "__main__":
    main()
