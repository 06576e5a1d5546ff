"""Paths in settings files, with ``~`` and ``$HOME``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

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
