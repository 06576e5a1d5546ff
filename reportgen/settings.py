"""Reads ``report.toml`` into a frozen ``Settings``. Every default of the project is defined here, in
``tables``, or in the ``settings`` of the section that it belongs to.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from datetime import date as Date  # noqa: N812 - a type, used beside a field of the same name
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
)

from reportgen.errors import SettingsError
from reportgen.networks import ARCHITECTURES, USUAL, NetworkChoice, Preprocessing
from reportgen.outline.kind import DEFAULT, Outline, OutlineError, ReportKind, find_kind
from reportgen.tables import Author, Printing, Show, Table
from reportgen.text import find_nearest, propose
from reportgen.toml.faults import describe_faults
from reportgen.toml.locations import Origin, find_eaten_commands
from reportgen.toml.reading import read_table_file
from reportgen.weights import SOURCES

SETTINGS_FILE = "report.toml"
_EXAMPLES = {"authors": 'authors = [{ name = "…", roll_number = "…" }]'}

_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))")


def expand_path(value: Any) -> Any:
    """A path with the home folder for ``~`` and the values of variables for ``$NAME`` and ``${NAME}``.

    ``$$`` is a dollar sign. What is no text stays as it is. Raises ``ValueError`` in words for a variable
    that is not set, a user without a home folder, and control characters, which come of a backslash.
    """
    if not isinstance(value, str):
        return value
    # Controls only: a path may have other characters that are not printable, as narrow spaces.
    if not value.isprintable() and any(ord(character) < 32 for character in value):
        raise ValueError(
            "it has a control character: between double quotes a backslash begins one; write 'single quotes' "
            "around the path, or / instead"
        )
    text = _VARIABLE.sub(_value_of, value)
    try:
        return str(Path(text).expanduser()) if text.startswith("~") else text
    except RuntimeError:
        name = text.partition("/")[0]
        raise ValueError(f"there is no home folder for {name}; write the path in full") from None


def _value_of(found: re.Match[str]) -> str:
    dollar, braced, plain = found.groups()
    if dollar:
        return "$"
    name = braced or plain
    try:
        return os.environ[name]
    except KeyError:
        raise ValueError(
            f"the variable ${name} is not set here; set it, write the path in full, or $$ for a dollar sign"
        ) from None


def _expand(value: Any, info: ValidationInfo) -> Any:
    """Expand a path that a person wrote into a file; paths of the command line have been by the shell."""
    # Not what strangers wrote: an error would reveal the value of a variable of this machine.
    return expand_path(value) if info.context and info.field_name in info.context else value


def _nothing_if_empty(value: Any) -> Any:
    return None if value == "" else value


WrittenPath = Annotated[Path, Field(strict=False), BeforeValidator(_expand)]
"""A path in which ``~`` and ``$NAME`` mean something."""

_Folder = Annotated[WrittenPath | None, BeforeValidator(_nothing_if_empty)]


class Words(Table):
    """The author's own words, in Markdown: a slot for each section, one before and one after them."""

    if TYPE_CHECKING:

        def __getattr__(self, slot: str) -> str:
            """The words of a slot."""


# One type for the same slots, since models of two types are never equal.
@cache
def _words_type(slots: tuple[str, ...]) -> type[Words]:
    fields: dict[str, Any] = dict.fromkeys(slots, (str, ""))
    return create_model("Commentary", __base__=Words, __module__=__name__, **fields)


if TYPE_CHECKING:
    Commentary = Words
else:
    Commentary = _words_type(find_kind().slots)
    """The slots of the assignment."""


class Settings(Table):
    """Everything a user may choose. Paths are absolute once loaded by :func:`load_settings`.

    ``origin`` locates them in their file.
    """

    report: Annotated[str, Field(min_length=1, max_length=200)] = DEFAULT
    sections: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] | None,
        Field(strict=False, min_length=1),
    ] = None
    course: Annotated[str, Field(max_length=200)] = "Convolutional Neural Networks"
    assignment: Annotated[str, Field(max_length=200)] = (
        "Convolution, Transfer Learning and Guided Backpropagation"
    )
    group: Annotated[str, Field(max_length=200)] = ""
    authors: Annotated[tuple[Author, ...], Field(strict=False)] = ()
    date: Date | None = None
    data: _Folder = None
    weights: Annotated[str, Field(min_length=1), BeforeValidator(_expand)] = "auto"
    architecture: Annotated[str, Field(min_length=1), BeforeValidator(_expand)] = USUAL
    layers: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=200)], ...], Field(strict=False, max_length=8)
    ] = ()
    preprocessing: Preprocessing = ""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 671
    cache: WrittenPath = Path(".cache/reportgen")
    cache_limit_mb: Annotated[int, Field(ge=1)] = 2000
    build: WrittenPath = Path("build")
    templates: _Folder = None
    # Whether there is such a theme is seen from its folder: the user's own templates may bring one along.
    theme: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)] = "report"
    fonts: Annotated[tuple[WrittenPath, ...], Field(strict=False)] = ()
    show: Show = Show()
    print: Printing = Printing()
    # One object for all does no harm: pydantic copies it for each model.
    example_images: dict[str, str] = Field(default={})
    commentary: Commentary = Commentary()

    @property
    def unwritten(self) -> str:
        """What only the authors can write and have not yet, in one line; empty if nothing is missing."""
        slots = self.kind.slots
        empty = [slot for slot in slots if not getattr(self.commentary, slot).strip()]
        listed = "" if len(empty) == len(slots) else f" ({', '.join(empty)})"
        missing = [
            *(["authors"] if not self.authors else []),
            *([f"[commentary]{listed}"] if empty else []),
        ]
        return f"Still empty in your settings: {' and '.join(missing)}." if missing else ""

    # Private, so that where settings are from is in no key and in no report.
    _origin: Origin = PrivateAttr(default_factory=Origin)

    @field_validator("architecture")
    @classmethod
    def _known_or_file(cls, name: str) -> str:
        if name in ARCHITECTURES or name.endswith(".keras"):
            return name
        known = {each.casefold(): each for each in ARCHITECTURES}
        hint = propose(known.get(find_nearest(name.casefold(), known), ""))
        allowed = f"allowed are {', '.join(ARCHITECTURES)} and a .keras file of your own"
        raise ValueError(f"{allowed}; {hint}" if hint else allowed)

    @field_validator("layers")
    @classmethod
    def _once_each(cls, layers: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(layers)) < len(layers):
            raise ValueError("a layer is named twice")
        return layers

    def value(self, name: str) -> Any:
        """A setting by its dotted name, as ``show.filters``; a section's own are known by it only."""
        found: Any = self
        for part in name.split("."):
            found = getattr(found, part)
        return found

    @property
    def names(self) -> frozenset[str]:
        """The dotted names that ``value`` knows, those of whole tables among them."""
        return frozenset(_list_names(self))

    @property
    def network(self) -> NetworkChoice:
        """The network of the report."""
        return NetworkChoice(self.architecture, self.layers, self.preprocessing, self.seed)

    @property
    def kind(self) -> ReportKind:
        """The outline of the report.

        Raises ``SettingsError`` for a report or section that is not installed.
        """
        try:
            return self.outline.kind
        except OutlineError as error:
            key = "report" if self.sections is None else "sections"
            raise SettingsError(f"{self.origin.at((key,))}: {key}: {error.problem}", error.remedy) from None

    @property
    def outline(self) -> Outline:
        """The requested outline, by names."""
        return Outline(self.report, self.sections)

    @property
    def origin(self) -> Origin:
        """The location of the settings."""
        return self._origin


def load_settings(path: Path | None = None, *, folder: Path | None = None, **overrides: Any) -> Settings:
    """Read ``report.toml`` and resolve its paths against the folder it is in.

    ``path`` names the file; without it ``folder/report.toml`` is read if it exists (``folder``: the
    current one). ``overrides`` (from the command line, already absolute) win where they are not None.
    Raises ``SettingsError`` naming file, key, value and what is allowed.
    """
    home = (path.parent if path else folder or Path.cwd()).resolve()
    file = path or home / SETTINGS_FILE
    table: dict[str, Any] = {}
    origin = Origin(_display_name(file))
    if path is not None or file.exists():
        table, origin = read_table_file(file, origin.name)
    options = {key: value for key, value in overrides.items() if value is not None}
    return resolve_paths(
        understand_settings({**table, **options}, origin, options, table.keys() - options), home
    )


def _list_names(table: BaseModel, above: str = "") -> Iterator[str]:
    for key in type(table).model_fields:
        yield above + key
        value = getattr(table, key)
        if isinstance(value, BaseModel):
            yield from _list_names(value, f"{above}{key}.")


def resolve_paths(settings: Settings, home: Path) -> Settings:
    """The settings with absolute paths; relative ones count from ``home``."""
    weights = settings.weights
    if weights not in SOURCES:
        weights = str(home / weights)
    architecture = settings.architecture
    if architecture not in ARCHITECTURES:
        architecture = str(home / architecture)
    # A copy checks nothing again, and keeps the origin.
    return settings.model_copy(
        update={
            "architecture": architecture,
            "data": home / settings.data if settings.data else None,
            "cache": home / settings.cache,
            "build": home / settings.build,
            "templates": home / settings.templates if settings.templates else None,
            "fonts": tuple(home / font for font in settings.fonts),
            "weights": weights,
        }
    )


def _display_name(file: Path) -> str:
    """The file as messages name it, from the current folder if it lies below."""
    folder = Path.cwd()
    return str(file.relative_to(folder) if file.is_relative_to(folder) else file)


def understand_settings(
    table: dict[str, Any],
    where: str | Origin,
    flags: Iterable[str] = (),
    written: Iterable[str] = (),
    *,
    strict: bool = True,
) -> Settings:
    """Check a table of settings that was read from ``where``; its paths stay relative.

    ``flags`` are the keys that the command line gave; in the paths of those ``written`` into a file ``~`` and
    variables are replaced. Tables of sections that were left out are passed over if it is not ``strict``.
    Raises ``SettingsError`` with a line for each fault: location, key, value and reason.
    """
    origin = where if isinstance(where, Origin) else Origin(where)
    lines = list(find_eaten_commands(origin, "commentary"))
    # First, for the sections decide which keys the commentary may have.
    kind, unknown = _choose_kind(table, origin)
    lines += unknown
    table, unread = _without_left_out(table, kind)
    lines += [
        f"{origin.at((name,))}: {name}: none of the sections of this report reads it; remove it, or add its "
        "section to 'sections'."
        for name in (unread if strict else ())
    ]
    model, table = settings_type(kind), kind.complete(table)
    try:
        settings = model.model_validate(table, context=frozenset(written))
    except ValidationError as error:
        # Which keys there are is not known before the sections are: theirs are not to be called unknown.
        passed_over = frozenset({"extra_forbidden"} if unknown else ())
        faults = describe_faults(error, model, origin, _EXAMPLES, tuple(flags), passed_over)
        lines = [*faults, *lines]
    if lines:
        raise SettingsError("\n".join(lines), f"Correct {origin.name}; docs/students.md lists every key.")
    # A frozen model takes private attributes all the same.
    settings._origin = origin
    return settings


def _choose_kind(table: dict[str, Any], origin: Origin) -> tuple[ReportKind, list[str]]:
    """The kind of report that a table asks for; the assignment and a line if it asks for none that there is.

    A value that is not even text is left to the check of the whole table.
    """
    name, sections = table.get("report", DEFAULT), table.get("sections")
    listed = isinstance(sections, list | tuple) and all(isinstance(each, str) for each in sections)
    try:
        kind = find_kind(name if isinstance(name, str) else DEFAULT)
    except OutlineError as error:
        return find_kind(), [f"{origin.at(('report',))}: report: {error.problem} {error.remedy}"]
    try:
        return (kind.choose(tuple(sections)) if listed and sections else kind), []
    except OutlineError as error:
        return kind, [f"{origin.at(('sections',))}: sections: {error.problem} {error.remedy}"]


def _without_left_out(table: dict[str, Any], kind: ReportKind) -> tuple[dict[str, Any], list[str]]:
    """The table without what is of sections that were left out.

    Defaults and empty words of theirs are in the shipped file. Other settings of theirs are named.
    """
    whole = (find_kind(), _whole(kind))
    defaults = {name: default for each in whole for name, (_, default) in each.fields.items()}
    unused = {name: _plain(defaults[name]) for name in defaults.keys() - kind.fields.keys()}
    unread = [key for key, value in table.items() if key in unused and not _repeats(value, unused[key])]
    table = {key: value for key, value in table.items() if key not in unused}
    words = table.get("commentary")
    if not isinstance(words, dict):
        return table, unread
    left_out = {slot for each in whole for slot in each.slots} - set(kind.slots)
    kept = {slot: text for slot, text in words.items() if slot not in left_out or text != ""}
    return {**table, "commentary": kept}, unread


def _repeats(value: Any, default: Any) -> bool:
    """Whether a value, or the keys that a table has, are the default's."""
    if isinstance(value, dict) and isinstance(default, dict):
        return all(key in default and default[key] == each for key, each in value.items())
    return bool(value == default)


def _plain(default: Any) -> Any:
    return default.model_dump(mode="json") if isinstance(default, BaseModel) else default


def _whole(kind: ReportKind) -> ReportKind:
    """The kind of that name with all of its sections."""
    try:
        return find_kind(kind.name)
    except OutlineError:  # it was named by its module
        return kind


@cache
def settings_type(kind: ReportKind) -> type[Settings]:
    """The settings of a kind of report: with what its sections bring along, and a slot of the commentary for
    each of them.
    """
    words = _words_type(kind.slots)
    fields: dict[str, Any] = {**kind.fields, "commentary": (words, words())}
    return create_model("Settings", __base__=Settings, __module__=__name__, **fields)
