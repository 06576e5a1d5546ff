"""A class in several parts, each run by somebody else on a shared folder, and put together afterwards.

For those who have several machines and no cluster. A part works in a folder of its own inside of the output
and shares nothing with the others but what it reads, so that nothing has to be locked between machines: locks
of network file systems are not to be relied on. Whatever run comes later takes what was finished, by the same
keys by which it takes what an earlier run left, so the result is that of one run on one machine.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from reportgen.batch.attempt import ATTEMPTS, GROUPS, Attempt, finalize
from reportgen.batch.outcome import Outcome, find_finished
from reportgen.errors import UserError
from reportgen.store.files import write_atomically, writing

SHARDS = ".shards"

_DONE_FILE = ".done"

_MOST = 1000

T = TypeVar("T")


@dataclass(frozen=True)
class Shard:
    """Part ``number`` of ``count``, from 1."""

    number: int
    count: int

    @property
    def name(self) -> str:
        """What its folder is called, and ``--shard`` is given."""
        return f"{self.number}-of-{self.count}"

    def folder(self, out: Path) -> Path:
        """Where it works."""
        return out / SHARDS / self.name

    def choose(self, groups: Sequence[T]) -> list[T]:
        """Its share of the groups of a class: every so many, so that all shares are about equal.

        No group is in two shares, and each is in one.
        """
        return list(groups[self.number - 1 :: self.count])


def parse_shard(text: str) -> Shard:
    """Read ``2/5``. Raises ``UserError`` for anything else."""
    match = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]) <= _MOST:
        raise UserError(
            f"--shard {text}: is no part of a class.",
            f"Write NUMBER/PARTS, as 1/3, 2/3 and 3/3 on three machines; at most {_MOST} parts.",
        )
    return Shard(int(match[1]), int(match[2]))


def mark_done(out: Path, shard: Shard) -> list[str]:
    """Write down that a shard came to its end, and return those that did not yet, as ``--shard`` has them."""
    file = shard.folder(out) / _DONE_FILE
    with writing(file):
        write_atomically(file, b"")
    others = (Shard(number, shard.count) for number in range(1, shard.count + 1))
    return [f"{each.number}/{each.count}" for each in others if not (each.folder(out) / _DONE_FILE).exists()]


def begin_shard(out: Path, shard: Shard) -> Path:
    """Make the folder of a shard, and return it; that it was finished before counts no more."""
    folder = shard.folder(out)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _DONE_FILE).unlink(missing_ok=True)
    return folder


def list_finished(out: Path, slug: str) -> Iterator[tuple[Path, Outcome, str]]:
    """What shards made of a group: folder, outcome and key, of those that are as they were recorded."""
    # A class that is done in one has no such folder.
    with contextlib.suppress(OSError):
        for shard in sorted((out / SHARDS).iterdir()):
            folder = shard / GROUPS / slug
            if finished := find_finished(folder):
                yield folder, *finished


def adopt(out: Path, slug: str, folder: Path) -> Outcome:
    """Make what a shard finished the group's report, as if it had been made here. It is moved, not copied."""
    name = uuid.uuid4().hex
    with writing(folder):
        folder.rename(out / ATTEMPTS / name)
    return finalize(out, Attempt(slug, name))


def clear_shards(out: Path) -> None:
    """Remove the folders of shards that came to their end; one that is at work is left alone."""
    with contextlib.suppress(OSError):
        for shard in sorted((out / SHARDS).iterdir()):
            if (shard / _DONE_FILE).exists():
                shutil.rmtree(shard, ignore_errors=True)
        # Fails, as it should, as long as a part is at work.
        (out / SHARDS).rmdir()
