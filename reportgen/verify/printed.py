"""Numbers as they stand in a document, read back."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from typing import Any

from reportgen.diff.values import is_number

_NUMBER = re.compile(r"([+-]?)([0-9]+)(?:\.([0-9]+))?(?:×10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?(%?)(?:th)?")
_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_SLACK = 1e-9
_LONGEST = 60
_INVISIBLE = {"Cf", "Zs", "Zl", "Zp", "Cc"}


def squeeze(text: str) -> str:
    """The text without white space and what else is not seen, its minus signs all of one kind."""
    kept = (character for character in text if unicodedata.category(character) not in _INVISIBLE)
    return "".join(kept).replace("\N{MINUS SIGN}", "-").replace("\N{NON-BREAKING HYPHEN}", "-")


def shows(text: str, value: Any) -> bool:
    """Whether a printed text shows a JSON value: a number rounded to the printed digits, with or without
    its sign; one of the numbers of a shape, position or interval; how many items there are; or the text.

    A share that is neither 0 nor 1 is printed as neither, so it may stand one step inside.
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
    match = _NUMBER.fullmatch(text)
    if match is None or len(text) > _LONGEST:
        return False
    sign, whole, decimals, power, percent = match.groups()
    scale = float(f"1e{_lower(power)}") if power else 0.01 if percent else 1.0
    step = scale * 10.0 ** -len(decimals or "")
    printed = float(f"{sign}{whole}.{decimals or 0}") * scale
    if isinstance(value, int) and not percent:
        return abs(printed) == abs(value) and not decimals
    if not math.isfinite(printed) or (percent and printed in (0, 1) and value != printed):
        return False
    inside = 0 < value < 1 and min(abs(printed - step), abs(printed - (1 - step))) < _SLACK
    allowed = (step if inside else step / 2) * (1 + _SLACK) + abs(value) * 1e-15
    # The lower end of a scale is the upper one with another sign.
    return min(abs(printed - value), abs(printed + value)) <= allowed


def _lower(raised: str) -> int:
    """The exponent, one too large for any number if it is none."""
    exponent = re.fullmatch(r"-?\d{1,4}", raised.translate(_RAISED))
    return int(exponent[0]) if exponent else 9999
