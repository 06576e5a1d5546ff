"""Each group's submission as it is now: what is to be done for it, and what was done already."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.batch.attempt import (
    ATTEMPTS,
    GROUPS,
    Attempt,
    finalize,
    finished_key,
    identify_examination,
    identify_group,
)
from reportgen.batch.class_file import ClassError, Group
from reportgen.batch.contents import Contents, take_contents
from reportgen.batch.job import BatchConfig, name_inside
from reportgen.batch.outcome import PASSING, Outcome, find_examined, find_finished, write_outcome
from reportgen.batch.parts import Parts, find_obstacle, find_parts, is_document
from reportgen.batch.reception import Received
from reportgen.batch.shards import adopt, list_finished
from reportgen.batch.supplements import Supplements
from reportgen.dataset.inventory import take_inventory
from reportgen.dataset.names import capped, escaped
from reportgen.errors import UserError
from reportgen.grading.exports.table import one_line
from reportgen.intake import IntakeError, check_folder
from reportgen.store.files import cannot_be_read, writing
from reportgen.text import did_you_mean

if TYPE_CHECKING:
    from reportgen.grading.rubric import NamedClass

_NAMED = 5

_ANY_SEED = 0
"""A split of images that have none is no matter of whether they can be used."""


@dataclass(frozen=True)
class InspectedGroup:
    """A group as it is now; ``kept`` is its outcome if nothing is to be done for it. ``examined``: the key of
    its recomputation; ``reused``: the folder of the previous run if it has just that one, so that it need
    only be graded; ``last``: what came of the group in that run.
    """

    group: Group
    contents: Contents
    parts: Parts = field(default_factory=Parts)
    key: str = ""
    kept: Outcome | None = None
    examined: str = ""
    reused: Path | None = None
    last: Outcome | None = None


@dataclass(frozen=True)
class Inspector:
    """Inspects the groups' submissions. ``program`` and ``rubrics`` are the digests of both; ``whole`` is the
    output of the class if ``out`` is that of a shard.
    """

    out: Path
    config: BatchConfig
    program: str
    rubrics: str
    received: Received
    images: Mapping[Path, str]
    beside: Supplements
    retry_failed: bool = False
    whole: Path | None = None

    def inspect(self, group: Group) -> InspectedGroup:
        """The group as it is now."""
        try:
            # Before anything is read: links, pipes and sizes show without opening a file.
            for root in group.roots:
                check_folder(root)
            contents = take_contents(*group.roots)
        # A folder that cannot be looked at is a row of its group, and not the end of the batch.
        except (IntakeError, OSError) as error:
            outcome = Outcome("data", _explain(error, group))
            return InspectedGroup(group, Contents({}), kept=_refuse(group, outcome, self.out))
        parts = find_parts(group.roots)
        if obstacle := find_obstacle(parts, data_given=group.data is not None):
            outcome = self._explain_obstacle(obstacle, group, contents)
            return InspectedGroup(group, contents, parts, kept=_refuse(group, outcome, self.out))
        data = self.images[group.data] if group.data else ""
        examined = identify_examination(group.name, contents, data, self.config, self.program)
        typed = self.beside.points.get(group.name, ())
        key = identify_group(examined, self.rubrics, self.beside.times.get(group.name, ""), typed)
        folder = (self.whole or self.out) / GROUPS / group.slug
        finished = find_finished(folder)
        # What is here already goes before what a part of the class made of the same.
        kept = self._find_kept(finished, key) or self._take_from_shard(group, key)
        reused = folder if kept is None and find_examined(folder) == examined else None
        # Shown beside the new points, if the group is graded again.
        last = finished[0] if finished else None
        return InspectedGroup(group, contents, parts, key, kept, examined, reused, last)

    def _take_from_shard(self, group: Group, key: str) -> Outcome | None:
        """What a part of the class, this one or another, made of the group since it was looked at last."""
        for folder, outcome, recorded in list_finished(self.whole or self.out, group.slug):
            if kept := self._find_kept((outcome, recorded), key):
                return kept if self.whole else adopt(self.out, group.slug, folder)
        return None

    def _explain_obstacle(self, obstacle: Outcome, group: Group, contents: Contents) -> Outcome:
        """Nothing handed in is no points; but what could not be read may be what was to be handed in."""
        if obstacle.cause != "absent":
            return obstacle
        if refusal := self.received.refusal(group):
            return Outcome("data", refusal)
        archives = self.received.archives
        unread = [n for n, path in contents.paths.items() if is_document(n) and path not in archives]
        if unread:
            names = ", ".join(map(escaped, capped(unread, _NAMED)))
            return Outcome("data", f"no report.pdf and no build folder, but {names}")
        return obstacle

    def _find_kept(self, finished: tuple[Outcome, str] | None, key: str) -> Outcome | None:
        if finished is None or finished[1] != finished_key(key, finished[0], self.config):
            return None
        outcome = finished[0]
        again = not outcome.done and (self.retry_failed or outcome.cause in PASSING)
        return None if again else outcome


def _explain(error: UserError | OSError, group: Group) -> str:
    text = error.problem if isinstance(error, UserError) else cannot_be_read(error.filename, error)
    for root in group.roots:
        text = name_inside(text, root)
    return one_line(text).rstrip(".")


def _refuse(group: Group, outcome: Outcome, out: Path) -> Outcome:
    """Write down the outcome of a group whose folder is not even looked into; nothing else of it stays."""
    # Not written again if it is there: a second run changes nothing.
    if find_finished(out / GROUPS / group.slug) != (outcome, ""):
        name = f"refused-{group.slug}"
        with writing(out / ATTEMPTS / name):
            (out / ATTEMPTS / name).mkdir()
            write_outcome(out / ATTEMPTS / name, outcome, "")
        finalize(out, Attempt(group.slug, name))
    return outcome


def _find_unknown(named: Sequence[NamedClass], classes: Sequence[str], data: Path) -> Iterator[str]:
    """Classes that no report on these images can have: each row that names one would cost its points."""
    # Composed, as reports have them, whatever the keyboard or the disk made of an accent.
    known = {unicodedata.normalize("NFC", name) for name in classes}
    for each in named:
        if unicodedata.normalize("NFC", each.name) not in known:
            names = sorted(known)
            hint = did_you_mean(each.name, names, f"there are {', '.join(capped(names, _NAMED))}")
            yield f"{each.location}: '{each.name}' in {each.pointer} is no class of {data}; {hint}"


def inspect_data(groups: Sequence[Group], named: Sequence[NamedClass] = ()) -> dict[Path, str]:
    """The digests of the instructor's images by folder; ``named``: the classes that rubrics name.

    Raises ``IntakeError`` or ``ClassError`` for what no report could be made of, and for a class that is in
    none of them: that is no group's fault.
    """
    digests: dict[Path, str] = {}
    # Once each: in most classes all groups have the same.
    for data in dict.fromkeys(group.data for group in groups if group.data):
        check_folder(data)
        inventory = take_inventory(data, _ANY_SEED, strict=True)
        problems = [*inventory.survey.problems, *inventory.faults.values()]
        if problems:
            lines = "\n".join(f"{data}: {line}" for line in capped(problems, _NAMED))
            raise ClassError(lines, "Correct the images that class.toml names with data.")
        if faults := list(_find_unknown(named, inventory.classes, data)):
            raise ClassError("\n".join(capped(faults, _NAMED)), "Correct the rubric.")
        digests[data] = take_contents(data).digest
    return digests
