"""How a group's process tells what it is doing: a line of JSON for each message, through a pipe."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from reportgen.progress import Advance

Kind = Literal["started", "stage", "advanced", "said"]
_KINDS: tuple[Kind, ...] = ("started", "stage", "advanced", "said")
_EVERY_SECONDS = 0.2


@dataclass(frozen=True)
class Message:
    """``started``: work on the group began; ``stage``: it came to the stage ``text`` of ``total`` items
    (0: unknown); ``advanced``: ``count`` of them are done; ``said``: a line for the user.
    """

    kind: Kind
    text: str = ""
    count: int = 0
    total: int = 0


def message_text(message: Message) -> str:
    """The message on one line."""
    return json.dumps(asdict(message))


def parse_message(line: str) -> Message | None:
    """What :func:`message_text` wrote, None for anything else."""
    try:
        table: Any = json.loads(line)
        message = Message(**table)
    except (ValueError, TypeError, RecursionError):
        return None
    kinds = (type(message.text), type(message.count), type(message.total))
    return message if message.kind in _KINDS and kinds == (str, int, int) else None


class PipeProgress:
    """A listener (see ``reportgen.progress``) that writes what it hears to a pipe."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    @contextlib.contextmanager
    def stage(self, title: str, total: int | None = None) -> Iterator[Advance]:
        self._send(Message("stage", title, total=total or 0))
        done, spoken = 0, time.monotonic()

        def advance(count: int) -> None:
            nonlocal done, spoken
            done += count
            if time.monotonic() - spoken >= _EVERY_SECONDS:
                spoken = time.monotonic()
                self._send(Message("advanced", title, done, total or 0))

        yield advance

    def say(self, message: str) -> None:
        """Pass on one line that the user should read."""
        self._send(Message("said", message))

    def _send(self, message: Message) -> None:
        # Whoever listened may be gone; that ends the process in another way.
        with contextlib.suppress(OSError):
            os.write(self._handle, message_text(message).encode() + b"\n")
