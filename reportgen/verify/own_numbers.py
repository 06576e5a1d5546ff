"""Numbers that authors wrote themselves, in digits, and not as values of the results."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reportgen.diff.values import is_number
from reportgen.grading.commentary import leave_plain
from reportgen.text import plural, printable

_NO_CLAIM = re.compile(
    r"`[^`]*`"  # names and code
    r"|^[ \t]*\d+[.)][ \t]"  # the number of an item in a list
    r"|\b(?:figs?|figures?|tabs?|tables?|sections?|chapters?|parts?|questions?|equations?|eqs?|pages?|pp?)"
    r"\b\.?\s*\(?A?\d+\)?(?:(?:\s*(?:,|and|to|[-–]))+\s*A?\d+)*"
    r"|\b\d{4}-\d\d-\d\d\b|\((?:19|20)\d\d\)",  # dates and years
    re.MULTILINE | re.IGNORECASE,
)

_NUMBER = re.compile(
    # Not in names such as VGG19, block5_conv4 and 1.2.3; a hyphen before a digit may be that of a range.
    r"(?<![\w.])(?<!\d[,:/])(?:(?<![\w\)])[-−])?"
    r"(?:[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?)(?:[eE][-+−]?\d{1,3})?"
    r"(?![\w]|[.,:/]\d)(?:\s?%|\s(?:percent|per\s?cent)\b)?"
)

_LONGEST = 20_000
"""Letters of a text that are looked at: a stranger's could be made to take for ever."""

_MOST_LISTED, _MOST_DIGITS = 12, 24

_SLACK = 1e-9


@dataclass(frozen=True)
class OwnNumber:
    """A number as it is written, its value, and half of its last digit."""

    text: str
    value: float
    half: float


def find_own_numbers(text: str) -> Iterator[OwnNumber]:
    """The numbers of a commentary that come from nowhere but the author, in order.

    Those that a value of the results, a formula, a citation or a reference to a figure or table is made of
    are left out, and so are names, dates and numbers of list items.
    """
    # Dates first, which with the word before look like an author and a year.
    plain = leave_plain(_NO_CLAIM.sub(" … ", text[:_LONGEST]))
    for match in _NUMBER.finditer(plain):
        written = " ".join(match[0].split())
        if len(written) <= _MOST_DIGITS and math.isfinite((number := _read(written)).value):
            yield number


def _read(written: str) -> OwnNumber:
    digits, _, rest = written.replace("−", "-").partition(" ")
    percent = bool(rest) or digits.endswith("%")
    mantissa, _, exponent = digits.rstrip("%").lower().partition("e")
    if re.fullmatch(r"-?[1-9]\d{0,2}(,\d{3})+(\.\d+)?", mantissa):
        mantissa = mantissa.replace(",", "")
    # What is no thousands separator is a decimal comma.
    mantissa = mantissa.replace(",", ".")
    scale = float(f"1e{exponent or 0}") * (0.01 if percent else 1.0)
    decimals = len(mantissa.partition(".")[2])
    return OwnNumber(written, float(mantissa) * scale, 0.5 * 10.0**-decimals * scale)


def count_equal(numbers: Sequence[OwnNumber], results: Mapping[str, Any]) -> int:
    """How many of them are a number of the results, rounded to the digits that are written."""
    values = sorted(set(_list_numbers(results)))

    def is_there(number: OwnNumber) -> bool:
        slack = number.half * (1 + _SLACK) + abs(number.value) * 1e-15
        index = bisect_left(values, number.value - slack)
        return index < len(values) and values[index] <= number.value + slack

    return sum(map(is_there, numbers))


def _list_numbers(results: Mapping[str, Any]) -> Iterator[float]:
    waiting: list[Any] = [results]
    while waiting:
        value = waiting.pop()
        if is_number(value):
            # An integer may be too large for a float.
            if abs(value) < 1e300 and math.isfinite(value):
                yield float(value)
        elif isinstance(value, Mapping):
            waiting += value.values()
        elif isinstance(value, list | tuple):
            waiting += value


def describe_own_numbers(commentary: Mapping[str, object], results: Mapping[str, Any]) -> str:
    """A note on the numbers in the authors' words; "" if there are none.

    It says nothing against anybody: a number of few digits equals one of the results by chance, and one that
    the authors worked out themselves equals none.
    """
    numbers = [each for text in commentary.values() for each in find_own_numbers(str(text))]
    if not numbers:
        return ""
    listed = ", ".join(each.text for each in numbers[:_MOST_LISTED])
    if len(numbers) > _MOST_LISTED:
        listed += f" and {len(numbers) - _MOST_LISTED} more"
    equal = count_equal(numbers, results)
    return (
        f"{plural(len(numbers), 'number', 'numbers')} in the authors' own words, not taken from the results: "
        f"{printable(listed)}; {equal} of them {'equals' if equal == 1 else 'equal'} a number of the results "
        "to the digits written, which for few digits says little."
    )
