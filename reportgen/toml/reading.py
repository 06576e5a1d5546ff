"""TOML read with errors that say line, value and remedy."""

from __future__ import annotations

import codecs
import re
import tomllib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen.errors import SettingsError
from reportgen.store.files import cannot_be_read, read_file
from reportgen.toml.locations import Origin, Token, list_tokens

_KEY = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')(?:\s*\.\s*(?:[\w-]+|"[^"\n]*"|'[^'\n]*'))*"""

_CURLY = "“”„‟«»‘’‚‛"

_NUMBER = r"[+-]?\d[\d_ .,']*"

_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}")

_LINE_SHOWN, _LONGEST = 70, 2000
"""How many characters of a line are quoted, and how many are examined, at most."""


@dataclass(frozen=True)
class SyntaxFault:
    """The first syntax error: its line, from 1 (0: unknown), and the reason."""

    line: int
    reason: str


@dataclass(frozen=True)
class _Statement:
    """The line at fault, the text after its ``=``, and tomllib's message."""

    line: str
    value: str
    message: str


def find_syntax_fault(text: str, error: ValueError | RecursionError) -> SyntaxFault:
    """Say in words why ``tomllib`` refuses ``text`` with ``error``."""
    if not isinstance(error, tomllib.TOMLDecodeError):
        deep = isinstance(error, RecursionError)
        return SyntaxFault(0, "it is nested too deeply" if deep else _lowered(str(error)))
    message = str(error)
    number = _line_of(message, text)
    # First: tomllib names the position where it gave up, which is behind the quote or bracket.
    if opened := _find_open(text, number, message):
        return opened
    # Not splitlines(), which also splits at U+2028 and other characters that are no newline in TOML.
    lines = text.split("\n")
    # A stranger's line may be as long as the file, and patterns are tried on it.
    line = lines[number - 1][:_LONGEST] if number <= len(lines) else ""
    statement = _Statement(line.strip(" \t\r"), _value_of(line), message)
    reason = next((words for look in _LOOKS if (words := look(statement))), None)
    if reason is None:
        reason = f"this cannot be understood: {_quoted(line)} ({_lowered(message)})"
    if "twice" in reason and (first := _find_first(lines, number)):
        reason += f", first in line {first}"
    return SyntaxFault(number, reason)


def _line_of(message: str, text: str) -> int:
    found = re.search(r"\(at line (\d+), column", message)
    # Of the end of the text tomllib gives no line.
    return int(found[1]) if found else len(text.rstrip().split("\n"))


def _find_open(text: str, number: int, message: str) -> SyntaxFault | None:
    """A quote or a bracket that is opened and never closed, where it is opened."""
    last = next((token for token in list_tokens(text) if token.kind == "open"), None)
    if last and last.line <= number and _OPEN.search(message):
        return SyntaxFault(last.line, _describe_open_quote(text, last))
    before = [token for token in list_tokens(text[: _offset_of(message, text)]) if token.kind not in _BLANK]
    brackets = _find_open_brackets(before)
    lines = text.split("\n")
    if not brackets or lines[brackets[0].line - 1].lstrip().startswith("["):  # the head of a table
        return None
    # A list that is not closed takes the head of the next table for an item.
    swallowed = brackets[0].line < number and _HEADER.match(lines[number - 1])
    if not swallowed and "Unclosed array" not in message and "(at end" not in message:
        return None
    opened = brackets[0 if swallowed else -1]
    earlier = next((token for token in reversed(before) if token.line < number), opened)
    if opened.line < number and earlier.text not in (",", "["):
        return SyntaxFault(earlier.line, f"{_NO_COMMA}; the list begins in line {opened.line}")
    return SyntaxFault(opened.line, _NO_COMMA)


def _offset_of(message: str, text: str) -> int:
    found = re.search(r"\(at line (\d+), column (\d+)\)", message)
    if not found:
        return len(text)
    return sum(len(line) + 1 for line in text.split("\n")[: int(found[1]) - 1]) + int(found[2]) - 1


_HEADER = re.compile(rf"\s*\[+\s*{_KEY}\s*\]+\s*(?:#.*)?$")

# By tomllib's messages, for its errors say nothing more than these.
_OPEN = re.compile(r"""Unterminated|(?:Illegal|invalid) character '\\n'|^Expected ["']{2}|Unclosed array""")

_NO_COMMA = "a comma is missing between two items of a list, or its ] at the end"

_BLANK = ("space", "newline", "comment")


def _describe_open_quote(text: str, quote: Token) -> str:
    line = text.split("\n")[quote.line - 1]
    triple = quote.text * 3
    if triple in line and line.count(triple) == 1 and line.index(triple) == line.index(quote.text):
        return f"the three quotes {triple} are never closed"
    if re.search(r'\\["\']?\s*$', line.split("#")[0].rstrip().rstrip(quote.text)) and quote.text == '"':
        return _BACKSLASH
    if re.search(rf"=\s*{quote.text}[^{quote.text}]*$", line) and _goes_on(text, quote):
        return f"write text of several lines between three quotes: {triple}…{triple}"
    return f"a closing quote {quote.text} is missing: {_quoted(line)}"


def _goes_on(text: str, quote: Token) -> bool:
    """Whether the text that a quote begins ends with one in a later line, before the next setting."""
    for line in text.split("\n")[quote.line : quote.line + 200]:
        if re.match(rf"\s*(?:{_KEY}\s*=|\[)", line):
            return False
        if re.search(rf"{quote.text}\s*(?:#.*)?$", line):
            return True
    return False


def _find_open_brackets(tokens: list[Token]) -> list[Token]:
    opened: list[Token] = []
    for token in tokens:
        if token.kind == "mark" and token.text == "[":
            opened.append(token)
        elif token.kind == "mark" and token.text == "]" and opened:
            opened.pop()
    return opened


def _value_of(line: str) -> str:
    """The text after the first ``=`` outside quotes, without a trailing comment."""
    pieces: list[str] = []
    behind = False
    for token in list_tokens(line):
        if token.kind == "open":
            pieces.append(line[line.index(token.text, len("".join(pieces))) :] if behind else "")
        elif behind and token.kind != "comment":
            pieces.append(token.text)
        behind = behind or token.text == "="
    return "".join(pieces).strip()


def _look_for_characters(statement: _Statement) -> str | None:
    """Characters that look like nothing, or like a quote."""
    outside = "".join(token.text for token in list_tokens(statement.line) if token.kind not in _QUOTED)
    if any(mark in outside for mark in _CURLY):
        return "curly quotes “…”; TOML takes straight ones only: \"…\" or '…'"
    for character in outside:
        category = unicodedata.category(character)
        if category in ("Zs", "Cf") and character != " ":
            name = unicodedata.name(character, "one without a name").lower()
            return f"an invisible character, {name} (U+{ord(character):04X}); delete it or type a space"
    found = re.search(r"(?:Illegal|invalid) character '(\\x..)'", statement.message)
    return f"a control character ({found[1]}) is in the text; delete it" if found else None


_QUOTED = ("string", "comment", "open")


def _look_for_twice(statement: _Statement) -> str | None:
    if re.search(r"Cannot (overwrite|declare|mutate|redefine)|Duplicate", statement.message):
        name = _name_of(statement.line)
        return f"'{name}' is there twice" if name else "a key is there twice"
    return None


def _look_at_line(statement: _Statement) -> str | None:
    """A line that is no ``key = value`` and no ``[table]``."""
    line = statement.line
    if line.startswith(("//", "/*", ";", "--")):
        return "a comment begins with #"
    if line.startswith("["):
        ends = r"\]\]" if line.startswith("[[") else r"\]"
        # Keys without quotes are ASCII in TOML.
        if not re.fullmatch(rf"\[+\s*{_KEY}\s*{ends}\s*(?:#.*)?", line, re.ASCII):
            return f"a table is written [name] or [[name]], alone in its line: {_quoted(line)}"
    if re.match(rf"{_KEY}\s*:", line) and not re.match(rf"{_KEY}\s*=", line):
        return f"a key is followed by =, not a colon: {_quoted(line)}"
    if "=" not in line:
        return f"a key, then =, then a value is needed: {_quoted(line)}"
    if line.startswith("="):
        return f"a key is missing before the =: {_quoted(line)}"
    if statement.message.startswith(("Expected '='", "Invalid statement")):
        key = line.split("=")[0].strip()
        return f"the key '{key}' needs quotes: \"{key}\" = …"
    return None


_BACKSLASH = (
    "there is a single backslash between double quotes; write 'single quotes' around the text, or / in paths"
)


def _look_for_backslash(statement: _Statement) -> str | None:
    message = statement.message
    return _BACKSLASH if re.match(r"Unescaped|Invalid hex|Escaped character", message) else None


def _look_for_quotes(statement: _Statement) -> str | None:
    """Text without quotes, and what is taken for it."""
    value, message = statement.value, statement.message
    if not value:
        return 'a value is missing behind the =; a text that is empty is written ""'
    if value.startswith("="):
        return f"one = is enough: {_quoted(statement.line)}"
    if "{" in value and ("inline" in message or not value.startswith("[")):
        return _describe_inline_table(value)
    if value.startswith("("):
        return f"a list is written between [ and ]: {_quoted(value)}"
    if value.startswith("["):
        return _describe_list(value)
    if value.lower() in ("true", "false", "yes", "no", "on", "off"):
        return f"{value}: true and false are written in small letters"
    if _DATE.fullmatch(value.split(" ")[0]) or message.startswith("Invalid date"):
        return f"a date is written year-month-day, as 2026-01-31, and must exist: {_quoted(value)}"
    if value[0] in "\"'":
        return _describe_rest(value)
    if re.fullmatch(_NUMBER, value):
        words = "a number is written in digits without zeros before it, with a point, not a comma"
        return f"{words}: {_quoted(value)}"
    if value[0].isdigit() and re.match(r"[\d.]+\s+//", value):
        return "a comment begins with #"
    if re.search(rf"\s{_KEY}\s*=", value):
        return f"each setting needs a line of its own: {_quoted(statement.line)}"
    return f'text needs quotes: "{_quoted(value)}"'


def _describe_inline_table(value: str) -> str | None:
    if re.search(r",\s*\}", value):
        return "no comma is allowed before the }"
    if "}" not in value:
        return "what is between { and } is written in one line, with the } at its end"
    return f"between {{ and }} write key = value, key = value, with commas: {_quoted(value)}"


def _describe_list(value: str) -> str | None:
    inner = value.strip("[] ")
    first = _quoted(inner.split(",")[0].strip())
    if inner and inner[0].isalpha() and first not in ("true", "false"):
        return f'text needs quotes, each item of a list its own: ["{first}", …]'
    return _NO_COMMA if inner else None


def _describe_rest(value: str) -> str | None:
    quote = value[0]
    if re.match(r"""(?:"[^"\n]*"|'[^'\n]*')\s*(?://|--)""", value):
        return "a comment begins with #"
    if value.count(quote) > 2 and not value.startswith(quote * 3):
        other = "'" if quote == '"' else '"'
        words = f"a quote {quote} is inside a text between such quotes; write {other} around it"
        return f"{words}: {_quoted(value)}"
    return f"something follows the value in the same line: {_quoted(value)}"


# The first one that finds something counts: a value in curly quotes, for one, also looks like text without
# quotes.
_LOOKS: tuple[Callable[[_Statement], str | None], ...] = (
    _look_for_twice,
    _look_for_characters,
    _look_for_backslash,
    _look_at_line,
    _look_for_quotes,
)


def _find_first(lines: list[str], number: int) -> int | None:
    """The line of the first definition of a duplicate key or table."""
    name, table = _name_of(lines[number - 1]), ""
    seen: dict[tuple[str, str], int] = {}
    for at, line in enumerate(lines[: number - 1], 1):
        header = re.match(r"\s*\[", line)
        # Each [[table]] is a new one, in which the same keys may come again.
        table = f"{line.strip()}{at if '[[' in line else ''}" if header else table
        seen.setdefault(("" if header else table, _name_of(line).strip("[]")), at)
    own = lines[number - 1].lstrip().startswith("[")
    return seen.get(("" if own else table, name.strip("[]")))


def _name_of(line: str) -> str:
    line = line.strip()
    if line.startswith("["):
        return line.split("#")[0].strip()
    found = re.match(_KEY, line)
    return found[0] if found and "=" in line else ""


def _quoted(line: str) -> str:
    line = " ".join("".join(c for c in line if c.isprintable()).split())
    return line if len(line) <= _LINE_SHOWN else f"{line[: _LINE_SHOWN - 1]}…"


def _lowered(message: str) -> str:
    text = re.sub(r" \(at .*\)$", "", message)
    return text[:1].lower() + text[1:]


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
        # No other line ends: a single \r is an error in TOML, which tomllib then reports.
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
    # Nearly any byte means something in Windows-1252, which older editors of Windows save.
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
        raise SettingsError(cannot_be_read(name, error), "Check the path and its rights.") from None
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
