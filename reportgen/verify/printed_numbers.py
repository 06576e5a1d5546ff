"""Numbers in the text: whether those linked to a result show it, and those that authors wrote themselves."""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reportgen.diff.values import is_number
from reportgen.document.reader import Printed
from reportgen.grading.commentary import leave_plain
from reportgen.pointer import PointerError, find_value
from reportgen.text import plural, printable, squeeze
from reportgen.verify.tolerances import Finding, Findings

_ONE_LINE = 24

_NOT_DISPLAYED = "the text does not show what results.json says here"

_GONE = "the report prints this number; here it is missing, or no link to its source any more"

_WORDS = "what the report prints for this text is known only from rendering it again, which was not possible"


def compare_text(
    found: Iterable[Printed], expected: Iterable[Printed] | None, document: Mapping[str, Any]
) -> Findings:
    """A row for each pointer that the document prints, or should.

    ``found`` is read from the submitted document, ``expected`` from the report rendered from the
    same results, None if it could not be rendered. Where the two are not the same, a text still agrees if
    it shows the value, in whatever digits: the report may come from other templates.
    """
    here, due = _by_pointer(found), _by_pointer(expected or ())
    for pointer in dict.fromkeys([*due, *here]):
        row = _compare(pointer, here.get(pointer, []), due.get(pointer, []), document)
        if expected is None and row.status == "differs" and isinstance(row.recomputed, str):
            row = replace(row, status="not recomputable", reason=_WORDS)
        yield row


def _by_pointer(printed: Iterable[Printed]) -> dict[str, list[Printed]]:
    grouped: dict[str, list[Printed]] = {}
    for each in printed:
        grouped.setdefault(each.pointer, []).append(each)
    return grouped


def _compare(
    pointer: str, found: Sequence[Printed], due: Sequence[Printed], document: Mapping[str, Any]
) -> Finding:
    try:
        value = find_value(document, pointer, "results.json")
    except PointerError as error:
        return Finding("text", pointer, "differs", [each.text for each in found], None, error.problem)
    displayed = _short(value)
    if not found:
        return Finding("text", pointer, "differs", None, displayed, _GONE)
    texts, wanted = _texts(found), _texts(due)
    for each in found:
        if not _agrees(each, value, wanted, due):
            return Finding(
                "text", pointer, "differs", each.text, displayed, f"{each.location}: {_NOT_DISPLAYED}"
            )
    lost = wanted - texts
    # Long texts are broken into lines, each a link of its own.
    if lost and _join(found) != _join(due):
        return Finding("text", pointer, "differs", None, displayed, f"“{next(iter(lost))}”: {_GONE}")
    return Finding("text", pointer, "confirmed", displayed, displayed)


def _agrees(printed: Printed, value: Any, wanted: Counter[str], due: Sequence[Printed]) -> bool:
    """Whether a text shows the value. Of what is no number the report's own wording counts as well."""
    if printed.picture or not printed.text or shows(printed.text, value):
        return True
    return not is_number(value) and (printed.text in wanted or _is_line(printed.text, due))


def _texts(printed: Sequence[Printed]) -> Counter[str]:
    return Counter(each.text for each in printed if each.text and not each.picture)


def _is_line(text: str, due: Sequence[Printed]) -> bool:
    """Whether a text is a line of a longer one, which on paper is a link for each of its lines."""
    return any(len(each.text) > max(len(text), _ONE_LINE) and text in each.text for each in due)


def _join(printed: Sequence[Printed]) -> str:
    return "".join(each.text for each in printed if not each.picture)


def _short(value: Any) -> Any:
    if isinstance(value, dict):
        return f"{len(value)} keys"
    if isinstance(value, list) and len(value) > 4:
        return f"{len(value)} items"
    return value


_PRINTED_NUMBER = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?(?:×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?(%?)(?:th)?")

_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")

# Decimal fractions are not exact in binary.
_SLACK = 1e-9

_LONGEST_NUMBER = 60


def shows(text: str, value: Any) -> bool:
    """Whether a printed text shows a JSON value: a number rounded to the printed digits, with or without
    its sign; one of the numbers of a shape, position or interval; how many items there are; or the text.

    A share that is neither 0 nor 1 is printed as neither, so it may be one step further inside.
    """
    squeezed = squeeze(text)
    if isinstance(value, str):
        return squeezed == squeeze(value)
    if value is None:
        return squeezed in ("–", "-")
    if isinstance(value, bool):
        return squeezed == json.dumps(value)
    if is_number(value):
        return _shows_number(squeezed, value)
    count = squeezed == str(len(value))
    return count or (
        isinstance(value, list) and any(is_number(v) and _shows_number(squeezed, v) for v in value)
    )


def _shows_number(text: str, value: float) -> bool:
    match = _PRINTED_NUMBER.fullmatch(text)
    if match is None or len(text) > _LONGEST_NUMBER:
        return False
    sign, whole, decimals, power, percent = match.groups()
    scale = float(f"1e{_lower(power)}") if power else 0.01 if percent else 1.0
    step = scale * 10.0 ** -len(decimals or "")
    printed = float(f"{sign}{whole}.{decimals or 0}") * scale
    # What is counted is printed in full; only what is measured is rounded.
    if isinstance(value, int) and not percent:
        return abs(printed) == abs(value) and not decimals
    if not math.isfinite(printed) or (percent and printed in (0, 1) and value != printed):
        return False
    inside = 0 < value < 1 and min(abs(printed - step), abs(printed - (1 - step))) < _SLACK
    # The last term is what doubles, of some 16 digits, cannot tell apart.
    allowed = (step if inside else step / 2) * (1 + _SLACK) + abs(value) * 1e-15
    # The lower end of a scale is the upper one with another sign.
    return min(abs(printed - value), abs(printed + value)) <= allowed


def _lower(raised: str) -> int:
    """The exponent, one too large for any number if it is none."""
    # float() of a longer one would be infinite, or take its time over it.
    exponent = re.fullmatch(r"-?\d{1,4}", raised.translate(_RAISED))
    return int(exponent[0]) if exponent else 9999


# The page on 266 photographs has 5 MB.
MAX_BYTES = 50 * 2**20


_NO_CLAIM = re.compile(
    r"`[^`]*`"  # names and code
    r"|^[ \t]*\d+[.)][ \t]"  # the number of an item in a list
    r"|\b(?:figs?|figures?|tabs?|tables?|sections?|chapters?|parts?|questions?|equations?|eqs?|pages?|pp?)"
    r"\b\.?\s*\(?A?\d+\)?(?:(?:\s*(?:,|and|to|[-–]))+\s*A?\d+)*"
    r"|\b\d{4}-\d\d-\d\d\b|\((?:19|20)\d\d\)",  # dates and years
    re.MULTILINE | re.IGNORECASE,
)

_OWN_NUMBER = re.compile(
    # Not in names such as VGG19, block5_conv4 and 1.2.3; a hyphen before a digit may be that of a range.
    r"(?<![\w.])(?<!\d[,:/])(?:(?<![\w\)])[-−])?"
    r"(?:[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?)(?:[eE][-+−]?\d{1,3})?"
    r"(?![\w]|[.,:/]\d)(?:\s?%|\s(?:percent|per\s?cent)\b)?"
)

_TYPED_SIZE = re.compile(r"(?<![\w.])[1-9]\d*(?:[xX]\d+)+\b")

_LONGEST_COMMENTARY = 20_000
"""Letters of a text that are looked at: a stranger's could be made to take for ever."""

_MOST_LISTED, _MOST_DIGITS = 12, 24


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
    plain = leave_plain(_NO_CLAIM.sub(" … ", text[:_LONGEST_COMMENTARY]))
    # With the letter x, too, a size is its numbers; in a name as conv3x3 it is part of a word.
    plain = _TYPED_SIZE.sub(lambda size: re.sub("[xX]", "×", size[0]), plain)
    for match in _OWN_NUMBER.finditer(plain):
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
    # In order, so that each number is found by halving.
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
