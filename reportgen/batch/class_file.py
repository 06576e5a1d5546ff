"""Reads ``class.toml``, or a folder of group folders, into a frozen ``Class``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reportgen.batch.contents import folder_name
from reportgen.batch.own_files import KEEP_APART, find_in_folders
from reportgen.dataset.names import escaped, is_ignored
from reportgen.errors import SettingsError, UserError
from reportgen.outline.kind import DEFAULT, Outline, OutlineError, ReportKind, find_kind
from reportgen.text import did_you_mean
from reportgen.toml.reading import read_table_file
from reportgen.weights import SOURCES

_REMEDY = "Correct the file; docs/classes.md lists every key."
_LONGEST = 300

_TABLES = {
    "roster": "",
    "manual": "; leave the key out once, and 'reportgen batch' writes one to be filled in",
    "submissions_times": "",
}
"""Keys that name a table, and where it comes from."""


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
    """A group: its name, the folder, zip or PDF that it handed in, and the name of the folder that its report
    gets. Once submissions are received, ``folder`` is a folder, or None if there is nothing.

    ``more``: further folders with what it handed in, as zips were unpacked to. ``data``: the instructor's
    images for it, None where it is to hand in its own. ``submitted``: when its report came, None if
    class.toml does not say so.
    """

    name: str
    folder: Path | None
    slug: str
    more: tuple[Path, ...] = ()
    data: Path | None = None
    submitted: datetime | None = None

    @property
    def roots(self) -> tuple[Path, ...]:
        """All folders of the group's submission."""
        return (self.folder, *self.more) if self.folder else ()


@dataclass(frozen=True)
class Class:
    """Everything an instructor may choose; paths are absolute.

    ``submissions``: the folder or zip with what groups handed in, None where each group names its own.
    ``data``: the instructor's images for all groups that have none of their own, None without any.
    ``roster``: a table of students, None without one. ``manual``: a table of points that a person gave;
    ``submissions_times``: one of when the report of each group came.
    ``rubrics``: () for the one that comes with reportgen. ``outline``: what every report has to be made of.

    ``course`` and ``assignment`` ("": none) are printed on the overview. ``released``: the names of groups
    whose grades are not held, whatever their verification finds.
    ``processes``: groups at a time, on one machine. ``cache``: None for a folder inside the output.
    """

    groups: tuple[Group, ...]
    rubrics: tuple[Path, ...]
    submissions: Path | None = None
    data: Path | None = None
    roster: Path | None = None
    outline: Outline = field(default_factory=Outline)
    title: str = ""
    course: str = ""
    assignment: str = ""
    released: frozenset[str] = frozenset()
    processes: int = 1
    limits: Limits = DEFAULT_LIMITS
    weights: str = "auto"
    cache: Path | None = None
    cache_limit_mb: int = 10_000
    manual: Path | None = None
    submissions_times: Path | None = None

    @property
    def heading(self) -> str:
        """What pages for groups are headed with."""
        return ", ".join(filter(None, [self.course, self.assignment])) or self.title or "Report"

    @property
    def named(self) -> Iterator[tuple[str, Path]]:
        """Each file and folder that is the instructor's, with the key that names it."""
        yield from (("rubric", rubric) for rubric in self.rubrics)
        weights = None if self.weights in SOURCES else Path(self.weights)
        single = {"weights": weights, "cache": self.cache, "roster": self.roster, "manual": self.manual}
        single |= {"submissions_times": self.submissions_times, "data": self.data}
        yield from ((key, path) for key, path in single.items() if path)
        for group in self.groups:
            if group.data and group.data != self.data:
                yield f"group '{escaped(group.name)}': data", group.data


class _Table(BaseModel):
    # Strict: TOML has types, so that processes = "2" is a mistake and no number.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


_Path = Annotated[str, Field(min_length=1)]


class _Group(_Table):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    folder: _Path | None = None
    data: _Path | None = None
    submitted: datetime | None = None


# What may be written, apart from Class, in which names are paths and defaults are filled in.
class _Class(_Table):
    title: Annotated[str, Field(max_length=200)] = ""
    course: Annotated[str, Field(max_length=200)] = ""
    assignment: Annotated[str, Field(max_length=200)] = ""
    report: Annotated[str, Field(min_length=1)] = DEFAULT
    sections: Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)] | None = None
    rubric: str | Annotated[list[str], Field(min_length=1)] = ""
    submissions: _Path | None = None
    data: _Path | None = None
    roster: _Path | None = None
    manual: _Path | None = None
    submissions_times: _Path | None = None
    release: list[str] = Field(default_factory=list)
    # Still read: whoever sets it to false learns that it is no longer a choice.
    verify: bool = True
    processes: Annotated[int, Field(ge=1, le=1000)] = 1
    time_limit_s: Annotated[float, Field(gt=0, le=1e6)] = Limits.seconds
    memory_limit_mb: Annotated[int, Field(ge=1)] = Limits.megabytes
    weights: Annotated[str, Field(min_length=1)] = "auto"
    cache: Annotated[str, Field(min_length=1)] | None = None
    cache_limit_mb: Annotated[int, Field(ge=1)] = 10_000
    group: Annotated[list[_Group], Field(min_length=1, default_factory=list)]


def read_class(path: Path, out: Path | None = None) -> Class:
    """Read ``class.toml``, or take the folder or zip ``path`` for what all groups handed in; ``out`` is not
    looked into.

    Raises ``ClassError`` with a line for each problem, naming file, key and value.
    """
    if path.is_dir() or path.suffix.casefold() == ".zip":
        return _take_submissions(path.resolve(), out)
    table = _read_toml(path)
    home = path.parent.resolve()
    lines = [*_find_wrong_values(table, path), *_find_wrong_groups(table, path, home)]
    lines += [*_find_missing_folders(table, path, home), *_find_wrong_releases(table, path)]
    kind, unknown = _find_kind(table, path)
    lines += [*_find_missing_files(table, path, home, kind), *unknown]
    if lines:
        # Two of the checks may meet the same mistake.
        raise ClassError("\n".join(dict.fromkeys(lines)), _REMEDY)
    # Validated once more: the checks before want all mistakes, and so the table as it was written.
    chosen = _resolve(_Class.model_validate(table), home)
    folders = {group.name: group.folder for group in chosen.groups if group.folder}
    if faults := list(find_in_folders(chosen.named, folders, chosen.submissions)):
        raise ClassError("\n".join(f"{path}: {fault}." for fault in faults), KEEP_APART)
    return chosen


def _take_submissions(source: Path, out: Path | None) -> Class:
    if not source.exists():
        raise ClassError(f"{source}: there is no such file or folder.", "Correct the path.")
    own = out.resolve() if out else None
    # The output may lie beside what groups handed in, and is none of it.
    if source.is_dir() and all(is_ignored(path.name) or path == own for path in source.iterdir()):
        raise ClassError(
            f"{source}: has no folders of groups, and no zips or PDFs.",
            "Name a folder with one folder a group, the download of an LMS, or a class.toml.",
        )
    return Class((), (), submissions=source, title=escaped(source.name.removesuffix(".zip")))


def _resolve(table: _Class, home: Path) -> Class:
    def find(name: str | None) -> Path | None:
        return home / Path(name).expanduser() if name else None

    rubrics = [table.rubric] if isinstance(table.rubric, str) else table.rubric
    data = find(table.data)
    weights = table.weights if table.weights in SOURCES else str(home / Path(table.weights).expanduser())
    return Class(
        groups=tuple(
            Group(
                group.name,
                find(group.folder),
                folder_name(group.name),
                # A group's own images go before those of the class.
                data=find(group.data) or data,
                submitted=group.submitted,
            )
            for group in table.group
        ),
        rubrics=tuple(home / Path(name).expanduser() for name in rubrics if name),
        submissions=find(table.submissions),
        data=data,
        roster=find(table.roster),
        manual=find(table.manual),
        submissions_times=find(table.submissions_times),
        released=frozenset(table.release),
        outline=Outline(table.report, tuple(table.sections) if table.sections else None),
        title=table.title,
        course=table.course,
        assignment=table.assignment,
        processes=table.processes,
        limits=Limits(table.time_limit_s, table.memory_limit_mb),
        weights=weights,
        cache=find(table.cache),
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
        hint = did_you_mean(str(parts[-1]), allowed)
        return f"unknown key '{key}'{f' ({hint})' if hint else ''}; allowed are {', '.join(allowed)}"
    if kind == "missing":
        return f'{key} is missing; write {parts[-1]} = "…"'
    text = repr(value)
    return f"{key} = {text if len(text) <= _LONGEST else text[:_LONGEST] + '…'}: {message}"


def _find_wrong_groups(table: dict[str, Any], file: Path, home: Path) -> Iterator[str]:
    """The errors of groups that have a name and a folder."""
    groups = table.get("group")
    entries = [entry for entry in groups if isinstance(entry, dict)] if isinstance(groups, list) else []
    yield from _find_equal_names(
        [entry["name"] for entry in entries if isinstance(entry.get("name"), str)], str(file), "group.name"
    )
    if not entries and not table.get("submissions"):
        yield (
            f'{file}: group is missing; write [[group]] with name = "…" and folder = "…", '
            'or submissions = "…" with the folder of all'
        )
    for number, entry in enumerate(groups if isinstance(groups, list) else [], start=1):
        if not isinstance(entry, dict):
            continue
        name, folder = escaped(str(entry.get("name"))), entry.get("folder")
        if folder is None and not table.get("submissions"):
            yield f'{file}: group {number}.folder is missing; write folder = "…", or submissions = "…"'
        if isinstance(folder, str) and folder:
            path = home / Path(folder).expanduser()
            # What is in a zip or a PDF is seen when it is received.
            if not path.is_dir() and path.suffix.casefold() not in (".zip", ".pdf"):
                fault = "is no folder, zip or PDF" if path.is_file() else "there is no such folder"
                yield f"{file}: group '{name}': folder = '{escaped(folder)}': {fault}"
            elif not path.exists():
                yield f"{file}: group '{name}': folder = '{escaped(folder)}': there is no such file"


def _find_missing_folders(table: dict[str, Any], file: Path, home: Path) -> Iterator[str]:
    """The errors of the folders that hold submissions and images."""
    submissions = table.get("submissions")
    if isinstance(submissions, str) and submissions and not (home / Path(submissions).expanduser()).exists():
        yield f"{file}: submissions = '{escaped(submissions)}': there is no such folder or zip"
    for key, hint in _TABLES.items():
        name = table.get(key)
        if isinstance(name, str) and name and not (home / Path(name).expanduser()).is_file():
            yield f"{file}: {key} = '{escaped(name)}': there is no such file{hint}"
    groups = table.get("group")
    entries = [entry for entry in groups if isinstance(entry, dict)] if isinstance(groups, list) else []
    named = [("data", table.get("data"))]
    named += [(f"group '{escaped(str(entry.get('name')))}': data", entry.get("data")) for entry in entries]
    for key, folder in named:
        if isinstance(folder, str) and folder and not (home / Path(folder).expanduser()).is_dir():
            yield f"{file}: {key} = '{escaped(folder)}': there is no such folder"


def _find_wrong_releases(table: dict[str, Any], file: Path) -> Iterator[str]:
    """Mistyped names, where all groups are named here; and a switch that is none any more."""
    if table.get("verify") is False:
        yield (
            f"{file}: verify = false: only what was recomputed is graded, so every report is verified; "
            "take the line out"
        )
    # Of a download or a roster the groups are known only when it is read; check_releases() asks then.
    groups, released = table.get("group"), table.get("release")
    if (
        table.get("submissions")
        or table.get("roster")
        or not isinstance(groups, list)
        or not isinstance(released, list)
    ):
        return
    names = [str(entry.get("name")) for entry in groups if isinstance(entry, dict)]
    for name in released:
        if isinstance(name, str) and name not in names:
            hint = escaped(did_you_mean(name, names))
            problem = f"{file}: release = '{escaped(name)}': there is no group of that name"
            yield f"{problem} ({hint})" if hint else problem


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
