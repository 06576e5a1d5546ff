"""Build progress in a notebook: one output that is updated in place."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

from reportgen.console import choose_progress
from reportgen.progress import Advance, Progress, Silent

# Each update sends the whole output to the browser again.
_EVERY_SECONDS = 0.2


class NotebookProgress:
    """A bar for the present stage, and below it what the user should know, which stays."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._lines: list[str] = []
        self._title, self._done, self._total = "", 0, 0
        self._updated = 0.0

    @contextmanager
    def stage(self, title: str, total: int | None = None) -> Iterator[Advance]:
        self._title, self._done, self._total = title, 0, total or 0
        self._show()

        def advance(count: int) -> None:
            self._done += count
            if time.monotonic() - self._updated >= _EVERY_SECONDS:
                self._show()

        yield advance

    def say(self, message: str) -> None:
        """Add a line."""
        self._lines.append(message)
        self._show()

    def end(self) -> None:
        """Take the bar away; without any line nothing stays."""
        self._title = ""
        if self._handle:
            self._show()

    def _show(self) -> None:
        # No dependency of reportgen: in a notebook it is there.
        from IPython.display import display

        self._updated = time.monotonic()
        bundle = {"text/plain": "\n".join(self._texts()), "text/html": self._html()}
        if self._handle:
            self._handle.update(bundle, raw=True)
        else:
            self._handle = display(bundle, raw=True, display_id=True)

    def _texts(self) -> list[str]:
        counted = f" ({self._done} of {self._total})" if self._total else ""
        return [*([f"{self._title}{counted} …"] if self._title else []), *self._lines]

    def _html(self) -> str:
        lines = "".join(f"<div>{escape(line)}</div>" for line in self._lines)
        if not self._title:
            return lines
        # Without a value the bar moves to and fro, as suits a stage whose length is not known.
        known = f' max="{self._total}" value="{min(self._done, self._total)}"' if self._total else ""
        counted = f" {self._done} of {self._total}" if self._total else ""
        title = escape(self._title)
        return f'<div><progress{known} aria-label="{title}"></progress> {title}{counted}</div>{lines}'


@contextmanager
def listening(*, quiet: bool) -> Iterator[Progress]:
    """The progress listener of a build: this notebook, or standard error as on the command line."""
    if quiet:
        yield Silent()
    elif in_notebook():
        display = NotebookProgress()
        try:
            yield display
        finally:
            display.end()
    else:
        yield choose_progress(quiet=False)


def in_notebook() -> bool:
    """Whether a kernel runs this, whose output is shown by another program; IPython is not imported for
    it.
    """
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    shell = get_ipython()
    # A shell on a terminal has none.
    return getattr(shell, "kernel", None) is not None
