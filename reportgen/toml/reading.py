"""Reads a TOML file to a table, or raises one clear error."""

from __future__ import annotations

import codecs
import tomllib
from pathlib import Path
from typing import Any

from reportgen.errors import SettingsError
from reportgen.store.faults import reason_of
from reportgen.store.files import read_file
from reportgen.toml.locations import Origin
from reportgen.toml.syntax import find_syntax_fault

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as UTF-16 does, so it is tried before that
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_SAVE = "Save the file as UTF-8: most editors offer it under “Save as”."

_SHOWN = 30


def decode_text(data: bytes, where: str) -> str:
    """The text of a file: UTF-8, with a byte-order mark or without, or UTF-16 and UTF-32 with one.

    Ends of lines become single newlines. Raises ``SettingsError`` that names ``where``, the line and, of
    other encodings, what the line seems to say.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decode(data[len(mark) :], encoding, where)
    if b"\0" in data:
        raise SettingsError(
            f"{where}: is no text, or UTF-16 without a byte-order mark: it has zero bytes.", _SAVE
        )
    return _decode(data, "utf-8", where)


def _decode(data: bytes, encoding: str, where: str) -> str:
    try:
        return data.decode(encoding).replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            name = encoding.removesuffix("-le").removesuffix("-be").upper()
            raise SettingsError(f"{where}: not {name} text: {error.reason}.", _SAVE) from None
        line = data.count(b"\n", 0, error.start) + 1
        guess = _guess(data, error.start)
        raise SettingsError(
            f"{where}, line {line}: not UTF-8 text: {error.reason}, perhaps “{guess}”.", _SAVE
        ) from None


def _guess(data: bytes, at: int) -> str:
    """The text around a byte, decoded as Windows-1252."""
    line = data[data.rfind(b"\n", 0, at) + 1 :].split(b"\n", 1)[0]
    start = max(0, at - data.rfind(b"\n", 0, at) - 1 - _SHOWN // 2)
    text = line[start : start + _SHOWN].decode("cp1252", errors="replace").strip()
    return "".join(character for character in text if character.isprintable())


def read_table_file(file: Path, name: str = "") -> tuple[dict[str, Any], Origin]:
    """The table in a file and the locations of its values; ``name`` is the file's name in messages.

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
    """The table in a text and the locations of its values.

    Raises ``SettingsError`` with the first syntax error, its line and the reason.
    """
    try:
        return tomllib.loads(text), Origin(name, text)
    except (ValueError, RecursionError) as error:
        fault = find_syntax_fault(text, error)
        location = f"{name}, line {fault.line}" if fault.line else name
        raise SettingsError(
            f"{location}: not valid TOML: {fault.reason}",
            f"Correct {'this line' if fault.line else 'the file'}.",
        ) from None
