"""Settings that change a page and no result, read from one that came without its report.toml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import get_args

from reportgen.tables import Block, Printing
from reportgen.verify.tokens import read_tokens

Attributes = Mapping[str, str | None]


def choose_printing(theirs: str, usual: str) -> Printing | None:
    """The settings with which a page like theirs is printed; None if the usual ones do.

    ``usual`` is our page with the defaults: what it does not have either, as a report without references has
    none, was not left out. Whatever is chosen here is also allowed to an honest report, and the rest of the
    page must follow from it.
    """
    if not theirs or not usual:
        return None
    told, expected = read_printing(theirs), read_printing(usual)
    if told == expected:
        return None
    left_out = tuple(block for block in told.leave_out if block not in expected.leave_out)
    return told.model_copy(update={"leave_out": left_out})


def read_printing(html: str) -> Printing:
    """What a page prints besides, and what it does not have, whether it was left out or not."""
    elements = [dict(token.attributes) for token in read_tokens(html) if token.what == "start"]
    return Printing(
        lists=any(each.get("id") == "lists" and "class" not in each for each in elements),
        long_sources=any(each.get("class") == "values" for each in elements),
        leave_out=tuple(block for block in get_args(Block) if not any(map(_SIGNS[block], elements))),
    )


def _has_id(name: str) -> Callable[[Attributes], bool]:
    return lambda element: element.get("id") == name


_SIGNS: Mapping[Block, Callable[[Attributes], bool]] = {
    "abstract": lambda element: element.get("class") == "abstract",
    "contents": _has_id("contents"),
    "lists": _has_id("lists"),
    "findings": _has_id("findings"),
    # What figures carry for the script; whose it is, and that all of it is there, is compared.
    "explorers": lambda element: any(
        name.startswith("data-") and (value or "").startswith("data:") for name, value in element.items()
    ),
    "references": _has_id("references"),
    "files": _has_id("images"),
}
"""By which element a block is known. A report without findings or references has none either way."""
