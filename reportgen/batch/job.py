"""A group's job, and what is said of it on the way, as data for another process or machine."""

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

_MOST = 10**12
"""Items of a stage."""

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
    outline: Outline = field(default_factory=Outline)
    limits: Limits = DEFAULT_LIMITS
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EnteredPoints:
    """Points that a person entered for a criterion; decimals as text, so that they stay exact."""

    criterion: str
    points: str
    of: str
    comment: str = ""


@dataclass(frozen=True)
class Job:
    """One group: ``contents`` is the digest of its ``folder`` and of ``more``, where the rest of what it
    handed in was unpacked to; ``key`` that of all its grades depend on.

    ``data``: the instructor's images for it, with their digest, "" where it is to hand in its own. ``out`` is
    the output of the whole batch.

    ``examined``: the key of the recomputation alone; ``previous``: the folder of a run before with just that
    recomputation, so that nothing but the grading is to be done, "" without one. ``submitted``: when the
    report came, in ISO 8601, "" if unknown; ``manual``: points that a person gave.
    """

    name: str
    slug: str
    folder: str
    contents: str
    key: str
    out: str
    config: BatchConfig
    more: tuple[str, ...] = ()
    data: str = ""
    data_contents: str = ""
    examined: str = ""
    previous: str = ""
    submitted: str = ""
    manual: tuple[EnteredPoints, ...] = ()

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders of the group's submission."""
        return (Path(self.folder), *map(Path, self.more))


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
    # JSON has lists only; a job that came through it is to equal the one that was sent.
    config = replace(made, rubrics=tuple(made.rubrics), command=tuple(made.command))
    manual = tuple(EnteredPoints(**typed) for typed in table["manual"])
    return Job(**{**table, "more": tuple(table["more"]), "manual": manual}, config=config)


def read_job(file: Path) -> Job:
    """The job that a file holds."""
    return parse_job(file.read_text(encoding="utf-8"))


Kind = Literal["started", "stage", "advanced", "said"]

_KINDS: tuple[Kind, ...] = ("started", "stage", "advanced", "said")

# No more often than the other side looks into the pipe.
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
    # Whatever runs in the group's process can write to the pipe, a rubric's tests among them.
    kinds = (type(message.text), type(message.count), type(message.total))
    if message.kind not in _KINDS or kinds != (str, int, int):
        return None
    # Bars compute with them as floats.
    return message if 0 <= message.count <= _MOST and 0 <= message.total <= _MOST else None


class PipeProgress:
    """A listener (see ``reportgen.progress``) that writes each call to a pipe as a message."""

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
    listed = [one_line(localise(line, job, folder)).rstrip(".") for line in lines[:_LISTED]]
    more = len(lines) - len(listed)
    text = "; ".join(listed) + (f"; and {more} more" if more else "")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def describe_limit(over: Literal["time", "memory"], limits: Limits) -> str:
    """Why a group has no outcome, if it took more than it may."""
    if over == "time":
        return f"It took longer than the {limits.seconds:g} s that are allowed"
    return f"It took more memory than the {limits.megabytes} MB that are allowed"


def localise(text: str, job: Job, folder: Path) -> str:
    """The text with the paths of a group's folders and of its report named as from inside."""
    for inside in (folder, *job.roots):
        text = name_inside(text, inside)
    return text.replace(job.data, "the data of the class") if job.data else text


def name_inside(text: str, folder: Path) -> str:
    """The text with the paths of files in ``folder`` relative to it."""
    # A message quotes a path as it was given, or with its links resolved.
    for form in dict.fromkeys((str(folder), str(folder.resolve()))):
        text = text.replace(f"{form}/", "").replace(form, "the folder")
    return text
