"""JSON pointers (RFC 6901): how values are named and looked up."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from reportgen.errors import UserError
from reportgen.text import as_sentence, find_nearest, propose

REMEDY = "'reportgen schema --pointers' lists every pointer with its meaning."
_INDEX = re.compile(r"0|[1-9][0-9]*")
_LONE_TILDE = re.compile(r"~(?![01])")
_SHOWN_KEYS, _SHOWN_LENGTH = 12, 60
# Less than usual: an object has few keys, and one of them is meant.
_ALIKE = 0.5


class PointerError(UserError, LookupError):
    """There is nothing at a pointer, or not what it should be."""


def join_pointer(steps: Iterable[str | int]) -> str:
    """The pointer that takes these steps, as ``/neurons/top/a~1b/0`` for a class named ``a/b``."""
    return "".join(f"/{escape_step(step)}" for step in steps)


def escape_step(step: str | int) -> str:
    """One step, escaped as in a pointer."""
    # The tilde first, or that of ~1 would be escaped again (RFC 6901).
    return str(step).replace("~", "~0").replace("/", "~1")


def split_pointer(pointer: str) -> list[str]:
    """The steps of a pointer, unescaped. Raises ``PointerError`` if it is none."""
    if pointer and not pointer.startswith("/"):
        raise PointerError(
            f"'{pointer}' is no JSON pointer: it does not start with '/'.",
            as_sentence(propose(f"/{pointer}")),
        )
    if _LONE_TILDE.search(pointer):
        raise PointerError(
            f"'{pointer}' is no JSON pointer: it has a '~' that is followed by neither 0 nor 1.",
            "In a pointer '~' is written ~0, and a '/' inside a name ~1.",
        )
    # In this order, for ~01 means ~1 (RFC 6901).
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def cut_pointer(pointer: str) -> str:
    """The pointer to what holds the value, by the text alone: a stranger's may be none."""
    return pointer.rpartition("/")[0]


def find_value(document: Any, pointer: str, name: str) -> Any:
    """The value at ``pointer`` in ``document``, which messages call ``name``.

    Raises ``PointerError`` that says how far the pointer leads, what is there, and what may have been meant.
    """
    value: Any = document
    passed: list[str] = []
    for step in split_pointer(pointer):
        below = _descend(value, step)
        if below is _NOTHING:
            problem, remedy = _describe_end(value, passed, step)
            raise PointerError(f"{name}: there is nothing at {pointer}: {problem}.", remedy)
        value = below
        passed.append(step)
    return value


def lookup(document: Any, pointer: str, default: Any = None) -> Any:
    """The value at ``pointer`` in ``document``, ``default`` if there is nothing.

    Raises ``PointerError`` for what is no pointer.
    """
    value = document
    for step in split_pointer(pointer):
        value = _descend(value, step)
        if value is _NOTHING:
            return default
    return value


_NOTHING = object()


def _descend(value: Any, step: str) -> Any:
    """What is one step below a value, ``_NOTHING`` if the step leads nowhere."""
    # Keys first: in an object "0" is a name like any other.
    if isinstance(value, Mapping):
        return value.get(step, _NOTHING)
    if isinstance(value, list) and is_index(step, len(value)):
        return value[int(step)]
    return _NOTHING


def show_value(value: Any) -> str:
    """A value as JSON, shortened, or what kind of container it is."""
    if isinstance(value, dict):
        return f"an object of {len(value)} key{'s'[: len(value) != 1]}"
    if isinstance(value, list):
        return f"a list of {len(value)} item{'s'[: len(value) != 1]}"
    # In ASCII: what a stranger's file holds must not steer a terminal.
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= _SHOWN_LENGTH else f"{text[: _SHOWN_LENGTH - 1]}…"


def is_index(step: str, length: float = math.inf) -> bool:
    """Whether a step is an index of a list so long: digits without a leading zero (RFC 6901)."""
    # int() raises for thousands of digits.
    return len(step) < 20 and bool(_INDEX.fullmatch(step)) and int(step) < length


def _describe_end(value: Any, passed: list[str], step: str) -> tuple[str, str]:
    """Why ``step`` leads nowhere from ``value``, and what to do about it."""
    here = join_pointer(passed) or "the document"
    if isinstance(value, dict):
        near = find_nearest(step, value, cutoff=_ALIKE)
        hint = as_sentence(propose(join_pointer([*passed, near]))) if near else REMEDY
        return f"{here} has no key {show_value(step)}, but {_list_keys(value)}", hint
    if isinstance(value, list):
        count = f"0 to {len(value) - 1}" if value else "none, as it is empty"
        return f"{here} is a list and {show_value(step)} is none of its indices, {count}", REMEDY
    return f"{here} is {show_value(value)}, and nothing lies under it", REMEDY


def _list_keys(value: dict[str, Any]) -> str:
    listed = [show_value(key) for key in list(value)[:_SHOWN_KEYS]]
    if len(value) > _SHOWN_KEYS:
        listed.append(f"{len(value) - _SHOWN_KEYS} more")
    return ", ".join(listed) or "no key at all"
