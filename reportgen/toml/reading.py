"""A TOML file becomes a table, or one clear error."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from reportgen.errors import SettingsError
from reportgen.store.faults import reason_of
from reportgen.store.files import read_file
from reportgen.toml.encoding import decode_text
from reportgen.toml.places import Origin
from reportgen.toml.syntax import find_syntax_fault


def read_table_file(file: Path, name: str = "") -> tuple[dict[str, Any], Origin]:
    """The table in a file, and where everything stands in it; ``name`` is what messages call the file.

    Raises ``SettingsError`` if the file cannot be read, is no text, or is no TOML.
    """
    name = name or str(file)
    try:
        data = read_file(file)
    except OSError as error:
        raise SettingsError(
            f"{name}: cannot be read: {reason_of(error)}.", "Check the path and its rights."
        ) from None
    return parse_table(decode_text(data, name), name)


def parse_table(text: str, name: str) -> tuple[dict[str, Any], Origin]:
    """The table that a text is, and where everything stands in it.

    Raises ``SettingsError`` with the first thing that is no TOML, its line and the reason in words.
    """
    try:
        return tomllib.loads(text), Origin(name, text)
    except (ValueError, RecursionError) as error:
        fault = find_syntax_fault(text, error)
        place = f"{name}, line {fault.line}" if fault.line else name
        raise SettingsError(
            f"{place}: not valid TOML: {fault.reason}",
            f"Correct {'this line' if fault.line else 'the file'}.",
        ) from None
