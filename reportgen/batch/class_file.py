"""Reads ``class.toml``, or a folder of group folders, into a frozen ``Class``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reportgen.batch.contents import folder_name
from reportgen.dataset.names import escaped, is_ignored
from reportgen.errors import SettingsError, UserError
from reportgen.outline.kind import DEFAULT, Outline, OutlineError, ReportKind, find_kind
from reportgen.text import find_nearest
from reportgen.toml.reading import read_table_file
from reportgen.weights import SOURCES

_REMEDY = "Correct the file; docs/classes.md lists every key."
_LONGEST = 300


class ClassError(SettingsError):
    """``class.toml`` is wrong, or the folders it names are."""


@dataclass(frozen=True)
class Limits:
    """Limits of one group: wall time in seconds, resident memory of all its processes in 10⁶ bytes."""

    # Far more than a group takes: about 1.7 GB and, with VGG19, half a minute on two processors.
    seconds: float = 1800
    megabytes: int = 4000


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Group:
    """A group: its name, the folder it handed in, and the name of the folder that its report gets."""

    name: str
    folder: Path
    slug: str


@dataclass(frozen=True)
class Class:
    """Everything an instructor may choose; paths are absolute.

    ``rubrics``: () for the one that comes with reportgen. ``outline``: what every report has to be made of.

    ``course`` and ``assignment`` ("": none) are printed on the reports of groups that name none of their own.
    ``processes``: groups at a time, on one machine. ``cache``: None for a folder inside the output.
    """

    groups: tuple[Group, ...]
    rubrics: tuple[Path, ...]
    outline: Outline = field(default_factory=Outline)
    title: str = ""
    course: str = ""
    assignment: str = ""
    verify: bool = False
    processes: int = 1
    limits: Limits = DEFAULT_LIMITS
    weights: str = "auto"
    cache: Path | None = None
    cache_limit_mb: int = 10_000


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Group(_Table):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    folder: Annotated[str, Field(min_length=1)]


class _Class(_Table):
    title: Annotated[str, Field(max_length=200)] = ""
    course: Annotated[str, Field(max_length=200)] = ""
    assignment: Annotated[str, Field(max_length=200)] = ""
    report: Annotated[str, Field(min_length=1)] = DEFAULT
    sections: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)] | None = None
    rubric: str | Annotated[list[str], Field(min_length=1)] = ""
    verify: bool = False
    processes: Annotated[int, Field(ge=1, le=1000)] = 1
    time_limit_s: Annotated[float, Field(gt=0, le=1e6)] = Limits.seconds
    memory_limit_mb: Annotated[int, Field(ge=1)] = Limits.megabytes
    weights: Annotated[str, Field(min_length=1)] = "auto"
    cache: Annotated[str, Field(min_length=1)] | None = None
    cache_limit_mb: Annotated[int, Field(ge=1)] = 10_000
    group: Annotated[list[_Group], Field(min_length=1)]


def read_class(path: Path, out: Path | None = None) -> Class:
    """Read ``class.toml``, or take every folder in the folder ``path`` but ``out`` for a group of that name.

    Raises ``ClassError`` with a line for each problem, naming file, key and value.
    """
    if path.is_dir():
        return _read_folder(path.resolve(), out)
    table = _read_toml(path)
    home = path.parent.resolve()
    lines = [*_find_wrong_values(table, path), *_find_wrong_groups(table, path, home)]
    kind, unknown = _find_kind(table, path)
    lines += [*_find_missing_files(table, path, home, kind), *unknown]
    if lines:
        raise ClassError("\n".join(dict.fromkeys(lines)), _REMEDY)
    chosen = _resolve(_Class.model_validate(table), home)
    for group in chosen.groups:
        for rubric in chosen.rubrics:
            if rubric.resolve().is_relative_to(group.folder.resolve()):
                raise ClassError(
                    f"{path}: rubric = '{rubric}': lies in the folder of the group '{escaped(group.name)}', "
                    "whose files are not run.",
                    "Keep the rubric somewhere else.",
                )
    return chosen


def _read_folder(folder: Path, out: Path | None) -> Class:
    names = sorted(path.name for path in folder.iterdir() if not is_ignored(path.name))
    own = out.resolve() if out else None
    folders = [name for name in names if (folder / name).is_dir() and folder / name != own]
    if not folders:
        raise ClassError(
            f"{folder}: has no folders of groups.", "Name a folder with one folder a group, or a class.toml."
        )
    groups = [{"name": escaped(name), "folder": name} for name in folders]
    if lines := list(_find_equal_names([group["name"] for group in groups], str(folder), "the folder")):
        raise ClassError("\n".join(lines), "Rename them, or name the groups in a class.toml.")
    chosen = _resolve(_Class.model_validate({"group": groups}), folder)
    # Escapes are for people to read; the folder keeps the name it has.
    given = [replace(group, folder=folder / name) for group, name in zip(chosen.groups, folders, strict=True)]
    return replace(chosen, groups=tuple(given), title=escaped(folder.name))


def _resolve(table: _Class, home: Path) -> Class:
    rubrics = [table.rubric] if isinstance(table.rubric, str) else table.rubric
    weights = table.weights
    if weights not in SOURCES:
        weights = str(home / Path(weights).expanduser())
    return Class(
        groups=tuple(
            Group(group.name, home / Path(group.folder).expanduser(), folder_name(group.name))
            for group in table.group
        ),
        rubrics=tuple(home / Path(name).expanduser() for name in rubrics if name),
        outline=Outline(table.report, tuple(table.sections) if table.sections else None),
        title=table.title,
        course=table.course,
        assignment=table.assignment,
        verify=table.verify,
        processes=table.processes,
        limits=Limits(table.time_limit_s, table.memory_limit_mb),
        weights=weights,
        cache=home / Path(table.cache).expanduser() if table.cache else None,
        cache_limit_mb=table.cache_limit_mb,
    )


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return read_table_file(file)[0]
    except SettingsError as error:
        raise ClassError(error.problem, error.remedy) from None


def _find_wrong_values(table: dict[str, Any], file: Path) -> Iterator[str]:
    try:
        _Class.model_validate(table)
    except ValidationError as error:
        for problem in error.errors():
            # Of a union, pydantic also names the kind it tried.
            parts = [part for part in problem["loc"] if part not in ("str", "int") and "[" not in str(part)]
            yield f"{file}: {_explain(parts, problem['type'], problem['msg'], problem.get('input'))}"


def _explain(parts: Sequence[int | str], kind: str, message: str, value: Any) -> str:
    numbered = isinstance(parts[1], int) if len(parts) > 1 else False
    key = f"{parts[0]} {int(parts[1]) + 1}" if numbered else str(parts[0])
    key = ".".join([key, *map(str, parts[2:] if numbered else parts[1:])])
    if kind == "extra_forbidden":
        allowed = list(_Group.model_fields if parts[0] == "group" else _Class.model_fields)
        near = find_nearest(str(parts[-1]), allowed)
        hint = f" (did you mean '{near}'?)" if near else ""
        return f"unknown key '{key}'{hint}; allowed are {', '.join(allowed)}"
    if kind == "missing":
        example = '[[group]] with name = "…" and folder = "…"' if key == "group" else f'{parts[-1]} = "…"'
        return f"{key} is missing; write {example}"
    text = repr(value)
    return f"{key} = {text if len(text) <= _LONGEST else text[:_LONGEST] + '…'}: {message}"


def _find_wrong_groups(table: dict[str, Any], file: Path, home: Path) -> Iterator[str]:
    """The errors of groups that have a name and a folder."""
    groups = table.get("group")
    entries = [entry for entry in groups if isinstance(entry, dict)] if isinstance(groups, list) else []
    yield from _find_equal_names(
        [entry["name"] for entry in entries if isinstance(entry.get("name"), str)], str(file), "group.name"
    )
    for entry in entries:
        folder = entry.get("folder")
        if isinstance(folder, str) and folder:
            path = home / Path(folder).expanduser()
            if not path.is_dir():
                fault = "is a file, not a folder" if path.is_file() else "there is no such folder"
                name = escaped(str(entry.get("name")))
                yield f"{file}: group '{name}': folder = '{escaped(folder)}': {fault}"


def _find_equal_names(names: Sequence[str], where: str, key: str) -> Iterator[str]:
    seen: dict[str, str] = {}
    for name in names:
        slug = folder_name(name)
        if not slug:
            yield f"{where}: {key} = '{escaped(name)}': has no letter and no digit"
        elif slug in seen and seen[slug] == name:
            yield f"{where}: {key} = '{escaped(name)}': is used twice; give each group a name of its own"
        elif slug in seen:
            yield (
                f"{where}: {key} = '{escaped(name)}': its report would go to the same folder, '{slug}', "
                f"as that of '{escaped(seen[slug])}'; rename one of them"
            )
        else:
            seen[slug] = name


def _find_kind(table: dict[str, Any], file: Path) -> tuple[ReportKind | None, list[str]]:
    """The outline of every report and its errors, apart from values of a wrong type."""
    name, sections = table.get("report", DEFAULT), table.get("sections") or []
    if not isinstance(name, str) or not isinstance(sections, list):
        return None, []
    if not all(isinstance(each, str) for each in sections):
        return None, []
    try:
        return find_kind(name, tuple(sections) or None), []
    except OutlineError as error:
        return None, [f"{file}: {'sections' if sections else 'report'}: {error.problem} {error.remedy}"]


def _find_missing_files(
    table: dict[str, Any], file: Path, home: Path, kind: ReportKind | None
) -> Iterator[str]:
    rubrics = table.get("rubric", [])
    for rubric in rubrics if isinstance(rubrics, list) else [rubrics]:
        if isinstance(rubric, str) and rubric:
            for fault in _find_rubric_faults(home / Path(rubric).expanduser(), kind):
                yield f"{file}: rubric = '{escaped(rubric)}': {fault}"
    weights = table.get("weights", "auto")
    named = isinstance(weights, str) and weights not in ("", *SOURCES)
    if named and not (home / Path(weights).expanduser()).is_file():
        yield f"{file}: weights = '{escaped(weights)}': is no file, and none of {', '.join(SOURCES)}"


def _find_rubric_faults(rubric: Path, kind: ReportKind | None) -> Iterator[str]:
    if not rubric.is_file():
        yield "there is no such file"
    elif rubric.suffix == ".py":
        try:
            # Compiled and not run: reading a class file runs nothing.
            compile(rubric.read_bytes(), str(rubric), "exec")
        except (SyntaxError, ValueError) as error:
            yield f"is no Python: {error}"
    else:
        try:
            from reportgen.grading.rubric import load_rubric

            load_rubric(rubric, kind)
        except UserError as error:
            yield from error.problem.splitlines()
