"""What came of a group, and the files in which it is kept, with their hashes, so that what was changed is
done again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from reportgen.batch.contents import hash_file
from reportgen.engine.plan import digest_of
from reportgen.grading.score import STATUSES
from reportgen.store.files import write_atomically

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


_AMOUNT = re.compile("-?[0-9]{1,30}(\\.[0-9]{1,30})?")
"""A decimal as grading writes it: Python also reads NaN, other digits, and exponents without end."""

_IMAGE_HASH = re.compile("[0-9a-f]{16}")


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
    """Read what :func:`outcome_text` wrote.

    Raises ``ValueError``, ``TypeError`` or ``KeyError`` for anything else, as for a score that is no number:
    a group's process may say what it likes, and the tables of the whole class compute with it.
    """
    marks = tuple(Mark(**mark) for mark in table["marks"])
    authors = tuple(Author(**author) for author in table["traits"]["authors"])
    pieces = tuple(table["traits"]["pieces"])
    traits = Traits(**{**table["traits"], "authors": authors, "pieces": pieces})
    made = Outcome(**{**table, "marks": marks, "notes": tuple(table["notes"]), "traits": traits})
    _require_types(made)
    return made


def _require_types(made: Outcome) -> None:
    # From JSON, where a list is what is a tuple here; strict, so that no text becomes a number.
    # The name of a file of another encoding has halves of surrogate pairs, which pydantic reads nowhere.
    text = json.dumps(asdict(made), ensure_ascii=False).encode("utf-8", "replace")
    TypeAdapter(Outcome).validate_json(text, strict=True)
    amounts = [*(made.score, made.points, made.checked, made.not_checkable, made.not_graded)]
    # What was not graded has none of these.
    amounts = [each for each in amounts if each] + ([made.score, made.points] if made.done else [])
    for mark in made.marks:
        amounts += [mark.score, mark.points]
        if mark.status not in STATUSES:
            raise ValueError(f"no status: {mark.status}")
    if not all(map(_AMOUNT.fullmatch, amounts)) or any(each.points.startswith("-") for each in made.marks):
        raise ValueError(f"no points: {amounts}")
    if not all(map(_IMAGE_HASH.fullmatch, made.traits.images.values())):
        raise ValueError("no hash of an image")
    if min(made.correct or 0, made.total or 0) < 0:
        raise ValueError("fewer than no images")


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
    """The outcome in a folder and its key; None if it, or any file, is not as it was written."""
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


def list_recorded_files(folder: Path) -> list[str]:
    """The files that an outcome was written for."""
    return sorted(_read_recorded_hashes(folder / OUTCOME_FILE))


def find_foreign_files(folder: Path) -> list[str]:
    """The files of a folder that its outcome does not record, or that were changed since: somebody put them
    there.

    Files below a folder that has an outcome of its own, such as the report of a previous run, are judged by
    that.
    """
    recorded: dict[str, str] = {}
    for file in folder.rglob(OUTCOME_FILE):
        inside = file.parent.relative_to(folder)
        for name, sha256 in _read_recorded_hashes(file).items():
            recorded[(inside / name).as_posix()] = sha256
        recorded.update({(inside / name).as_posix(): "" for name in _UNSEALED})
    # A link that leads nowhere was put there by somebody, too.
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() or path.is_symlink())
    names = [path.relative_to(folder).as_posix() for path in files]
    return [
        name
        for name in names
        if name not in recorded or (recorded[name] and hash_file(folder / name) != recorded[name])
    ]


def _read_recorded_hashes(file: Path) -> Mapping[str, str]:
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
