"""Which figures changed, matched by what they show and not by their number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_NUMBER_OR_ENDING = re.compile(r"^fig-[A-Z]?[0-9]+-|\.[^.]+$")


@dataclass(frozen=True)
class Picture:
    """A figure's file name and content."""

    file: str
    data: bytes


@dataclass(frozen=True)
class FigurePair:
    """A figure that differs, by its name without number and ending; None where a report does not have it."""

    name: str
    old: Picture | None
    new: Picture | None


@dataclass(frozen=True)
class Figures:
    """``compared`` is False if one of the reports came without figures; then nothing is known of them."""

    changed: tuple[FigurePair, ...]
    unchanged: int
    compared: bool


def compare_figures(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Figures:
    """Compare figures by name and bytes; a figure that only got another number is unchanged."""
    if not old or not new:
        return Figures((), 0, compared=False)
    before, after = _named(old), _named(new)
    names = [*before, *(name for name in after if name not in before)]
    pairs = [FigurePair(name, before.get(name), after.get(name)) for name in names]
    changed = tuple(pair for pair in pairs if not (pair.old and pair.new and pair.old.data == pair.new.data))
    return Figures(changed, len(pairs) - len(changed), compared=True)


def _named(figures: Mapping[str, bytes]) -> dict[str, Picture]:
    named: dict[str, Picture] = {}
    for file, data in figures.items():
        name = _NUMBER_OR_ENDING.sub("", file)
        named[file if name in named else name] = Picture(file, data)
    return named
