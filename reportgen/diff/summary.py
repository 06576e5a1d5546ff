"""A difference as lines of text: the headline first, then the details by section."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from reportgen.diff.difference import Count, Difference, FigurePair
from reportgen.diff.images import Flip, Image, ImagePair
from reportgen.diff.values import ABSENT, Change, Entry, ListChange, is_number
from reportgen.outline.kind import list_sections
from reportgen.pointer import split_pointer
from reportgen.text import MINUS, counted, percent_text, plural, printable

WIDTH = 60

_KEPT_BEFORE = 12

_DISPLAYED_TEXTS = 5

# As few as show a difference; 17 digits distinguish any two floats.
_DIGITS = (6, 9, 17)


def value_texts(change: Change) -> tuple[str, str, str]:
    """Old value, new value and difference; the difference is empty where there is none to take."""
    old, new = change.old, change.new
    if is_number(old) and is_number(new):
        return *_number_texts(old, new), difference_text(new - old)
    if isinstance(old, str) and isinstance(new, str):
        # Escaped before it is cut, or half of an escape could be left.
        return *_abridged(printable(old), printable(new)), ""
    return _value_text(old), _value_text(new), ""


def difference_text(difference: float) -> str:
    """A difference with its sign and three significant digits, whole numbers in full."""
    text = f"{difference:+d}" if isinstance(difference, int) else f"{difference:+.3g}"
    return text.replace("-", MINUS)


def _number_texts(old: float, new: float) -> tuple[str, str]:
    for digits in _DIGITS:
        texts = tuple(str(n) if isinstance(n, int) else f"{n:.{digits}g}" for n in (old, new))
        if texts[0] != texts[1]:
            break
    return texts[0].replace("-", MINUS), texts[1].replace("-", MINUS)


def _abridged(old: str, new: str) -> tuple[str, str]:
    """Cut both so that the first difference stays visible."""
    shorter = min(len(old), len(new))
    common = next((index for index in range(shorter) if old[index] != new[index]), shorter)
    start = max(common - _KEPT_BEFORE, 0) if max(len(old), len(new)) > WIDTH else 0
    return _cut(old, start), _cut(new, start)


def _cut(text: str, start: int = 0) -> str:
    rest = text[start : start + WIDTH]
    return f'"{"…" if start else ""}{rest}{"…" if start + WIDTH < len(text) else ""}"'


def _value_text(value: Any) -> str:
    if value is ABSENT:
        return "–"
    if isinstance(value, str):
        return _cut(printable(value))
    text = printable(json.dumps(value, ensure_ascii=False))
    if len(text) <= WIDTH:
        return text
    return plural(len(value), "value", "values") if isinstance(value, list) else f"{{{len(value)} keys}}"


def list_text(change: ListChange) -> str:
    """The line for a list as a whole."""
    if change.old_length == change.new_length:
        parts = [f"and {change.hidden} more of {plural(change.old_length, 'value', 'values')}"]
    else:
        common = min(change.old_length, change.new_length)
        parts = [f"{change.old_length} → {plural(change.new_length, 'value', 'values')}"]
        if common:
            parts.append(f"the first {common}: {change.differing or 'none'} changed")
    if change.largest is not None:
        parts.append(f"largest difference {change.largest:.3g}")
    for name, texts in (("A", change.old_only), ("B", change.new_only)):
        if texts:
            parts.append(f"only in {name}: {_listed(texts)}")
    return ", ".join(parts)


def _listed(texts: tuple[str, ...]) -> str:
    more = f" and {len(texts) - _DISPLAYED_TEXTS} more" if len(texts) > _DISPLAYED_TEXTS else ""
    return ", ".join(_cut(printable(text)) for text in texts[:_DISPLAYED_TEXTS]) + more


def count_text(count: Count | None) -> str:
    """An accuracy as counts and per cent; 100 % and 0 % only where they are exact."""
    if count is None:
        return "–"
    counts = f"{count.correct}/{count.total}"
    return f"{counts} ({share_in_percent(count.share)})" if count.share is not None else counts


def share_in_percent(share: float | None) -> str:
    """A share in per cent, a dash if there is none."""
    return "–" if share is None else percent_text(share)


def points_text(points: float | None) -> str:
    """A difference of accuracies in percentage points; 0 only where it is exact."""
    if points is None:
        return "–"
    if not points:
        return "±0"
    # Below a tenth the first digit that is not 0, or a difference would be printed as none.
    rounded = f"{points:+.1f}" if abs(points) >= 0.1 else f"{points:+.1g}"
    return rounded.replace("-", MINUS)


def image_text(image: Image) -> str:
    """An image's file with its split and class."""
    return printable(f"{image.file} ({image.split}, {image.label})")


def pair_texts(pair: ImagePair) -> list[str]:
    """The image's file, and what about it is another: file, split, class or content."""
    old, new = pair.old, pair.new
    parts = [old.file if old.file == new.file else f"{old.file} → {new.file}"]
    if old.split != new.split:
        parts.append(f"split {old.split} → {new.split}")
    if old.label != new.label:
        parts.append(f"class {old.label} → {new.label}")
    if old.sha256 != new.sha256:
        parts.append(f"SHA-256 {old.sha256[:8]}… → {new.sha256[:8]}…")
    return [printable(part) for part in parts]


def verdict_text(was_right: bool, is_right: bool) -> str:
    """Whether a prediction that flipped was right and is right."""
    if was_right == is_right:
        return "right before and now" if is_right else "still wrong"
    return "now right" if is_right else "now wrong"


LINES_PER_SECTION = 20

_WIDER = 22
"""Columns of a title that names a network."""

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
    """The headline: one aligned line for each main change."""
    lines = []
    if difference.causes:
        lines += ["Versions or weights differ, which may explain the rest:"]
        lines += [f"  {line}" for line in entry_lines(difference.causes)]
    width = _WIDER if any(accuracy.network for accuracy in difference.accuracies) else 16
    for accuracy in difference.accuracies:
        change = f"{count_text(accuracy.old)} → {count_text(accuracy.new)}"
        title = f"{accuracy.title} {accuracy.split}"
        lines.append(f"{title:<{width}}{change:<38}  {points_text(accuracy.points)} points")
    lines += [
        f"{title:<{width}}{text}"
        for title, text in (
            ("Images", images_text(difference)),
            (difference.predictions_title, predictions_text(difference)),
            ("Figures", figures_text(difference)),
            ("Other values", values_text(difference)),
        )
    ]
    lines += [
        f"{'Check':<{width}}{printable(check.name)} {'holds' if check.holds else 'FAILS'} now"
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
        return "not compared, since the reports have no predicted test image in common"
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
    """The change, without its pointer."""
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
    # A line that says "and 1 more" would take the space of the one that it hides.
    if limit is None or len(lines) <= limit + 1:
        return lines
    return [*lines[:limit], f"… and {len(lines) - limit} more"]


_INPUTS = {"/provenance/seed": "seed", "/provenance/weights/source": "weights"}
"""What a person chooses for a whole report, by pointer; the settings of sections come besides."""

_OF_NO_NUMBER = ("/provenance/", "/report/", "/checks/", "/kind/", "/schema_version")
"""Where there are values that are inputs themselves, or words."""

_NAMED_INPUTS = 4


def cause_text(difference: Difference) -> str:
    """What was changed between two reports, and how many numbers follow from it: "seed 671 → 672: 89 numbers
    follow from it." A report is a function of its images, settings, weights and versions, so that what
    differs besides follows from these; if none of them differs, that is said.
    """
    entries = [*difference.causes, *difference.entries]
    inputs = list(_list_inputs(difference, entries))
    numbers = sum(_is_of_numbers(entry) for entry in difference.entries)
    follow = plural(numbers, "number follows", "numbers follow")
    if not inputs:
        differ = plural(numbers, "number differs", "numbers differ")
        return f"Images, seed, weights and versions are the same; {differ} all the same."
    named = inputs[:_NAMED_INPUTS]
    if more := len(inputs) - len(named):
        named.append(f"{more} more")
    said = f"{', '.join(named[:-1])} and {named[-1]}" if len(named) > 1 else named[0]
    return f"{said}: {follow} from {'it' if len(inputs) == 1 else 'them'}."


def _list_inputs(difference: Difference, entries: Sequence[Entry]) -> Iterator[str]:
    """Each input that differs, with both values if they are short."""
    settings = _settings_of_sections()
    for entry in entries:
        name = {**_INPUTS, **settings}.get(entry.pointer, "")
        if entry.pointer.startswith("/provenance/versions/"):
            name = split_pointer(entry.pointer)[-1]
        # A list has no two values that could be named.
        if name and isinstance(entry, Change):
            old, new, _ = value_texts(entry)
            yield " → ".join((f"{name} {_unquoted(old)}", _unquoted(new)))
    if difference.images.changed:
        yield "the images"


def _unquoted(text: str) -> str:
    return text.removeprefix('"').removesuffix('"')


# Asked for at every entry.
@cache
def _settings_of_sections() -> dict[str, str]:
    return {
        f"/{section.name}{pointer}": name
        for section in list_sections()
        for name, pointer in section.recorded_settings
    }


def _is_of_numbers(entry: Entry) -> bool:
    if entry.pointer.startswith(_OF_NO_NUMBER) or entry.pointer in _settings_of_sections():
        return False
    return isinstance(entry, ListChange) or is_number(entry.old) or is_number(entry.new)
