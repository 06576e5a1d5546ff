"""Batch progress for the user: bars for the whole and for each running group, or lines without a terminal."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from reportgen.batch.job import Message
from reportgen.batch.outcome import Costs, Outcome
from reportgen.grading.exports.table import one_line

if TYPE_CHECKING:
    from rich.console import Console

_EVERY_SECONDS = 30.0


class ProgressView(Protocol):
    """A listener for the work on many groups; messages may come from any thread.

    ``reportgen.progress`` is for one report: a group's process writes its calls to a pipe, whose messages
    arrive here.
    """

    def watching(self, names: Mapping[str, str]) -> contextlib.AbstractContextManager[None]:
        """Open the view for the groups that are worked on: their names by slug."""
        ...

    def on_message(self, slug: str, message: Message) -> None:
        """Take note of what a group's process says."""
        ...

    def end(self, slug: str, outcome: Outcome, costs: Costs | None) -> None:
        """Take note of what came of a group."""
        ...

    def say(self, message: str) -> None:
        """Pass on one line that the user should read."""
        ...


class SilentView:
    """A view that shows nothing."""

    @contextlib.contextmanager
    def watching(self, names: Mapping[str, str]) -> Iterator[None]:  # noqa: ARG002
        """See ``ProgressView``."""
        yield

    def on_message(self, slug: str, message: Message) -> None:
        """Drop the message."""

    def end(self, slug: str, outcome: Outcome, costs: Costs | None) -> None:
        """Drop the outcome."""

    def say(self, message: str) -> None:
        """Drop the line."""


class LinesView:
    """A line when a group begins and one when it ends, and now and then one on all that are at work."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._names: Mapping[str, str] = {}
        self._running: dict[str, str] = {}
        self._ended: set[str] = set()
        self._spoken = time.monotonic()
        self._guard = threading.Lock()

    @contextlib.contextmanager
    def watching(self, names: Mapping[str, str]) -> Iterator[None]:
        """See ``ProgressView``."""
        self._names, self._ended = names, set()
        yield

    def on_message(self, slug: str, message: Message) -> None:
        """See ``ProgressView``."""
        with self._guard:
            if message.kind == "started" and slug not in self._ended:
                self._running[slug] = "starting"
                self.say(f"{self._names[slug]}: begins")
            elif message.kind == "said":
                self.say(f"{self._names[slug]}: {one_line(message.text)}")
            # From a cluster a message may come after the outcome.
            elif slug not in self._ended:
                self._running[slug] = _describe(message)
            now = time.monotonic()
            if now - self._spoken >= _EVERY_SECONDS:
                self._spoken = now
                at_work = ", ".join(f"{self._names[slug]} ({stage})" for slug, stage in self._running.items())
                self.say(f"  {len(self._ended)} of {len(self._names)} ended; at work: {at_work}")

    def end(self, slug: str, outcome: Outcome, costs: Costs | None) -> None:
        """See ``ProgressView``."""
        with self._guard:
            # A group that never said anything is not among them.
            self._running.pop(slug, None)
            self._ended.add(slug)
            line = f"[{len(self._ended)}/{len(self._names)}] {self._names[slug]}: {describe_outcome(outcome)}"
            self.say(line + (f" ({costs.seconds:.0f} s)" if costs else ""))

    def say(self, message: str) -> None:
        """Print one line."""
        # Takes no lock: who calls this from above holds it, and it cannot be taken twice.
        self._stream.write(f"{message}\n")
        self._stream.flush()


class BarsView:
    """A bar for the whole and one for each group at work; a line above them for each that ended."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._names: Mapping[str, str] = {}
        self._tasks: dict[str, Any] = {}
        self._ended: set[str] = set()
        self._bars: Any = None
        self._whole: Any = None
        self._guard = threading.Lock()

    @contextlib.contextmanager
    def watching(self, names: Mapping[str, str]) -> Iterator[None]:
        """See ``ProgressView``."""
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = [TextColumn("{task.description:<44}", markup=False), BarColumn(bar_width=28)]
        self._names, self._ended = names, set()
        with Progress(*columns, MofNCompleteColumn(), TimeElapsedColumn(), console=self._console) as bars:
            self._bars = bars
            self._whole = bars.add_task("All groups", total=len(names))
            yield

    def on_message(self, slug: str, message: Message) -> None:
        """See ``ProgressView``."""
        with self._guard:
            if message.kind == "said":
                self.say(f"{self._names[slug]}: {one_line(message.text)}")
                return
            # From a cluster a message may come after the outcome.
            if slug in self._ended:
                return
            if slug not in self._tasks:
                self._tasks[slug] = self._bars.add_task("", total=None)
            description = f"  {one_line(self._names[slug])[:20]}: {one_line(message.text)[:22]}"
            self._bars.update(
                self._tasks[slug],
                description=description,
                completed=message.count,
                # A message has 0 for an unknown number, and rich would show 0 of 0 as a full bar.
                total=message.total or None,
            )

    def end(self, slug: str, outcome: Outcome, costs: Costs | None) -> None:
        """See ``ProgressView``."""
        with self._guard:
            self._ended.add(slug)
            if slug in self._tasks:
                self._bars.remove_task(self._tasks.pop(slug))
            self._bars.advance(self._whole)
            seconds = f" ({costs.seconds:.0f} s)" if costs else ""
            self.say(f"{self._names[slug]}: {describe_outcome(outcome)}{seconds}")

    def say(self, message: str) -> None:
        """Print one line above the bars."""
        # Names of groups are no markup: rich would take [x] for a style.
        self._console.print(message, markup=False, emoji=False, highlight=False, soft_wrap=True)


def describe_outcome(outcome: Outcome) -> str:
    """The outcome of a group in a few words."""
    if not outcome.done:
        return f"failed. {outcome.reason}"
    verified = f", {outcome.verification}" if outcome.verification else ""
    return (outcome.undecided or f"{outcome.score} of {outcome.points} points") + verified


def _describe(message: Message) -> str:
    if not message.total:
        return one_line(message.text)
    return f"{one_line(message.text)}, {message.count} of {message.total}"


def choose_view(*, quiet: bool, stream: TextIO) -> ProgressView:
    """Bars on a terminal, lines elsewhere, nothing at all with ``quiet``."""
    if quiet:
        return SilentView()
    if not stream.isatty():
        return LinesView(stream)
    from rich.console import Console

    return BarsView(Console(file=stream))
