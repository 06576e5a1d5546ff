"""The outcome of a group, and how it is stored next to its report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from reportgen.batch.contents import hash_file
from reportgen.engine.plan import digest_of
from reportgen.store.files import write_atomically

OUTCOME_FILE, COSTS_FILE, LOG_FILE = "outcome.json", "costs.json", "log.txt"
_FORMAT = 1
_UNSEALED = frozenset({OUTCOME_FILE, COSTS_FILE, LOG_FILE})

Cause = Literal["", "data", "time", "memory", "crash", "fault", "killed", "storage"]
"""Why a group failed: its data or settings; a limit; a crash of its process; a fault of reportgen itself,
which says nothing about the group; the system or the disk."""

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
class Outcome:
    """The outcome of a group. It does not depend on times, paths or other groups.

    ``score`` and ``points`` are exact decimals as text, "" without grades; ``correct`` of ``total`` test
    images were recognised; ``submitted``: the grades are those of the report handed in; ``verification`` is
    "" where none was asked for, ``verified`` whether it could be carried out, ``differs`` whether it found
    a difference; ``fingerprint`` is a hash of all computed numbers.
    """

    cause: Cause = ""
    reason: str = ""
    score: str = ""
    points: str = ""
    marks: tuple[Mark, ...] = ()
    correct: int | None = None
    total: int | None = None
    submitted: bool = False
    verification: str = ""
    verified: bool = False
    differs: bool = False
    fingerprint: str = ""
    notes: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether the group has its grades."""
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
    return Outcome(**{**table, "marks": marks, "notes": tuple(table["notes"])})


def write_outcome(folder: Path, outcome: Outcome, key: str) -> None:
    """Write the outcome next to the files it belongs to, with their hashes, for :func:`find_finished`."""
    files = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    hashes = {name: hash_file(folder / name) for name in files if name not in _UNSEALED}
    content = {"format": _FORMAT, "key": key, "files": hashes, "outcome": asdict(outcome)}
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
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None
    intact = all(hash_file(folder / name) == sha256 for name, sha256 in files.items())
    return (outcome, key) if intact else None


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
    write_atomically(folder / COSTS_FILE, json.dumps(asdict(costs)).encode(), durable=False)


def read_costs(folder: Path) -> Costs | None:
    """The cost of a group when it was last processed, None if unknown."""
    try:
        return Costs(**json.loads((folder / COSTS_FILE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
