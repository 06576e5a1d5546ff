"""The difference in lines of text: the headline first, then the details by section."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from reportgen.diff.difference import Difference
from reportgen.diff.figures import FigurePair
from reportgen.diff.predictions import Flip
from reportgen.diff.values import ABSENT, Change, Entry
from reportgen.diff.wording import (
    count_text,
    counted,
    image_text,
    list_text,
    pair_texts,
    plural,
    points_text,
    printable,
    value_texts,
    verdict_text,
)

LINES_PER_SECTION = 20
_POINTER_WIDTH = 52


def describe(difference: Difference, limit: int | None = LINES_PER_SECTION) -> list[str]:
    """Lines for a terminal, without colour and without control characters.

    At most ``limit`` lines of each section are given and the rest counted; None gives all.
    """
    lines = [f"A  {printable(difference.old_name)}", f"B  {printable(difference.new_name)}", ""]
    if not difference.changed:
        return [*lines, *_sameness(difference)]
    lines += headline(difference)
    for title, details in _details(difference):
        lines += ["", title, *(f"  {line}" for line in _limited(details, limit))]
    return lines


def headline(difference: Difference) -> list[str]:
    """What there is to know at a glance, a line each, aligned."""
    lines = []
    if difference.causes:
        lines += ["Versions or weights differ, which may explain the rest:"]
        lines += [f"  {line}" for line in entry_lines(difference.causes)]
    for accuracy in difference.accuracies:
        change = f"{count_text(accuracy.old)} → {count_text(accuracy.new)}"
        lines.append(f"{f'Accuracy {accuracy.split}':<16}{change:<38}  {points_text(accuracy.points)} points")
    lines += [
        f"{title:<16}{text}"
        for title, text in (
            ("Images", images_text(difference)),
            ("Predictions", predictions_text(difference)),
            ("Figures", figures_text(difference)),
            ("Other values", values_text(difference)),
        )
    ]
    lines += [
        f"{'Check':<16}{printable(check.name)} {'holds' if check.holds else 'FAILS'} now"
        for check in difference.checks
    ]
    return lines


def _sameness(difference: Difference) -> list[str]:
    rtol, atol = difference.tolerance.rtol, difference.tolerance.atol
    within = f" within rtol {rtol:g} and atol {atol:g}" if rtol or atol else ""
    return [
        f"No difference{within}: the same numbers, the same "
        f"{plural(difference.images.unchanged, 'image', 'images')}; figures: {figures_text(difference)}."
    ]


def images_text(difference: Difference) -> str:
    """How many images entered, left, moved or changed, in a line."""
    images = difference.images
    return counted(
        (len(images.entered), "in", "in"),
        (len(images.left), "out", "out"),
        (len(images.moved), "renamed or moved", "renamed or moved"),
        (len(images.altered), "with other content", "with other content"),
        (images.unchanged, "as before", "as before"),
    )


def predictions_text(difference: Difference) -> str:
    """How many predictions flipped, and how, in a line."""
    flips = difference.predictions.flips
    if not difference.predictions.compared:
        return "not compared, since the reports have no test image in common"
    compared = plural(difference.predictions.compared, "test image", "test images")
    verdicts = Counter(verdict_text(flip.old.right, flip.new.right) for flip in flips)
    how = ": " + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items()) if flips else ""
    return f"{len(flips)} of {compared} in both flipped{how}"


def figures_text(difference: Difference) -> str:
    """How many figures changed, in a line."""
    figures = difference.figures
    if not figures.compared:
        return "not compared, since one of the reports came without them"
    return counted(
        (len(figures.changed), "changed", "changed"), (figures.unchanged, "as before", "as before")
    )


def values_text(difference: Difference) -> str:
    """How many numbers and other values changed, in a line."""
    if not difference.entries:
        return "as before"
    changes = [entry for entry in difference.entries if isinstance(entry, Change)]
    numbers = sum(entry.difference is not None for entry in changes)
    old_only = sum(entry.new is ABSENT for entry in changes)
    new_only = sum(entry.old is ABSENT for entry in changes)
    others = len(changes) - numbers - old_only - new_only
    hidden = sum(entry.hidden for entry in difference.entries if not isinstance(entry, Change))
    return counted(
        (numbers, "number", "numbers"),
        (others, "text or truth value", "texts or truth values"),
        (old_only, "only in A", "only in A"),
        (new_only, "only in B", "only in B"),
        (hidden, "more in lists", "more in lists"),
    )


def entry_lines(entries: Sequence[Entry]) -> list[str]:
    """One line an entry: the pointer, old and new value, and the difference of numbers."""
    width = min(max((len(printable(entry.pointer)) for entry in entries), default=0), _POINTER_WIDTH)
    return [f"{printable(entry.pointer):<{width}}  {entry_text(entry)}" for entry in entries]


def entry_text(entry: Entry) -> str:
    """What changed, without the pointer."""
    if not isinstance(entry, Change):
        return list_text(entry)
    old, new, delta = value_texts(entry)
    if entry.new is ABSENT:
        return f"only in A: {old}"
    if entry.old is ABSENT:
        return f"only in B: {new}"
    return f"{old} → {new}" + (f"  ({delta})" if delta else "")


def _details(difference: Difference) -> Iterator[tuple[str, list[str]]]:
    images = difference.images
    parts = {
        "Predictions that flipped": [_flip_line(flip) for flip in difference.predictions.flips],
        "Images only in A": [f"− {image_text(image)}" for image in images.left],
        "Images only in B": [f"+ {image_text(image)}" for image in images.entered],
        "Images renamed or moved": [", ".join(pair_texts(pair)) for pair in images.moved],
        "Images with other content": [", ".join(pair_texts(pair)) for pair in images.altered],
        "Figures that changed": [_figure_line(pair) for pair in difference.figures.changed],
    }
    yield from ((title, lines) for title, lines in parts.items() if lines)
    for section, entries in difference.sections().items():
        yield f"/{printable(section)}", entry_lines(entries)


def _flip_line(flip: Flip) -> str:
    renamed = f" (in A {flip.old.image.file})" if flip.old.image.file != flip.new.image.file else ""
    guesses = f"{flip.old.predicted} → {flip.new.predicted}, is {flip.new.image.label}"
    return f"{printable(flip.new.image.file + renamed)}: {printable(guesses)}, " + verdict_text(
        flip.old.right, flip.new.right
    )


def _figure_line(pair: FigurePair) -> str:
    if pair.old and pair.new:
        kinds = {picture.file.rpartition(".")[2]: None for picture in (pair.old, pair.new)}
        return printable(pair.name + (f" ({' → '.join(kinds)})" if len(kinds) > 1 else ""))
    return f"{printable(pair.name)}: only in {'A' if pair.old else 'B'}"


def _limited(lines: list[str], limit: int | None) -> list[str]:
    if limit is None or len(lines) <= limit + 1:
        return lines
    return [*lines[:limit], f"… and {len(lines) - limit} more"]
