"""Numbers as text, and each with the pointer of the result that it comes from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NoReturn

from jinja2 import TemplateRuntimeError
from markdown_it.token import Token
from markupsafe import Markup

from reportgen.pointer import escape_step
from reportgen.text import (
    activation_text,
    agreement_text,
    decimal_text,
    percent_text,
    share_text,
    significant_text,
    whole_text,
)
from reportgen.typefaces.script import split_clusters


def _filter(render: Callable[..., str]) -> Callable[..., Markup]:
    def apply(node: Any, *args: Any) -> Markup:
        value = plain(node)
        text = "–" if value is None else render(value, *args)
        return node.as_markup(text) if isinstance(node, Sourced) else Markup.escape(text)

    return apply


def _joined(separator: str) -> Callable[[Sourced], Markup]:
    def apply(node: Sourced) -> Markup:
        return Markup(separator).join(  # noqa: S704 - a constant
            item.as_markup(str(plain(item))) for item in node
        )

    return apply


def _span(node: Sourced) -> Markup:
    return Markup('<span class="nowrap">{}–{}</span>').format(node[0], node[1])


def _count(node: Sourced) -> Markup:
    """The number of items at a pointer."""
    return node.as_source(whole_text(len(node)), "n count")


def _text(node: Sourced, words: str | None = None) -> Markup:
    """A text of the results, or other words for it, with its pointer, since it may contain digits."""
    return node.as_source(str(node) if words is None else words, "n text")


def _negative(node: Sourced, digits: int = 3) -> Markup:
    """The number with its sign turned, such as the lower end of a scale of which the upper one is known."""
    value = plain(node)
    return node.as_source("–" if value is None else significant_text(-value, digits), "n minus")


def describe_choice(choice: Any) -> str:
    """In words, by which rule a neuron of a guided-backpropagation table was chosen."""
    name, _, number = str(choice).partition(":")
    match name:
        case "zero":
            return "silent neuron"
        # Results that were handed in may say anything here.
        case "percentile" if number.isascii() and number.isdecimal() and len(number) < 4:
            return f"{_ordinal(int(number))} percentile of positive outputs"
        case "median":
            return "median of positive outputs"
        case "top":
            return "most excited" if number == "1" else f"number {number} of the most excited"
        case "unusual":
            return "most unusual" if number == "1" else f"number {number} of the most unusual"
    return "chosen by the authors"


def _ordinal(number: int) -> str:
    # 11th to 13th do not end as 1st to 3rd do, nor does 111th.
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def mark_digits(text: str) -> Markup:
    """A text in which words with digits, as VGG19, are marked as no number of the results."""
    parts = re.split(r"(\w*\d\w*)", str(text))
    marked = (
        Markup('<span class="l ">{}</span>').format(part) if n % 2 else Markup.escape(part)
        for n, part in enumerate(parts)
    )
    return Markup("").join(marked)


FILTERS: dict[str, Callable[..., Any]] = {
    "activation": _filter(activation_text),
    "decimal": _filter(decimal_text),
    "share": _filter(share_text),
    "agreement": _filter(agreement_text),
    "percent": _filter(percent_text),
    "significant": _filter(significant_text),
    "whole": _filter(whole_text),
    # "14 × 14" over the end of a line would be read as a product that goes on.
    "shape": lambda node: Markup('<span class="nowrap">{}</span>').format(_joined(" × ")(node)),
    "position": lambda node: Markup('<span class="nowrap">({})</span>').format(_joined(", ")(node)),
    "span": _span,
    "neuron_kind": lambda node: (
        _text(node, describe_choice(node)) if isinstance(node, Sourced) else describe_choice(node)
    ),
    "size": _count,
    "text": _text,
    "minus": _negative,
}
"""The functions by which templates print numbers."""

_STRONG = {"L": "ltr", "R": "rtl", "AL": "rtl"}


def direction_of(text: object) -> str:
    """Say "rtl" if the first letter runs from right to left, "ltr" if not, "auto" without any letter."""
    # The first strong letter decides, as in Unicode's bidirectional algorithm (P2, P3) and for dir="auto".
    directions = (_STRONG.get(unicodedata.bidirectional(letter)) for letter in str(plain(text)))
    return next((direction for direction in directions if direction), "auto")


LONGEST_NAME = 44
"""Letters of a file name that are printed; folders and name of most files have fewer."""


def shorten_name(name: object) -> str:
    """A file name of at most 44 letters: of a longer one the beginning, an ellipsis, and the end.

    The end tells files of one folder apart and has the format, so it is the longer part. Letters stay with
    their marks.
    """
    letters = split_clusters(str(plain(name)))
    if len(letters) <= LONGEST_NAME:
        return "".join(letters)
    before = LONGEST_NAME // 3
    return "".join([*letters[:before], "…", *letters[before + 1 - LONGEST_NAME :]])


def turn_blocks(tokens: Sequence[Token]) -> None:
    """Mark those paragraphs, headings, cells and lists of a Markdown text that run from right to left."""
    for opening, content in pairwise(tokens):
        if content.type == "inline" and direction_of(content.content) == "rtl":
            opening.attrSet("dir", "rtl")
    for number, token in enumerate(tokens):
        if token.type in ("bullet_list_open", "ordered_list_open", "blockquote_open"):
            # A list or a quotation has the direction of its first words, which places its markers.
            first = next((inner for inner in tokens[number:] if inner.type == "inline"), None)
            if first and direction_of(first.content) == "rtl":
                token.attrSet("dir", "rtl")


Note = Callable[[str], str]
"""Records that the value at a pointer is printed; returns the id of the element that shows its source."""


class Sourced:
    """A value of ``results.json`` with its JSON pointer (RFC 6901).

    Attributes and items lead deeper, as in the JSON. Numbers print with their pointer, as a link to the row
    of their source: ``<a class="n" href="#s1" data-ptr="…">``, or as a ``<span>`` without ``note``.
    Everything else prints as escaped text. Comparisons and truth are those of the value; arithmetic is
    refused with a ``TemplateRuntimeError``, since what it gives would have no source.
    """

    __slots__ = ("_note", "_pointer", "_value")

    def __init__(self, value: Any, pointer: str = "", note: Note | None = None) -> None:
        self._value = value
        self._pointer = pointer
        self._note = note

    def __getattr__(self, name: str) -> Sourced:
        if isinstance(self._value, dict) and name in self._value:
            return self[name]
        raise AttributeError(f"no '{name}' at {self._pointer or '/'} of the results")

    def __getitem__(self, key: Any) -> Sourced:
        key = plain(key)
        # Its items would be counted from 0 again, and their pointers be those of others.
        if isinstance(self._value, list) and isinstance(key, slice):
            raise TypeError("a slice of the results has no pointer")
        return Sourced(self._value[key], f"{self._pointer}/{escape_step(key)}", self._note)

    def __iter__(self) -> Iterator[Sourced]:
        return (
            self[key] for key in (range(len(self._value)) if isinstance(self._value, list) else self._value)
        )

    def __len__(self) -> int:
        return len(self._value)

    def __contains__(self, key: Any) -> bool:
        return plain(key) in self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return bool(self._value == plain(other))

    def __lt__(self, other: Any) -> bool:
        return bool(self._value < plain(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self._value > plain(other))

    def __hash__(self) -> int:
        return hash(self._value)

    def _refuse_arithmetic(self, *_others: object) -> NoReturn:
        raise TemplateRuntimeError(
            f"templates do no arithmetic, and this calculates with {self._pointer or '/'} of the results; "
            "compute the number in the section's compute.py, as a field of its result, so that it has a "
            "source (texts are joined by ~)"
        )

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = (
        _refuse_arithmetic
    )
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = _refuse_arithmetic
    # Without the last two, Jinja's filters int and float would print 0.
    __neg__ = __pos__ = __abs__ = __round__ = __int__ = __float__ = _refuse_arithmetic

    def __str__(self) -> str:
        return str(self._value)

    def __html__(self) -> str:
        return self.as_markup(str(self._value))

    def as_markup(self, text: str) -> Markup:
        """``text``, which shows this value, with the pointer attached if the value is a number."""
        # Truth values first, which to Python are numbers.
        if isinstance(self._value, bool | str) or self._value is None:
            return Markup.escape(text)
        return self.as_source(text)

    def as_source(self, text: str | Markup, kind: str = "n") -> Markup:
        """``text``, whatever it shows of this value, with the pointer attached; ``kind`` is its class."""
        if self._note is None:
            return Markup('<span class="{}" data-ptr="{}">{}</span>').format(kind, self._pointer, text)
        return Markup('<a class="{}" href="#{}" data-ptr="{}">{}</a>').format(
            kind, self._note(self._pointer), self._pointer, text
        )


def plain(value: Any) -> Any:
    """The bare value, without its pointer."""
    return value._value if isinstance(value, Sourced) else value


def entries(node: Sourced) -> list[tuple[str, Sourced]]:
    """The keys of an object of the results, each with its value."""
    return [(key, node[key]) for key in plain(node)]
