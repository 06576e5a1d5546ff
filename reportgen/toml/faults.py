"""Explains pydantic's validation errors to the author of the file."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from reportgen.text import find_nearest, printable, propose
from reportgen.toml.locations import Origin, Path

MOST = 50
"""How many faults of a file are reported; the others are counted."""

_SHOWN = 60
_FORMS = {
    "string": "text", "path": "text", "int": "a whole number", "float": "a number", "bool": "true or false",
    "date": "a date", "tuple": "a list", "list": "a list", "dict": "a table", "model": "a table",
}  # fmt: skip
"""Beginning of pydantic's type of error -> what is wanted."""

_BOUNDS = ("ge", "gt", "le", "lt")
_LENGTHS = ("min_length", "max_length")
_DEEPEST = 3
"""Nesting levels of a value that are printed."""
_ITEMS = 9
"""Items of a list or a table that are printed."""

Examples = Mapping[str, str]
"""Key -> how a list or a table is written there: ``authors = [{ name = "…" }]``."""


def describe_faults(
    error: ValidationError,
    model: type[BaseModel],
    origin: Origin,
    examples: Examples,
    flags: Sequence[str],
    passed_over: Collection[str] = (),
) -> list[str]:
    """A line for each fault, in the order of the file: location, key, value and reason.

    ``flags`` are the keys whose values came from the command line, so no line of the file is given; faults of
    the types ``passed_over`` are not described.
    """
    faults = error.errors(include_url=False)
    found = [(fault["loc"], fault) for fault in faults if fault["type"] not in passed_over]
    misplaced = _find_misplaced(found, model, origin)
    lines: dict[str, tuple[int, int]] = {}
    # More than are reported, since several may share a line, but not all: a stranger's file may have any
    # number.
    for number, (path, fault) in enumerate(found[: 10 * MOST]):
        location = origin.find(path)
        key = name_key(path)
        if path in misplaced:
            line = misplaced[path]
        elif path[0] in flags:
            line = f"--{key}: {_describe(path, fault, model, examples)}"
        else:
            line = f"{origin.at(path)}: {_describe(path, fault, model, examples)}"
        # Once: of a value of a union pydantic reports a fault for each form that it does not have.
        lines.setdefault(printable(line), (location.line if location else 0, number))
    ordered = sorted(lines, key=lines.__getitem__)
    rest = len(ordered) - MOST
    return [*ordered[:MOST], *([f"{origin.name}: and {rest} more"] if rest > 0 else [])]


def name_key(path: Sequence[str | int]) -> str:
    """A key as messages name it: ``authors 1.name`` for the first author's name."""
    words = "".join(f" {part + 1}" if isinstance(part, int) else f".{part}" for part in path)
    return words.removeprefix(".")


def _describe(path: Path, fault: Any, model: type[BaseModel], examples: Examples) -> str:
    kind, value = fault["type"], fault["input"]
    if kind == "extra_forbidden":
        return _describe_unknown(path, model)
    if kind == "missing":
        return f'{name_key(path)} is missing; write {path[-1]} = "…"'
    prefix = f"{name_key(path)} = {write_value(value)}: "
    # Our own words, from a validator.
    if kind == "value_error":
        return prefix + str(fault["ctx"]["error"])
    if kind == "literal_error":
        return f"{prefix}allowed are {fault['ctx']['expected']}"
    # Its length, which the range shows, is not what is wrong with it.
    if kind == "string_pattern_mismatch":
        return f"{prefix}it must fit {fault['ctx']['pattern']}"
    wanted = _FORMS.get(kind.removesuffix("_type").split("_from_")[0])
    if wanted and kind.endswith("_type"):
        return prefix + _describe_form(path, wanted, value, examples)
    return prefix + (_describe_range(path, value, model) or fault["msg"])


def _describe_form(path: Path, wanted: str, value: Any, examples: Examples) -> str:
    """The expected type of value, and how it is written."""
    key = path[-1] if isinstance(path[-1], str) else ""
    # How it is written no word says as well as an example.
    if wanted in ("a list", "a table"):
        example = examples.get(str(key or path[-2]), "")
        if not example and wanted == "a table":
            example = f"[{key}] in a line of its own, with its keys below"
        return f"{wanted} is needed{example and f', as {example}'}"
    if wanted == "text":
        if isinstance(value, list | dict):
            return "one text in quotes is needed"
        return f"text needs quotes: {key} = {json.dumps(write_value(value))}"
    if isinstance(value, str):
        return _describe_quoted(key, wanted, value.strip())
    if wanted == "a whole number" and isinstance(value, float):
        return "a whole number has no point" + (f": {_assign(key)}{value:.0f}" if value.is_integer() else "")
    if wanted == "a date" and isinstance(value, datetime.datetime):
        return f"a date has no time of day: {key} = {value.date().isoformat()}"
    return f"{wanted} is needed" + (", as 2026-01-31" if wanted == "a date" else "")


def _assign(key: str) -> str:
    """How the line of a key begins; an item of a list has no key."""
    return f"{key} = " if key else ""


def _describe_quoted(key: str, wanted: str, value: str) -> str:
    """A value other than text was put between quotes."""
    forms = {
        "a whole number": r"[+-]?(0|[1-9]\d*)",
        "a number": r"[+-]?(0|[1-9]\d*)(\.\d+)?",
        "true or false": r"true|false",
        "a date": r"\d{4}-\d\d-\d\d",
    }
    # "(?!)" fits nothing.
    if re.fullmatch(forms.get(wanted, "(?!)"), value, re.IGNORECASE):
        written = value.lower() if wanted == "true or false" else value
        return f"{wanted} is written without quotes: {_assign(key)}{written}"
    example = {"a date": "date = 2026-01-31", "true or false": f"{key} = true"}.get(wanted, "")
    return f"{wanted} is needed, without quotes" + (f", as {example}" if example else "")


def _describe_range(path: Path, value: Any, model: type[BaseModel]) -> str:
    """The allowed range of a value that is too small, too large, too short or too long; "" if none is set."""
    field = _field_at(path, model)
    limits = _limits_of(field) if field else {}
    if not limits.keys().isdisjoint(_BOUNDS):
        return f"allowed is {_write_range(limits, whole=float not in _types_in(field and field.annotation))}"
    if limits.keys().isdisjoint(_LENGTHS) or not hasattr(value, "__len__"):
        return ""
    if not value:
        return "it is empty"
    least, most = limits.get("min_length", 0), limits.get("max_length")
    size, unit = len(value), "characters" if isinstance(value, str) else "items"
    return f"it has {size} {unit}; allowed is {f'{least} to {most}' if most else f'{least} or more'}"


def _write_range(limits: Mapping[str, Any], *, whole: bool) -> str:
    """``1 to 32`` for whole numbers; ``more than 0 and at most 1`` for others."""
    low, above, high, below = map(limits.get, _BOUNDS)
    if whole:
        low = above + 1 if above is not None else low
        high = below - 1 if below is not None else high
        above = below = None
    if low is not None and high is not None:
        return f"{low} to {high}"
    words = (f"more than {above}", f"{low} or more", f"less than {below}", f"at most {high}")
    bounds = (above, low, below, high)
    return " and ".join(word for word, bound in zip(words, bounds, strict=True) if bound is not None)


def _field_at(path: Path, model: type[BaseModel]) -> FieldInfo | None:
    keys = [part for part in path if isinstance(part, str)]
    table = _model_at(keys[:-1], model)
    return table.model_fields.get(keys[-1]) if table and keys else None


def _limits_of(field: FieldInfo) -> dict[str, Any]:
    """The limits that the model sets to a value: ``{"ge": 1, "le": 32}``."""
    names = (*_BOUNDS, *_LENGTHS)
    return {name: getattr(limit, name) for limit in field.metadata for name in names if hasattr(limit, name)}


def _describe_unknown(path: Path, model: type[BaseModel]) -> str:
    key = str(path[-1])
    allowed = keys_at(path[:-1], model)
    tables = [f"[{name}]" for name in model.model_fields if key in keys_at([name], model)]
    near = _nearest(key, allowed)
    # A key that a table has is that one: 'filters' is no misspelling of 'layers'.
    if near and not (tables and len(path) == 1):
        return f"unknown key '{name_key(path)}' ({propose(near)}); allowed are {', '.join(allowed)}"
    rest = f"it belongs under {' or '.join(tables)}" if tables else f"allowed are {', '.join(allowed)}"
    return f"unknown key '{name_key(path)}'; {rest}"


def _nearest(key: str, allowed: Sequence[str]) -> str:
    # roll-number and RollNumber are meant as roll_number.
    plain = {re.sub(r"[\W_]", "", name).lower(): name for name in allowed}
    near = find_nearest(re.sub(r"[\W_]", "", key).lower(), plain)
    return plain.get(near, "")


def _find_misplaced(
    found: Sequence[tuple[Path, Any]], model: type[BaseModel], origin: Origin
) -> dict[Path, str]:
    """Top-level keys that were written below the header of a table; all of one table share a line."""
    below: dict[Path, list[Path]] = {}
    for path, _ in found:
        location = origin.locations.get(path[:-1])
        # A key that its table has, too, as [commentary] has one for each section, is where it belongs.
        own = path[-1] in model.model_fields and path[-1] not in keys_at(path[:-1], model)
        if len(path) > 1 and own and location and location.header:
            below.setdefault(path[:-1], []).append(path)
    messages: dict[Path, str] = {}
    for table, paths in below.items():
        head = origin.locations[table].header
        keys = ", ".join(
            f"{path[-1]} (line {origin.locations[path].line})" for path in paths if path in origin.locations
        )
        each = "this key is" if len(paths) == 1 else "these keys are"
        line = f"{origin.at(table)}: {each} under {head}: {keys}; move that table to the end of the file"
        messages |= dict.fromkeys(paths, line)
    return messages


def keys_at(path: Sequence[str | int], model: type[BaseModel]) -> list[str]:
    """The keys that a table of the model may have."""
    table = _model_at([part for part in path if isinstance(part, str)], model)
    return list(table.model_fields) if table else []


def _model_at(keys: Sequence[str], model: type[BaseModel]) -> type[BaseModel] | None:
    table: type[BaseModel] | None = model
    for key in keys:
        field = table.model_fields.get(key) if table else None
        table = next(_models_in(field.annotation), None) if field else None
    return table


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    return (each for each in _types_in(annotation) if issubclass(each, BaseModel))


def _types_in(annotation: Any) -> Iterator[type[Any]]:
    """The types that an annotation is made of: ``int`` and ``NoneType`` of ``int | None``."""
    if isinstance(annotation, type):
        yield annotation
    for inner in get_args(annotation):
        yield from _types_in(inner)


def write_value(value: Any, depth: int = 0) -> str:
    """A value as TOML has it, in one line that is not too long."""
    if depth > _DEEPEST:
        text = "…"
    # Before str(), which writes True with a capital.
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str):
        # Cut before it is escaped, since a text may be as long as the file.
        text = json.dumps(value[: 2 * _SHOWN], ensure_ascii=False)
    elif isinstance(value, list | tuple):
        items = [write_value(item, depth + 1) for item in value[:_ITEMS]]
        text = f"[{', '.join([*items, '…'] if len(value) > _ITEMS else items)}]"
    elif isinstance(value, dict):
        pairs = islice(value.items(), _ITEMS)
        items = [f"{key} = {write_value(item, depth + 1)}" for key, item in pairs]
        # Of more than these the text is cut below, however short they are.
        text = f"{{ {', '.join(items)} }}"
    else:
        text = str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
