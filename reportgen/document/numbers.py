"""Number formatting. Each function takes a value of the results and keeps its pointer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from markdown_it.token import Token
from markupsafe import Markup

from reportgen.document.sourced import Sourced, plain
from reportgen.text import (
    agreement_text,
    decimal_text,
    percent_text,
    share_text,
    significant_text,
    whole_text,
)


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
    return node.as_source(significant_text(-plain(node), digits), "n minus")


def describe_choice(choice: Any) -> str:
    """In words, by which rule a neuron of a guided-backpropagation table was chosen."""
    name, _, number = str(choice).partition(":")
    match name:
        case "zero":
            return "silent neuron"
        case "percentile":
            return f"{_ordinal(int(number))} percentile of the positive outputs"
        case "median":
            return "median of the positive outputs"
        case "top":
            return "most excited" if number == "1" else f"number {number} of the most excited"
    return "chosen by the authors"


def _ordinal(number: int) -> str:
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
    "decimal": _filter(decimal_text),
    "share": _filter(share_text),
    "agreement": _filter(agreement_text),
    "percent": _filter(percent_text),
    "significant": _filter(significant_text),
    "whole": _filter(whole_text),
    "shape": _joined(" × "),
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
    directions = (_STRONG.get(unicodedata.bidirectional(letter)) for letter in str(plain(text)))
    return next((direction for direction in directions if direction), "auto")


def turn_blocks(tokens: Sequence[Token]) -> None:
    """Mark those paragraphs, headings, cells and lists of a Markdown text that run from right to left."""
    for opening, content in pairwise(tokens):
        if content.type == "inline" and direction_of(content.content) == "rtl":
            opening.attrSet("dir", "rtl")
    for number, token in enumerate(tokens):
        if token.type in ("bullet_list_open", "ordered_list_open", "blockquote_open"):
            first = next((inner for inner in tokens[number:] if inner.type == "inline"), None)
            if first and direction_of(first.content) == "rtl":
                token.attrSet("dir", "rtl")
