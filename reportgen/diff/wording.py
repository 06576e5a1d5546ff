"""How values and their differences are put into words, the same for the terminal and the page.

Texts of a report are not trusted: every character that does not print is written as its escape, so that
none of them can steer a terminal or turn the direction of a line.
"""

from __future__ import annotations

import json
from typing import Any

from reportgen.diff.difference import Count
from reportgen.diff.images import Image, ImagePair
from reportgen.diff.values import ABSENT, Change, ListChange, is_number

MINUS = "−"
WIDTH = 60
_KEPT_BEFORE = 12
_SHOWN_TEXTS = 5
_DIGITS = (6, 9, 17)


def printable(text: str) -> str:
    """The text with everything that does not print as an escape."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def counted(*counts: tuple[int, str, str]) -> str:
    """Counts with their nouns for one and for many, those of nothing left out."""
    return ", ".join(plural(*count) for count in counts if count[0]) or "none"


def plural(count: int, one: str, many: str) -> str:
    """A count with its noun."""
    return f"{count} {one if count == 1 else many}"


def value_texts(change: Change) -> tuple[str, str, str]:
    """Old value, new value and difference; the difference is empty where there is none to take."""
    old, new = change.old, change.new
    if is_number(old) and is_number(new):
        return *_number_texts(old, new), difference_text(new - old)
    if isinstance(old, str) and isinstance(new, str):
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
    """Cut both so that the place where they begin to differ is in sight."""
    shorter = min(len(old), len(new))
    common = next((place for place in range(shorter) if old[place] != new[place]), shorter)
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
    """What is said of a list as a whole."""
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
    more = f" and {len(texts) - _SHOWN_TEXTS} more" if len(texts) > _SHOWN_TEXTS else ""
    return ", ".join(_cut(printable(text)) for text in texts[:_SHOWN_TEXTS]) + more


def count_text(count: Count | None) -> str:
    """An accuracy as counts and per cent; 100 % and 0 % only where they are exact."""
    if count is None:
        return "–"
    counts = f"{count.correct}/{count.total}"
    return f"{counts} ({percent_text(count.share)})" if count.share is not None else counts


def percent_text(share: float | None) -> str:
    """A share in per cent with one decimal; 100 % and 0 % only where they are exact."""
    if share is None:
        return "–"
    return f"{100 * share:.0f} %" if share in (0, 1) else f"{min(max(100 * share, 0.1), 99.9):.1f} %"


def points_text(points: float | None) -> str:
    """A difference of accuracies in percentage points; 0 only where it is exact."""
    if points is None:
        return "–"
    if not points:
        return "±0"
    rounded = f"{points:+.1f}" if abs(points) >= 0.1 else f"{points:+.1g}"
    return rounded.replace("-", MINUS)


def image_text(image: Image) -> str:
    """An image's file, and the split and class it stands in."""
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
