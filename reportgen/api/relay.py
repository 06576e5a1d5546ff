"""What the process that builds says, passed on to a listener of this one."""

from __future__ import annotations

import contextlib
from types import TracebackType
from typing import Self

from reportgen.batch.messages import Message
from reportgen.progress import Advance, Progress


class Relay:
    """Turns messages into the calls of a listener (see ``reportgen.progress``).

    That a stage has ended is not told: it lasts to the next, and one that another came into goes on
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
            if message.text != self._title:
                self._open(message)
            self._advance(message.count - self._done)
            self._done = message.count
        elif message.kind == "said":
            self._progress.say(message.text)

    def _open(self, message: Message) -> None:
        self._stage.close()
        self._title, self._done = message.text, 0
        self._advance = self._stage.enter_context(self._progress.stage(message.text, message.total or None))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stage.__exit__(kind, error, trace)
