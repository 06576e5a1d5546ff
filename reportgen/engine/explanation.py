"""The record of a build, and by it the reasons why a stage runs again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from reportgen.engine.plan import Group, Plan, Stage
from reportgen.store.files import hash_of, read_file
from reportgen.store.ownership import RECORD_FILE as RECORD_FILE  # "as" exports it, as strict mypy asks

_FORMAT = 1

_THREADS = 2


@dataclass(frozen=True)
class Record:
    """``stages``: the digest of each kind of input, by stage; ``groups``: the inputs behind a digest;
    ``files``: stage and SHA-256 of each file of the build; ``figures``: the numbers of a stage's figures;
    ``notes``: messages that the user should see again, by stage.
    """

    stages: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    figures: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def has(self, stage: Stage) -> bool:
        """Whether the build was made with this stage as it is now."""
        return self.stages.get(stage.name) == stage.digests

    def inputs(self, stage: str, kind: str) -> Group:
        """The inputs that a stage had then."""
        return self.groups.get(self.stages.get(stage, {}).get(kind, ""), {})

    def files_of(self, stage: str) -> dict[str, str]:
        """The files that came from a stage, with their hashes."""
        return {file: sha256 for file, (name, sha256) in self.files.items() if name == stage}


def make_record(
    stages: Iterable[Stage],
    files: Mapping[str, tuple[str, str]],
    figures: Mapping[str, Sequence[str]],
    notes: Mapping[str, Sequence[str]],
) -> Record:
    """The record of a build; inputs that several stages share are held once."""
    listed = list(stages)
    groups = {digest: dict(stage.inputs[kind]) for stage in listed for kind, digest in stage.digests.items()}
    return Record({stage.name: stage.digests for stage in listed}, groups, files, figures, notes)


def write_record(record: Record) -> bytes:
    """The record as the content of a file."""
    return (json.dumps({"format": _FORMAT, **asdict(record)}, sort_keys=True, indent=1) + "\n").encode()


def read_record(folder: Path) -> Record:
    """The record of the last build in a folder; an empty one if there is none that can be read."""
    try:
        content = json.loads(read_file(folder / RECORD_FILE))
        # A build without a record makes everything again from the cache, so an old format costs time and no
        # result.
        if content.pop("format") != _FORMAT:
            return Record()
        files = {file: (stage, sha256) for file, (stage, sha256) in content.pop("files").items()}
        if isinstance(content["notes"], list):  # of earlier builds, where only the page had notes
            content["notes"] = {"html": content["notes"]}
        return Record(**content, files=files)
    # A record may be cut off, edited or of another version. Whatever it is, building again is the remedy.
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Record()


def find_intact(folder: Path, files: Mapping[str, str]) -> set[str]:
    """Those of ``files`` (name and SHA-256) that exist in the folder with that content."""
    # hashlib releases the GIL on large buffers, so the threads do hash at the same time.
    with ThreadPoolExecutor(_THREADS) as pool:
        found = pool.map(lambda name: hash_of(folder / name), files)
        return {name for name, sha256 in zip(files, found, strict=True) if files[name] == sha256}


Action = Literal["unchanged", "from the cache", "runs"]

# Of a new data folder every image is a cause.
MAX_CAUSES = 20

_NAMES = {
    "settings": "setting ",
    "code": "reportgen's own ",
    "packages": "package ",
    "versions": "version of ",
    "printer": "version of the system's ",
    "templates": "templates/",
    "weights": "weights ",
}


@dataclass(frozen=True)
class Verdict:
    """Whether a build runs a stage, and which of the stage's own inputs have changed since the last build."""

    stage: Stage
    action: Action
    causes: tuple[str, ...]
    missing: str = ""

    @property
    def name(self) -> str:
        """The stage, with how many of its items are missing."""
        return f"{self.stage.name} ({self.missing})" if self.missing else self.stage.name


def judge(
    plan: Plan, record: Record, has_outcome: Callable[[Stage], bool], count_missing: Callable[[Stage], str]
) -> list[Verdict]:
    """Decide for every stage, in order. ``has_outcome`` says whether the cache holds a stage's outcome."""
    verdicts = []
    for stage in plan.stages.values():
        missing = count_missing(stage)
        # An item may have gone from the cache though the stage is as it was.
        if record.has(stage) and not missing:
            action: Action = "unchanged"
        # A stage that is not kept is put together from its items, so with all of them there it does not run.
        elif has_outcome(stage) or not (stage.spec.kept or missing):
            action = "from the cache"
        else:
            action = "runs"
        causes = tuple(_own_causes(stage, record)) if action != "unchanged" else ()
        verdicts.append(Verdict(stage, action, causes, missing))
    return verdicts


def explain(verdicts: Sequence[Verdict], record: Record) -> list[str]:
    """Lines for the terminal: one for each cause with what follows from it, then one for each stage."""
    lines = list(_chains(verdicts, record))
    width = max(len(verdict.name) for verdict in verdicts)
    for verdict in verdicts:
        reason = _reason(verdict, verdicts, record)
        lines.append(f"  {verdict.name:<{width}}  {verdict.action:<14}  {reason}".rstrip())
    return lines


def _chains(verdicts: Sequence[Verdict], record: Record) -> Iterator[str]:
    if not record.stages:
        yield "There is no report yet, so everything is made."
        return
    causes = list(dict.fromkeys(cause for verdict in verdicts for cause in verdict.causes))
    for cause in causes[:MAX_CAUSES]:
        reached: list[str] = []
        for verdict in verdicts:
            above = verdict.stage.spec.after
            # Stages come in an order in which each follows those it reads, so that one pass reaches all.
            if cause in verdict.causes or any(name in reached for name in above):
                reached.append(verdict.stage.name)
        steps = [_with_figures(verdict, record) for verdict in verdicts if verdict.stage.name in reached]
        yield " → ".join([cause, *steps])
    if len(causes) > MAX_CAUSES:
        yield f"and {len(causes) - MAX_CAUSES} more changes"


def _with_figures(verdict: Verdict, record: Record) -> str:
    """A stage by name; one that draws figures by their numbers in the last report."""
    numbers = record.figures.get(verdict.stage.name, ())
    return f"Fig. {', '.join(numbers)}" if numbers else verdict.name


def _own_causes(stage: Stage, record: Record) -> Iterator[str]:
    """The changed inputs of a stage other than the stages it reads."""
    before = record.stages.get(stage.name, {})
    # A kind of input that the stage has no more is a change, too.
    for kind in dict.fromkeys([*stage.inputs, *before]):
        if kind != "stages" and stage.digests.get(kind) != before.get(kind):
            yield from _differences(kind, record.inputs(stage.name, kind), stage.inputs.get(kind, {}))


def _differences(kind: str, before: Group, now: Group) -> Iterator[str]:
    for name in sorted({*before, *now}, key=str):
        if before.get(name) != now.get(name):
            # The code of a section of another package is named by its path alone.
            foreign = kind == "code" and not name.startswith("reportgen/")
            yield f"{'' if foreign else _NAMES.get(kind, '')}{name} {_change(kind, name, before, now)}"


def _change(kind: str, name: str, before: Group, now: Group) -> str:
    if name not in before:
        return "added"
    if name not in now:
        return "removed"
    if kind in ("settings", "packages", "versions", "processor"):
        return f"{before[name]} → {now[name]}"
    # Of all other kinds the values are hashes, which tell nobody anything.
    return "changed"


def _reason(verdict: Verdict, verdicts: Sequence[Verdict], record: Record) -> str:
    if verdict.action == "unchanged":
        return ""
    if not record.stages:
        return "no report yet"
    by_name = {each.stage.name: each for each in verdicts}
    above = [name for name in verdict.stage.spec.after if by_name[name].action != "unchanged"]
    # The chains above the table name more of them; here is one line for each stage.
    parts = [*verdict.causes[:3]]
    if len(verdict.causes) > 3:
        parts.append(f"{len(verdict.causes) - 3} more")
    if above:
        parts.append(f"after {', '.join(above)}")
    return "; ".join(parts) or "its outcome is no longer kept"
