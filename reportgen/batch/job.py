"""A group's job and its outcome, as data for another process or machine."""

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
from reportgen.batch.contents import hash_file
from reportgen.engine.plan import digest_of
from reportgen.errors import DataError, UserError
from reportgen.grading.exports.table import one_line
from reportgen.outline.kind import Outline
from reportgen.progress import Advance
from reportgen.store.files import write_atomically

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
    outline: Outline = field(default_factory=Outline)
    limits: Limits = DEFAULT_LIMITS
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Typed:
    """Points that a person gave for a criterion; decimals as text, so that they stay exact."""

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
    manual: tuple[Typed, ...] = ()

    @property
    def roots(self) -> tuple[Path, ...]:
        """The folders with what the group handed in."""
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
    manual = tuple(Typed(**typed) for typed in table["manual"])
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
    return message if message.kind in _KINDS and kinds == (str, int, int) else None


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
    shown = [one_line(localise(line, job, folder)).rstrip(".") for line in lines[:_LISTED]]
    more = len(lines) - len(shown)
    text = "; ".join(shown) + (f"; and {more} more" if more else "")
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


OUTCOME_FILE, COSTS_FILE, LOG_FILE = "outcome.json", "costs.json", "log.txt"

_FORMAT = 2

# These differ from run to run, or are written last.
_UNSEALED = frozenset({OUTCOME_FILE, COSTS_FILE, LOG_FILE})

Cause = Literal["", "absent", "unchecked", "data", "time", "memory", "crash", "fault", "killed", "storage"]
"""Why a group has no grades: it handed in no report; there are no images to check it with; what it handed in
cannot be read; a limit; a crash of its process; a fault of reportgen itself, which says nothing about the
group; the system or the disk."""

PASSING: frozenset[Cause] = frozenset({"killed", "storage"})
"""Causes that may be gone when the group is tried again, though nothing of it has changed."""


@dataclass(frozen=True)
class Mark:
    """The points of one criterion; decimals as text, so that they stay exact."""

    criterion: str
    score: str
    points: str
    status: str


@dataclass(frozen=True)
class Author:
    """An author as the report names them, white space aside; ``roll_number``: "" without one."""

    name: str
    roll_number: str = ""


@dataclass(frozen=True)
class Traits:
    """What data, settings and seed do not determine: groups that worked on their own do not share it.

    ``authors`` as the report has them; ``words``: the SHA-256 of each longer piece of commentary, by
    slot, and ``pieces`` hashes of all its pieces of eight words; ``images``: perceptual hashes (hexadecimal)
    of images of the group's own, by the SHA-256 of the files; ``paper``: a hash of what is in the PDF,
    however it is packed, "" without one.
    """

    authors: tuple[Author, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    pieces: tuple[str, ...] = ()
    paper: str = ""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a group. It does not depend on times, paths or other groups.

    ``score`` and ``points`` are exact decimals as text, "" without grades; ``correct`` of ``total`` test
    images were recognised; ``verification`` says how the report compares with its recomputation,
    ``verified`` whether there is more to read about it, ``differs`` whether there is a difference, ``look``
    whether a part of the document could not be compared, so that a person should look; ``hold``:
    why the grades are held until the instructor releases them, "" if they are not;
    ``undecided``: the sum in words if some of it could not be checked, "" otherwise; ``checked``: the part of
    ``points`` that was, ``not_checkable`` and ``not_graded`` the others, in the same form.
    """

    cause: Cause = ""
    reason: str = ""
    score: str = ""
    points: str = ""
    marks: tuple[Mark, ...] = ()
    correct: int | None = None
    total: int | None = None
    verification: str = ""
    verified: bool = False
    differs: bool = False
    look: bool = False
    hold: str = ""
    notes: tuple[str, ...] = ()
    undecided: str = ""
    checked: str = ""
    not_checkable: str = ""
    not_graded: str = ""
    traits: Traits = field(default_factory=Traits)

    @property
    def most(self) -> str:
        """What ``score`` is out of: a point that could not be checked is neither reached nor lost."""
        return self.checked or self.points

    @property
    def done(self) -> bool:
        """Whether the report was graded."""
        return not self.cause


@dataclass(frozen=True)
class Costs:
    """The cost of a group: wall time in seconds, peak resident memory in bytes."""

    seconds: float
    peak: int


def outcome_text(outcome: Outcome) -> str:
    """The outcome as JSON."""
    return json.dumps(asdict(outcome), indent=1)


def parse_outcome(table: Mapping[str, Any]) -> Outcome:
    """Read what :func:`outcome_text` wrote. Raises ``TypeError`` or ``KeyError`` for anything else."""
    marks = tuple(Mark(**mark) for mark in table["marks"])
    authors = tuple(Author(**author) for author in table["traits"]["authors"])
    pieces = tuple(table["traits"]["pieces"])
    traits = Traits(**{**table["traits"], "authors": authors, "pieces": pieces})
    return Outcome(**{**table, "marks": marks, "notes": tuple(table["notes"]), "traits": traits})


def write_outcome(folder: Path, outcome: Outcome, key: str, examined: str = "") -> None:
    """Write the outcome next to the files it belongs to, with their hashes, for :func:`find_finished`.

    ``examined``: the key of its recomputation, "" if there is none to be used again.
    """
    files = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    hashes = {name: hash_file(folder / name) for name in files if name not in _UNSEALED}
    content = {"format": _FORMAT, "key": key, "files": hashes, "outcome": asdict(outcome)}
    content |= {"examined": examined} if examined else {}
    # Sealed as a whole, for the list is what the files are compared with.
    text = json.dumps({**content, "digest": digest_of(content)}, indent=1)
    write_atomically(folder / OUTCOME_FILE, text.encode())


def find_finished(folder: Path) -> tuple[Outcome, str] | None:
    """The outcome in a folder and the key it was sealed with; None if it, or any file, is not as it was."""
    try:
        content = json.loads((folder / OUTCOME_FILE).read_bytes())
        digest = content.pop("digest")
        if content["format"] != _FORMAT or digest != digest_of(content):
            return None
        outcome, key, files = parse_outcome(content["outcome"]), content["key"], content["files"]
    # Cut off, edited or of another version: the group is worked on again.
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None
    # In every run: a report that somebody edited must not pass for the one that was graded.
    intact = all(hash_file(folder / name) == sha256 for name, sha256 in files.items())
    return (outcome, key) if intact else None


def find_examined(folder: Path) -> str:
    """The key of the recomputation in a folder that is as it was, "" if there is none to be used again."""
    if find_finished(folder) is None:
        return ""
    return str(json.loads((folder / OUTCOME_FILE).read_bytes()).get("examined", ""))


def list_sealed(folder: Path) -> list[str]:
    """The files that an outcome was written for."""
    return sorted(_read_seal(folder / OUTCOME_FILE))


def find_strangers(folder: Path) -> list[str]:
    """The files of a folder that were not sealed in it, or were changed since: somebody put them there.

    Files below a folder that has an outcome of its own, such as the report of a previous run, are judged by
    that.
    """
    sealed: dict[str, str] = {}
    for file in folder.rglob(OUTCOME_FILE):
        inside = file.parent.relative_to(folder)
        for name, sha256 in _read_seal(file).items():
            sealed[(inside / name).as_posix()] = sha256
        sealed.update({(inside / name).as_posix(): "" for name in _UNSEALED})
    # A link that leads nowhere was put there by somebody, too.
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() or path.is_symlink())
    names = [path.relative_to(folder).as_posix() for path in files]
    return [
        name
        for name in names
        if name not in sealed or (sealed[name] and hash_file(folder / name) != sealed[name])
    ]


def _read_seal(file: Path) -> Mapping[str, str]:
    try:
        files = json.loads(file.read_bytes())["files"]
        return files if isinstance(files, dict) else {}
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return {}


def write_costs(folder: Path, costs: Costs) -> None:
    """Store the costs of a group next to its outcome."""
    # Not worth waiting for the disk: costs that are lost are an empty cell of a table.
    write_atomically(folder / COSTS_FILE, json.dumps(asdict(costs)).encode(), durable=False)


def read_costs(folder: Path) -> Costs | None:
    """The cost of a group when it was last processed, None if unknown."""
    try:
        return Costs(**json.loads((folder / COSTS_FILE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
