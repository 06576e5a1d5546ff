"""Numbers as they stand on paper, read back and compared with where they come from."""

from __future__ import annotations

import re
from typing import Any

_NUMBER = re.compile(r"([-−]?[\d\u202f]+)(?:\.(\d+))?(?: × 10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+))?( %)?")
_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def resolve_pointer(document: Any, pointer: str) -> Any:
    """The value at a JSON pointer (RFC 6901)."""
    assert pointer.startswith("/"), pointer
    for step in pointer[1:].split("/"):
        key = step.replace("~1", "/").replace("~0", "~")
        document = document[int(key)] if isinstance(document, list) else document[key]
    return document


def disagreement(text: str, value: float, exact: tuple[int, ...] = (0, 1)) -> str:
    """What is wrong with ``text`` as the print of ``value``, or "": it may be off by half of its last digit.

    A share that is neither 0 nor 1 is never printed as 0 or 1, so it may stand at the nearest step inside.
    ``exact``: which of the two are printed only if that is exact; correlations may be rounded to 0, ratios
    that may exceed 1 to both.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        return f"'{text}' is no number"
    whole, decimals, power, percent = match.groups()
    digits = f"{whole}.{decimals or '0'}".replace("\u202f", "").replace("−", "-")
    scale = 10.0 ** int(power.translate(_RAISED)) if power else 0.01 if percent else 1.0
    step = scale * 10.0 ** -len(decimals or "")
    printed = float(digits) * scale
    if isinstance(value, int) and not percent:
        return "" if printed == value and not decimals else f"'{text}' for {value}"
    inside = 0 < value < 1 and any(abs(printed - abs(end - step)) < 1e-9 for end in exact)
    allowed = step if inside else step / 2 * (1 + 1e-9)
    if printed in exact and value != printed and step in (0.01, 0.001) and 0 < value < 1:
        return f"'{text}' for {value}, which is neither 0 nor 1"
    return "" if abs(printed - value) <= allowed else f"'{text}' for {value}"
