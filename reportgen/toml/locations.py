"""The line of each key in a TOML file, which ``tomllib`` does not report."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

Path = tuple[str | int, ...]
"""The way to a value: ``("authors", 0, "name")``."""

# Up to five quotes end a text of several lines: the first two may be its own.
_TOKEN = re.compile(
    r'''(?s:
      (?P<string>"""[^"\\]*(?:(?:\\.|"{1,2}(?!"))[^"\\]*)*"{3,5} | \'\'\'[^']*(?:'{1,2}(?!')[^']*)*'{3,5}
        | "(?!"")[^"\\\n]*(?:\\[^\n][^"\\\n]*)*" | '(?!\'\')[^'\n]*')
    | (?P<open>["'])
    | (?P<comment>\#[^\n]*+)
    | (?P<newline>\n)
    | (?P<mark>[\[\]{}=,.])
    | (?P<space>[ \t\r]++)
    | (?P<bare>[^\s\[\]{}=,."'\#]++)
    | (?P<other>.)
    )''',
    re.VERBOSE,
)
"""``open`` is a quote that is never closed. Strings are unrolled loops: no text can be read in two ways, so
time grows with its length only. Possessive groups, which are shorter, match wrongly in Python up to 3.11.4,
and Debian 12 has 3.11.2 (python/cpython#106052).
"""


@dataclass(frozen=True)
class Token:
    """A piece of the text: its kind, as in the pattern, and the line it begins in, from 1."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True)
class Location:
    """The location of a value. ``raw``: the value as written, if it is a string; ``header``: ``[show]`` or
    ``[[authors]]`` if that begins it.
    """

    line: int
    raw: str = ""
    header: str = ""

    def line_of_text(self, number: int) -> int:
        """The line of the file in which line ``number`` of a string, from 1, begins."""
        quotes = self.raw[:3]
        if quotes not in ('"""', "'''"):
            return self.line
        body = self.raw[3:]
        skipped = body.startswith("\n")  # the first newline is no part of the text
        line, read = self.line + skipped, 1
        pieces = r"\\[ \t]*\n\s*|\\n|\\.|\n" if quotes == '"""' else r"\n"
        for found in re.finditer(pieces, body[skipped:], re.DOTALL):
            if read == number:
                break
            read += found[0] in ("\n", r"\n")
            line += found[0].count("\n")
        return line


def list_tokens(text: str) -> Iterator[Token]:
    """Cut a text into tokens, up to a quote that is never closed, in time that grows with its length only."""
    line = 1
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or "other"
        yield Token(kind, found[0], line)
        if kind == "open":
            return
        line += found[0].count("\n")


@dataclass(frozen=True, eq=False)
class Origin:
    """The source of settings: its ``name``, for messages, and its ``text``, valid TOML or "".

    Two of them are always equal, since the location of settings does not change their meaning.
    """

    name: str = "the settings"
    text: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Origin)

    def __hash__(self) -> int:
        return hash(Origin)

    @cached_property
    def locations(self) -> dict[Path, Location]:
        """The location of each value, in the order of the file."""
        try:
            return _Reader(list(list_tokens(self.text))).read()
        # Locations help to find a mistake, and are never worth one of their own.
        except (RecursionError, IndexError):
            return {}

    def find(self, path: Sequence[str | int]) -> Location | None:
        """The location of a value, or of its nearest ancestor that has one."""
        locations = self.locations
        return next(
            (locations[tuple(path[:n])] for n in range(len(path), 0, -1) if tuple(path[:n]) in locations),
            None,
        )

    def at(self, path: Sequence[str | int] = (), text_line: int = 1) -> str:
        """File and line of a value, or of a line of it, as messages begin: ``report.toml, line 3``."""
        location = self.find(path)
        return f"{self.name}, line {location.line_of_text(text_line)}" if location else self.name


class _Reader:
    """Walks through the tokens of a valid file once."""

    def __init__(self, tokens: list[Token]) -> None:
        end = Token("newline", "\n", tokens[-1].line if tokens else 1)
        self._tokens = [token for token in tokens if token.kind not in ("space", "comment")] + [end]
        self._next = 0
        self._locations: dict[Path, Location] = {}
        self._counts: dict[Path, int] = {}

    def read(self) -> dict[Path, Location]:
        table: Path = ()
        # No errors are looked for: tomllib has read the same text before.
        while self._next < len(self._tokens) - 1:
            if self._here.kind == "newline":
                self._next += 1
            # A string's token has its quotes, so that none is taken for a mark.
            elif self._here.text == "[":
                table = self._header()
            else:
                self._assignment(table)
        return self._locations

    @property
    def _here(self) -> Token:
        return self._tokens[self._next]

    def _header(self) -> Path:
        line, double = self._here.line, self._tokens[self._next + 1].text == "["
        self._next += 2 if double else 1
        keys = self._keys("]")
        self._next += 2 if double else 1
        path: Path = ()
        for position, key in enumerate(keys, 1):
            path += (key,)
            if double and position == len(keys):
                self._counts[path] = self._counts.get(path, 0) + 1
            if path in self._counts:  # a list of tables, of which the last one is meant
                path += (self._counts[path] - 1,)
        name = ".".join(keys)
        location = Location(line, header=f"[[{name}]]" if double else f"[{name}]")
        self._locations[path] = location
        self._add_above(path, location)
        return path

    def _assignment(self, table: Path) -> None:
        line = self._here.line
        path = (*table, *self._keys("="))
        self._next += 1
        self._add_above(path, Location(line))
        self._value(path, line)

    def _add_above(self, path: Path, location: Location) -> None:
        for n in range(1, len(path)):
            # Of a table without a header of its own, the first line that names it counts.
            self._locations.setdefault(path[:n], location)

    def _keys(self, end: str) -> list[str]:
        keys = []
        while self._here.text != end:
            text, kind = self._here.text, self._here.kind
            if kind == "string":
                # tomllib itself reads the escapes of a key in quotes.
                keys.append(str(tomllib.loads(f"k = {text}")["k"]))
            elif text != ".":
                keys.append(text)
            self._next += 1
        return keys

    def _value(self, path: Path, line: int | None = None) -> None:
        token = self._here
        raw = token.text if token.kind == "string" else ""
        self._locations[path] = Location(line or token.line, raw)
        self._next += 1
        if token.text in ("[", "{") and token.kind == "mark":
            self._items(path, "]" if token.text == "[" else "}")
        elif token.kind != "string":
            while self._here.kind != "newline" and self._here.text not in (",", "]", "}"):
                self._next += 1

    def _items(self, path: Path, end: str) -> None:
        """The items of a list or of an inline table, up to its end."""
        number = 0
        while self._here.text != end:
            if self._here.kind == "newline" or self._here.text == ",":
                self._next += 1
            elif end == "]":
                self._value((*path, number))
                number += 1
            else:
                self._assignment(path)
        self._next += 1


_COMMANDS = (
    *(
        "bar",
        "beta",
        "bf",
        "binom",
        "boldsymbol",
        "breve",
        "bullet",
        "forall",
        "frac",
        "nabla",
        "ne",
        "nearrow",
    ),
    *(
        "neg",
        "neq",
        "ni",
        "not",
        "notin",
        "nu",
        "rangle",
        "rceil",
        "rfloor",
        "rho",
        "right",
        "rightarrow",
        "rm",
    ),
    *("tan", "tanh", "tau", "text", "theta", "tilde", "times", "to", "top", "triangle"),
)
"""Commands of mathtext that begin as an escape of TOML does: \\\\b, \\\\f, \\\\n, \\\\r or \\\\t."""

_EATEN = re.compile(rf"(?<!\\)(?:\\\\)*(\\(?:{'|'.join(_COMMANDS)}))(?![A-Za-z])")

_FORMULA = re.compile(r"\$(?=\S)[^$]*(?<=\S)\$(?!\d)")
"""A formula in Markdown; “$5 and $6” is not one."""


def find_eaten_commands(origin: Origin, table: str) -> Iterator[str]:
    """A line for each text below ``table`` in whose formulas a command loses its backslash."""
    # Without a backslash nothing can be lost.
    if "\\" not in origin.text:
        return
    for path, location in origin.locations.items():
        # Between single quotes a backslash stays one.
        if path[:1] != (table,) or not location.raw.startswith('"'):
            continue
        for formula in _FORMULA.finditer(location.raw):
            if found := _EATEN.search(formula[0]):
                line = location.line + location.raw.count("\n", 0, formula.start() + found.start(1))
                yield (
                    f"{origin.name}, line {line}: {_name(path)}: between double quotes {found[1]} loses its "
                    f"backslash; write '''three single quotes''' around the text, or \\{found[1]}"
                )
                break


def _name(path: Path) -> str:
    return ".".join(map(str, path))
