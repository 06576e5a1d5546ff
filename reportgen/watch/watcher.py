"""Builds the report again whenever data, settings or templates change, one build at a time."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from reportgen.errors import StoppedError, UserError
from reportgen.faults import describe_fault, report_line, tell_fault
from reportgen.progress import Advance, Progress
from reportgen.settings import Settings
from reportgen.watch.changes import ChangeEffect, Changes, Inputs, WatchError
from reportgen.watch.server import Feed, ReportServer

DEFAULT_PORT = 8671

Load = Callable[[], tuple[Settings, Path]]
"""Reads the settings again; returns them with the folder of images."""
Build = Callable[[Settings, Path, Progress], Path]
"""Builds the report and returns the folder with it, or raises and leaves the last one as it was."""


def watch(load: Load, build: Build, inputs: Inputs, progress: Progress, *, port: int = DEFAULT_PORT) -> None:
    """Build the report, show it on 127.0.0.1, and build it again after each change, until Ctrl-C.

    ``inputs`` says what is watched besides the folder of images that ``load`` returns. All builds run in the
    calling thread. An error of ``load`` or ``build`` is printed and shown under the last good report; the
    watch goes on. Raises ``UserError`` if the port cannot be had or folders cannot be watched.
    """
    try:
        with ReportServer(port) as server, Changes() as changes:
            progress.say(f"The report is at {server.url} and follows every change; Ctrl-C ends this.")
            Watcher(load, build, server, changes, progress).run(inputs)
    except (KeyboardInterrupt, StoppedError):
        progress.say("Stopped watching; the last report stays.")


class Watcher:
    """Goes on until ``changes`` is closed, and never builds twice at once."""

    def __init__(
        self, load: Load, build: Build, server: ReportServer, changes: Changes, progress: Progress
    ) -> None:
        self._load = load
        self._build = build
        self._server = server
        self._changes = changes
        self._progress = progress

    def run(self, inputs: Inputs) -> None:
        """Build now and after each change, but never when reportgen's code is no longer what was started."""
        code, outdated = _digest(inputs.sources), False
        followed = self._round(inputs, inputs)
        while effects := self._changes.wait():
            before = outdated
            if ChangeEffect.CODE in effects:
                # By content: an edit that is taken back needs no restart.
                outdated = _digest(inputs.sources) != code
            # Not built with: Python keeps the modules that it has imported, so the old code would run under
            # new keys.
            if outdated and not before:
                self._ask_for_restart()
            # What changed while the code was another one was not built, so it is built now.
            if not outdated and (before or ChangeEffect.REPORT in effects):
                followed = self._round(inputs, followed)

    def _round(self, inputs: Inputs, followed: Inputs) -> Inputs:
        """Load and build once; returns what is followed now, with the data folder that the settings name."""
        feed = self._server.feed
        try:
            feed.building("")
            # Before the settings are read: if they have a fault, its correction must be noticed.
            self._changes.follow(followed)
            settings, data = self._load()
            own = (settings.templates,) if settings.templates else ()
            followed = replace(
                inputs,
                data=(*inputs.data, data),
                templates=(*own, *inputs.templates),
                ignored=(settings.build, settings.cache),
            )
            self._changes.follow(followed)
            self._server.offer(settings.build)
            self._server.show(self._build(settings, data, _Relay(self._progress, feed)), settings.unwritten)
        # Neither goes away with the next change, as other errors may.
        except (StoppedError, WatchError):
            raise
        except UserError as error:
            _complain(error.problem, error.remedy)
            feed.failed(error.problem, error.remedy)
        # A fault of ours must not end a watch that has run for hours; the report before it stays on the
        # page.
        except Exception as error:
            tell_fault(error)
            feed.failed(f"A fault of reportgen itself: {describe_fault(error)}", report_line())
        return followed

    def _ask_for_restart(self) -> None:
        problem, remedy = "reportgen's own code has changed.", "Restart 'reportgen watch' to go on with it."
        sys.stderr.write(f"{problem} {remedy}\n")
        self._server.feed.failed(problem, remedy)


class _Relay:
    """Forwards everything, and sends the title of each stage to the pages."""

    def __init__(self, progress: Progress, feed: Feed) -> None:
        self._progress = progress
        self._feed = feed

    def stage(self, title: str, total: int | None = None) -> AbstractContextManager[Advance]:
        self._feed.building(title)
        return self._progress.stage(title, total)

    def say(self, message: str) -> None:
        self._progress.say(message)


def _complain(problem: str, remedy: str) -> None:
    """Print an error as the other commands do, without ending the watch."""
    sys.stderr.write(f"reportgen: {problem}\n  → {remedy}\n")
    sys.stderr.flush()


def _digest(sources: Path) -> str:
    """SHA-256 of all source files below ``sources`` with their names."""
    digest = hashlib.sha256()
    for path in sorted(sources.rglob("*.py")):
        try:
            content = path.read_bytes()
        except OSError:
            continue  # gone again, or a link to nowhere
        # With its length, so that no other division of the same bytes into files gives the same hash.
        digest.update(f"{path.relative_to(sources)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
