"""``report.toml`` becomes one frozen ``Settings``; every default of the project stands here."""

from __future__ import annotations

import difflib
import tomllib
from datetime import date as Date  # noqa: N812 - a type, used beside a field of the same name
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from reportgen.errors import SettingsError

SETTINGS_FILE = "report.toml"
SECTIONS = (
    "introduction",
    "convolution",
    "conv_stack",
    "transfer",
    "neurons",
    "guided_backprop",
    "observations",
)
"""The slots for the author's own words, in the order of the document."""

_CHOICES = "allowed are zero, median, percentile:P, top:N and [row, column, channel]"

Position = tuple[int, int, int]
NeuronChoice = str | Position
"""How a neuron of a guided-backpropagation table is chosen: a rule, or ``[row, column, channel]``."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Author(_Table):
    """One author of the report."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    roll_number: Annotated[str, Field(max_length=60)] = ""


class Show(_Table):
    """How much of each layer the document shows."""

    filters: Annotated[int, Field(ge=1, le=32)] = 10
    neurons: Annotated[int, Field(ge=1, le=20)] = 5
    colour: bool = False


class GuidedTables(_Table):
    """Which neurons the guided-backpropagation tables explain, and how the pictures are scaled."""

    neurons: Annotated[tuple[NeuronChoice, ...], Field(min_length=1, max_length=20)] = (
        "zero",
        "percentile:10",
        "median",
        "top:1",
        "top:5",
    )
    shared_scale: bool = False

    @field_validator("neurons", mode="before")
    @classmethod
    def _known(cls, choices: Any) -> Any:
        if not isinstance(choices, list | tuple):
            raise ValueError("not a list; " + _CHOICES)
        return tuple(_as_choice(choice) for choice in choices)


class Commentary(_Table):
    """The author's own words, in Markdown, one slot after each section."""

    introduction: str = ""
    convolution: str = ""
    conv_stack: str = ""
    transfer: str = ""
    neurons: str = ""
    guided_backprop: str = ""
    observations: str = ""


class Settings(_Table):
    """Everything a user may choose. Paths are absolute once loaded by :func:`load_settings`."""

    course: Annotated[str, Field(max_length=200)] = "Convolutional Neural Networks"
    assignment: Annotated[str, Field(max_length=200)] = (
        "Convolution, Transfer Learning and Guided Backpropagation"
    )
    group: Annotated[str, Field(max_length=200)] = ""
    authors: Annotated[tuple[Author, ...], Field(strict=False)] = ()
    date: Date | None = None
    data: Annotated[Path | None, Field(strict=False)] = None
    weights: Annotated[str, Field(min_length=1)] = "auto"
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 671
    cache: Annotated[Path, Field(strict=False)] = Path(".cache/reportgen")
    cache_limit_mb: Annotated[int, Field(ge=1)] = 2000
    build: Annotated[Path, Field(strict=False)] = Path("build")
    templates: Annotated[Path | None, Field(strict=False)] = None
    show: Show = Show()
    example_images: dict[str, str] = {}
    guided_backprop: GuidedTables = GuidedTables()
    commentary: Commentary = Commentary()


def parse_choice(text: str) -> tuple[Literal["zero", "median", "percentile", "top"], float]:
    """Split a neuron rule such as ``percentile:10`` into its name and its number.

    Returns the name and P (0 to 100) or N (1 and up); the number is 0 for ``zero`` and ``median``.
    Raises ``ValueError`` naming the text and the rules there are.
    """
    name, _, number = text.partition(":")
    if name == "zero" and not number:
        return "zero", 0
    if name == "median" and not number:
        return "median", 0
    if name == "percentile" and number.isdecimal() and int(number) <= 100:
        return "percentile", float(number)
    if name == "top" and number.isdecimal() and 1 <= int(number) <= 1000:
        return "top", float(number)
    raise ValueError(f"'{text}' is no rule for a neuron; {_CHOICES}")


def _as_choice(choice: Any) -> NeuronChoice:
    if isinstance(choice, str):
        parse_choice(choice)
        return choice
    match choice:
        case [row, column, channel] if all(type(i) is int and i >= 0 for i in choice):
            return row, column, channel
    raise ValueError(f"{choice!r} is no neuron; {_CHOICES}")


def load_settings(path: Path | None = None, *, folder: Path | None = None, **overrides: Any) -> Settings:
    """Read ``report.toml`` and resolve its paths against the folder it stands in.

    ``path`` names the file; without it ``folder/report.toml`` is read if it exists (``folder``: the
    current one). ``overrides`` (from the command line, already absolute) win where they are not None.
    Raises ``SettingsError`` naming file, key, value and what is allowed.
    """
    home = (path.parent if path else folder or Path.cwd()).resolve()
    file = path or home / SETTINGS_FILE
    table: dict[str, Any] = {}
    if path is not None or file.exists():
        table = _read_toml(file)
    table.update({key: value for key, value in overrides.items() if value is not None})
    settings = understand_settings(table, str(file))
    weights = settings.weights
    if weights not in ("auto", "imagenet", "embedded"):
        weights = str(home / weights)
    return settings.model_copy(
        update={
            "data": home / settings.data if settings.data else None,
            "cache": home / settings.cache,
            "build": home / settings.build,
            "templates": home / settings.templates if settings.templates else None,
            "weights": weights,
        }
    )


def understand_settings(table: dict[str, Any], where: str) -> Settings:
    """Check a table of settings that was read from ``where``; its paths stay as they are.

    Raises ``SettingsError`` naming key, value and what is allowed.
    """
    try:
        return Settings.model_validate(table)
    except ValidationError as error:
        raise _explained(error, where) from None


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: not valid TOML: {error}", "Correct the line it names.") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file}: not UTF-8 text: {error}", "Save the file as UTF-8.") from None
    except OSError as error:
        raise SettingsError(
            f"{file}: cannot be read: {error.strerror}", "Check the path and its rights."
        ) from None


def _explained(error: ValidationError, file: str) -> SettingsError:
    lines = []
    for problem in error.errors():
        parts = [str(part) for part in problem["loc"]]
        key = ".".join(parts)
        if problem["type"] == "extra_forbidden":
            allowed = _keys_at(parts[:-1])
            near = difflib.get_close_matches(parts[-1], allowed, n=1)
            hint = f" (did you mean '{near[0]}'?)" if near else ""
            lines.append(f"{file}: unknown key '{key}'{hint}; allowed are {', '.join(allowed)}")
        else:
            value = problem.get("input")
            lines.append(f"{file}: {key} = {value!r}: {problem['msg'].removeprefix('Value error, ')}")
    return SettingsError("\n".join(dict.fromkeys(lines)), "Correct report.toml; README.md lists every key.")


def _keys_at(parts: list[str]) -> list[str]:
    model: type[BaseModel] = Settings
    nested: dict[str, type[BaseModel]] = {
        "authors": Author,
        "show": Show,
        "guided_backprop": GuidedTables,
        "commentary": Commentary,
    }
    for part in parts:
        model = nested.get(part, model)
    return list(model.model_fields)
