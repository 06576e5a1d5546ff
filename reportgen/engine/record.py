"""The record of a build: what it was made from and what it produced, in a file next to the report."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

from reportgen.engine.plan import Group, Stage
from reportgen.store.files import hash_of, read_file
from reportgen.store.ownership import RECORD_FILE as RECORD_FILE

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
        if content.pop("format") != _FORMAT:
            return Record()
        files = {file: (stage, sha256) for file, (stage, sha256) in content.pop("files").items()}
        if isinstance(content["notes"], list):  # of earlier builds, where only the page had notes
            content["notes"] = {"html": content["notes"]}
        return Record(**content, files=files)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return Record()


def find_intact(folder: Path, files: Mapping[str, str]) -> set[str]:
    """Those of ``files`` (name and SHA-256) that exist in the folder with that content."""
    with ThreadPoolExecutor(_THREADS) as pool:
        found = pool.map(lambda name: hash_of(folder / name), files)
        return {name for name, sha256 in zip(files, found, strict=True) if files[name] == sha256}
