"""The job of one group and the messages of its process, serialised for another process or machine."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from reportgen.batch.class_file import DEFAULT_LIMITS, Limits
from reportgen.errors import DataError, UserError
from reportgen.grading.exports.table import one_line
from reportgen.outline.kind import Outline
from reportgen.progress import Advance

_LONGEST = 400
_LISTED = 3
JOB_FILE = "job.json"


@dataclass(frozen=True)
class BatchConfig:
    """The configuration shared by all groups of a batch.

    ``weights``: imagenet, embedded or a path, and the hash that its file must have. ``command``: the program
    that is given a job, () for reportgen's own; ``environment``: variables set for it. ``outline``: what
    every report is made of, whatever the group's own settings say.
    """

    rubrics: tuple[str, ...]
    weights: str
    weights_sha256: str
    cache: str
    cache_limit_mb: int
    course: str = ""
    assignment: str = ""
    outline: Outline = field(default_factory=Outline)
    verify: bool = False
    limits: Limits = DEFAULT_LIMITS
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """One group: ``contents`` is the digest of its ``folder``, ``key`` that of all its grades depend on.

    ``out`` is the output of the whole batch.
    """

    name: str
    slug: str
    folder: str
    contents: str
    key: str
    out: str
    config: BatchConfig


def job_text(job: Job) -> str:
    """The job as JSON."""
    return json.dumps(asdict(job), indent=1)


def parse_job(text: str) -> Job:
    """Read what :func:`job_text` wrote."""
    table: dict[str, Any] = json.loads(text)
    config = table.pop("config")
    outline = config["outline"]
    sections = outline["sections"]
    outline = Outline(outline["report"], tuple(sections) if sections is not None else None)
    made = BatchConfig(**{**config, "limits": Limits(**config["limits"]), "outline": outline})
    return Job(**table, config=replace(made, rubrics=tuple(made.rubrics), command=tuple(made.command)))


def read_job(file: Path) -> Job:
    """The job that a file holds."""
    return parse_job(file.read_text(encoding="utf-8"))


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
    """Read what :func:`message_text` wrote; None for anything else."""
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


def describe_problem(error: UserError, job: Job, folder: Path) -> str:
    """The text of an error, on one line and without paths of this machine."""
    lines = list(error.problems) if isinstance(error, DataError) else error.problem.splitlines()
    shown = [one_line(localise(line, job, folder)).rstrip(".") for line in lines[:_LISTED]]
    more = len(lines) - len(shown)
    text = "; ".join(shown) + (f"; and {more} more" if more else "")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def localise(text: str, job: Job, folder: Path) -> str:
    """The text with the paths of a group's folder and of its report named as from inside."""
    return name_inside(name_inside(text, folder), Path(job.folder))


def name_inside(text: str, folder: Path) -> str:
    """The text with the paths of files in ``folder`` relative to it."""
    for form in dict.fromkeys((str(folder), str(folder.resolve()))):
        text = text.replace(f"{form}/", "").replace(form, "the folder")
    return text
