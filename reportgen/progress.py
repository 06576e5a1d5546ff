"""Interface by which long work reports progress, independent of who listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[int], None]
"""Called with the number of items just finished."""


class Progress(Protocol):
    """A listener for the stages of a build."""

    def stage(self, title: str, total: int | None = None) -> AbstractContextManager[Advance]:
        """Open a stage of ``total`` items (None: unknown); the stage ends with the ``with`` block."""
        ...

    def say(self, message: str) -> None:
        """Pass on one line that the user should read."""
        ...


class Silent:
    """A listener that says nothing: for tests and for ``--quiet``."""

    @contextmanager
    def stage(self, title: str, total: int | None = None) -> Iterator[Advance]:  # noqa: ARG002
        yield lambda _count: None

    def say(self, message: str) -> None:
        """Drop the line."""
