"""What is to be done for one group, as data that can be handed to another process or machine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from reportgen.batch.class_file import DEFAULT_LIMITS, Limits
from reportgen.outline.kind import Outline

JOB_FILE = "job.json"


@dataclass(frozen=True)
class BatchConfig:
    """What holds for every group of a batch.

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
    """What :func:`job_text` wrote."""
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
