"""The key of a group's outcome: one hash of everything it depends on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from reportgen.batch.contents import Contents, hash_file
from reportgen.batch.job import BatchConfig
from reportgen.batch.outcome import Outcome
from reportgen.engine.plan import digest_of, make_specs
from reportgen.engine.sources import code_of, libraries_of
from reportgen.outline.kind import ReportKind
from reportgen.system.packages import installed_versions, versions_for
from reportgen.templates import templates_folder

_WORKER = "reportgen.batch.worker"
_PLUGIN = "reportgen.grading.plugin"
_GRADERS = ("jsonschema", "pikepdf", "pluggy", "pypdfium2", "pytest")
"""Packages that grades are made with, and reports read."""

_BESIDE_CODE = ("*.json", "*.toml")


def identify_program(kind: ReportKind) -> str:
    """One hash over reportgen's code that a group runs through, its templates, and the packages behind it."""
    specs = make_specs(kind)
    modules = [_WORKER, _PLUGIN, *(module for spec in specs for module in (spec.runs, *spec.modules))]
    code = {name: sha256 for module in modules for name, sha256 in code_of(module).items()}
    package = Path(__file__).resolve().parents[1]
    beside = [file for pattern in _BESIDE_CODE for file in sorted(package.rglob(pattern))]
    files = {file.relative_to(package).as_posix(): hash_file(file) for file in beside}
    templates = templates_folder()
    pages = {f"templates/{path.name}": hash_file(path) for path in sorted(templates.rglob("*"))}
    versions = versions_for({name for module in modules for name in libraries_of(module)})
    versions |= {name: installed_versions().get(name, "missing") for name in _GRADERS}
    return digest_of({"code": code, "files": files, "templates": pages, "versions": versions})


def identify_rubrics(rubrics: Iterable[Path]) -> str:
    """One hash over the contents of rubrics; of a Python file also over those beside it."""
    found = []
    for rubric in rubrics:
        beside = sorted(rubric.parent.glob("*.py")) if rubric.suffix == ".py" else []
        found.append([hash_file(rubric), *(f"{file.name} {hash_file(file)}" for file in beside)])
    return hashlib.sha256(repr(found).encode()).hexdigest()


def identify_group(name: str, contents: Contents, config: BatchConfig, shared: tuple[str, str]) -> str:
    """The key of a group: equal keys mean an equal outcome, unless a limit got in the way.

    ``shared``: the hashes of the program and of the rubrics.
    """
    return digest_of(
        {
            "name": name,
            "contents": contents.digest,
            "rubrics": shared[1],
            "weights": config.weights_sha256,
            "outline": asdict(config.outline),
            "verify": config.verify,
            "titles": [config.course, config.assignment],
            "command": config.command,
            "program": shared[0],
        }
    )


def finished_key(key: str, outcome: Outcome, config: BatchConfig) -> str:
    """The key that an outcome is kept under: with other limits a failure might have been none."""
    return key if outcome.done else digest_of({"key": key, "limits": asdict(config.limits)})
