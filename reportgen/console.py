"""Progress output: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from reportgen.progress import Advance, Progress, Silent

if TYPE_CHECKING:
    from rich.console import Console

_EVERY_SECONDS = 5.0


class Bars:
    """A bar for each stage, with count, time so far and time left."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def stage(self, title: str, total: int | None = None) -> Iterator[Advance]:
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as RichProgress

        columns = [TextColumn("{task.description:<34}", markup=False), BarColumn(bar_width=28)]
        if total:
            columns += [MofNCompleteColumn(), TimeRemainingColumn()]
        with RichProgress(*columns, TimeElapsedColumn(), console=self._console) as progress:
            task = progress.add_task(title, total=total)
            yield lambda count: progress.advance(task, count)
            # A stage of unknown length has no end that its bar could reach by itself.
            progress.update(task, total=total or 1, completed=total or 1)

    def say(self, message: str) -> None:
        """Print one line above the bars."""
        # A class may be called [red], which rich would take for a colour.
        self._console.print(message, markup=False, emoji=False, highlight=False, soft_wrap=True)


class Lines:
    """A line when a stage begins, and one now and then while it goes on."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    @contextmanager
    def stage(self, title: str, total: int | None = None) -> Iterator[Advance]:
        self.say(f"{title} ({total})" if total else title)
        done, start = 0, time.monotonic()
        spoken = start

        def advance(count: int) -> None:
            nonlocal done, spoken
            done += count
            now = time.monotonic()
            if total and 0 < done < total and now - spoken >= _EVERY_SECONDS:
                spoken = now
                left = (now - start) / done * (total - done)
                self.say(f"  {done} of {total}, about {left:.0f} s left")

        yield advance

    def say(self, message: str) -> None:
        """Print one line."""
        print(message, file=self._stream, flush=True)


@contextmanager
def stderr_held_back() -> Iterator[None]:
    """Hold back what libraries write directly to the error stream; it is shown only if the work fails."""
    sys.stderr.flush()
    # The descriptor and not sys.stderr, past which TensorFlow's C++ writes.
    kept = os.dup(2)
    # A file and no pipe: a full pipe would stop whoever writes.
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        except BaseException:
            aside.seek(0)
            os.write(kept, aside.read())
            raise
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def choose_progress(*, quiet: bool, stream: TextIO | None = None) -> Progress:
    """Bars on a terminal, lines elsewhere, nothing at all with ``quiet``. The stream is standard error."""
    stream = stream or sys.stderr
    if quiet:
        return Silent()
    if not stream.isatty():
        return Lines(stream)
    from rich.console import Console

    return Bars(Console(file=stream))
